//! Auth configs in responses.

use denizen_domain::{AuthConfig, AuthScheme, AuthSettings, ClientAuthentication, OAuthSettings};
use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// A system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Toolkit)]
pub(crate) struct ToolkitAnswer {
    /// Its short name.
    #[schema(example = "slack", max_length = 100)]
    pub(crate) slug: String,
}

/// How external users connect to a system. No field is ever omitted, but for secrets, which are never shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuthConfig, example = samples::auth_config)]
pub(crate) struct AuthConfigAnswer {
    /// Its id.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// The system.
    toolkit: ToolkitAnswer,
    auth_config: AuthConfigDetails,
    /// The URL of this server to which the system sends users back, as it must be registered there. Null for other schemes than
    /// `OAUTH2`.
    #[schema(required, format = "uri")]
    redirect_url: Option<String>,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

/// What an auth config says.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthConfigDetails {
    /// Its id.
    id: Uuid,
    /// Where the client of the system comes from, as it was sent.
    #[serde(rename = "type")]
    kind: String,
    /// How the system is told who calls.
    #[schema(value_type = String)]
    auth_scheme: AuthScheme,
    /// The name that people see.
    display_name: String,
    /// Where users may be sent on to once they have connected an account.
    callback_urls: Vec<String>,
    /// The hosts that steps of workflows may call with its connected accounts; any if empty.
    api_hosts: Vec<String>,
    /// The header that carries the key of `API_KEY`; null for other schemes.
    #[schema(required)]
    header_name: Option<String>,
    /// The client of `OAUTH2`, without its secret; null for other schemes.
    #[schema(required)]
    credentials: Option<ClientAnswer>,
}

/// The client of a system that speaks OAuth 2.0, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientAnswer {
    /// Its id at the system.
    client_id: String,
    /// How it proves that it is that one.
    #[schema(value_type = String)]
    client_authentication: ClientAuthentication,
    /// Where users agree.
    authorization_url: String,
    /// Where codes and refresh tokens are exchanged for access tokens.
    token_url: String,
    /// Where tokens are revoked; null if the system cannot do so.
    #[schema(required)]
    revocation_url: Option<String>,
    /// What users agree to.
    scopes: Vec<String>,
    /// Whether codes are bound to a secret of the request that asked for them.
    pkce: bool,
    /// Further parameters of the URL at which users agree.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    authorization_parameters: IndexMap<String, String>,
}

impl AuthConfigAnswer {
    /// Shows an auth config. The system sends users back to a URL below this one.
    pub(super) fn new(config: AuthConfig, base_url: &str) -> Self {
        let AuthConfig { id, workspace_id, toolkit, display_name, scheme, settings, created_at, updated_at } =
            config;
        let AuthSettings { kind, callback_urls, api_hosts, header_name, oauth } = settings;
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            toolkit: ToolkitAnswer { slug: toolkit.into_string() },
            redirect_url: oauth.is_some().then(|| redirect_url(base_url)),
            auth_config: AuthConfigDetails {
                id: id.as_uuid(),
                kind,
                auth_scheme: scheme,
                display_name,
                callback_urls,
                api_hosts,
                header_name,
                credentials: oauth.map(Into::into),
            },
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

impl From<OAuthSettings> for ClientAnswer {
    fn from(settings: OAuthSettings) -> Self {
        let OAuthSettings {
            client_id,
            client_authentication,
            authorization_url,
            token_url,
            revocation_url,
            scopes,
            pkce,
            authorization_parameters,
        } = settings;
        Self {
            client_id,
            client_authentication,
            authorization_url,
            token_url,
            revocation_url,
            scopes,
            pkce,
            authorization_parameters: authorization_parameters.into_iter().collect(),
        }
    }
}

/// Returns where a system sends users back to, on a server with this URL.
pub(crate) fn redirect_url(base_url: &str) -> String {
    format!("{base_url}/connect/callback")
}

/// A page of auth configs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthConfigPage {
    pub(super) items: Vec<AuthConfigAnswer>,
    /// What `cursor` is to be for the next page; null if this is the last one.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
    /// How many pages the list has.
    pub(super) total_pages: i64,
    /// The number of this page; null if it was asked for by cursor.
    #[schema(required)]
    pub(super) current_page: Option<u32>,
    /// How many auth configs the list has.
    pub(super) total_items: i64,
}
