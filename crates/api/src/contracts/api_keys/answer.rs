//! Keys in responses.

use denizen_domain::{ApiKey, NewApiKey, PublicKey};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// An API key without its secret. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey, example = samples::api_key)]
pub(crate) struct ApiKeyAnswer {
    /// Its id.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// Display name.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The public half: `pk_…`.
    public_key: String,
    /// Granted scopes.
    scopes: Vec<String>,
    /// Expiry time; null if it never expires.
    #[schema(required, format = "date-time")]
    expires_at: Option<String>,
    /// Time of the last use, to within 30 seconds; null if never used.
    #[schema(required, format = "date-time")]
    last_used_at: Option<String>,
    /// Client address of the last use; null if never used.
    #[schema(required)]
    last_used_address: Option<String>,
    /// Revocation time; null if not revoked.
    #[schema(required, format = "date-time")]
    revoked_at: Option<String>,
    /// When the last of the secrets from before a rotation ends, in the past once it has. Null if there is none, because the
    /// key was not rotated, or last rotated without an overlap.
    #[schema(required, format = "date-time")]
    old_secrets_end_at: Option<String>,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of creation, last rotation or revocation, whichever is latest.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<ApiKey> for ApiKeyAnswer {
    fn from(key: ApiKey) -> Self {
        let ApiKey {
            id,
            workspace_id,
            name,
            public_key,
            scopes,
            expires_at,
            last_used_at,
            last_used_address,
            revoked_at,
            old_secrets_end_at,
            created_at,
            updated_at,
        } = key;
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            name,
            public_key: PublicKey::into_string(public_key),
            scopes: scopes.iter().map(|scope| scope.to_string()).collect(),
            expires_at: expires_at.map(|moment| moment.to_string()),
            last_used_at: last_used_at.map(|moment| moment.to_string()),
            last_used_address: last_used_address.map(|address| address.to_string()),
            revoked_at: revoked_at.map(|moment| moment.to_string()),
            old_secrets_end_at: old_secrets_end_at.map(|moment| moment.to_string()),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

/// A key with its secret, which is shown only once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewApiKey, example = samples::new_api_key)]
pub(crate) struct NewApiKeyAnswer {
    #[serde(flatten)]
    key: ApiKeyAnswer,
    /// The secret half: `sk_…`.
    secret_key: String,
}

impl From<NewApiKey> for NewApiKeyAnswer {
    fn from(NewApiKey { key, secret }: NewApiKey) -> Self {
        Self { key: ApiKeyAnswer::from(key), secret_key: secret.expose().to_owned() }
    }
}
