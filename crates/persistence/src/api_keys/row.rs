//! The rows of keys and their secrets.

use std::net::AddrParseError;

use denizen_domain::{ApiKey, Error, KeyHolder, PublicKey, Result, ScopeSet, Secret, SecretHash, Timestamp};
use diesel::prelude::*;

use crate::connection::broken_row;
use crate::schema::{api_key_secrets, api_keys};
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
pub(super) struct ApiKeyRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    name: String,
    public_key: String,
    scopes: String,
    expires_at: Option<StoredTime>,
    last_used_at: Option<StoredTime>,
    revoked_at: Option<StoredTime>,
    created_at: StoredTime,
    last_used_address: Option<String>,
    updated_at: StoredTime,
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = Error;

    fn try_from(row: ApiKeyRow) -> Result<Self> {
        let ApiKeyRow {
            workspace_id,
            id,
            name,
            public_key,
            scopes,
            expires_at,
            last_used_at,
            revoked_at,
            created_at,
            last_used_address,
            updated_at,
        } = row;
        let scopes = ScopeSet::from_stored(&scopes)
            .map_err(|problem| broken_row("api_keys", "scopes", id, problem))?;
        let public_key = PublicKey::from_stored(public_key);
        let last_used_address = last_used_address
            .map(|address| address.parse())
            .transpose()
            .map_err(|problem: AddrParseError| broken_row("api_keys", "last_used_address", id, problem))?;
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            name,
            public_key,
            scopes,
            expires_at: expires_at.map(Into::into),
            last_used_at: last_used_at.map(Into::into),
            last_used_address,
            revoked_at: revoked_at.map(Into::into),
            // The secrets say it.
            old_secrets_end_at: None,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

impl From<&ApiKey> for ApiKeyRow {
    fn from(key: &ApiKey) -> Self {
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
            old_secrets_end_at: _,
            created_at,
            updated_at,
        } = key;
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            name: name.clone(),
            public_key: public_key.to_string(),
            scopes: scopes.to_stored(),
            expires_at: expires_at.map(Into::into),
            last_used_at: last_used_at.map(Into::into),
            revoked_at: revoked_at.map(Into::into),
            created_at: (*created_at).into(),
            last_used_address: last_used_address.map(|address| address.to_string()),
            updated_at: (*updated_at).into(),
        }
    }
}

/// The row that maps the hash of a secret to its key.
#[derive(Queryable, Insertable)]
#[diesel(table_name = api_key_secrets, treat_none_as_default_value = false)]
pub(super) struct SecretRow {
    secret_hash: Vec<u8>,
    workspace_id: StoredUuid,
    api_key_id: StoredUuid,
    public_key: String,
    scopes: String,
    expires_at: Option<StoredTime>,
}

impl SecretRow {
    pub(super) fn new(key: &ApiKey, secret: &Secret) -> Self {
        Self {
            secret_hash: secret.hash().as_bytes().to_vec(),
            workspace_id: stored(key.workspace_id),
            api_key_id: stored(key.id),
            public_key: key.public_key.to_string(),
            scopes: key.scopes.to_stored(),
            expires_at: key.expires_at.map(Into::into),
        }
    }

    /// Returns the holder of the secret with this hash, unless the secret has expired.
    pub(super) fn holder(
        self,
        hash: SecretHash,
        now: Timestamp,
        requests_per_second: Option<u32>,
    ) -> Result<Option<KeyHolder>> {
        let Self { secret_hash, workspace_id, api_key_id, public_key, scopes, expires_at } = self;
        let expires_at = expires_at.map(Timestamp::from);
        let expired = expires_at.is_some_and(|moment| moment <= now);
        if expired || SecretHash::from_bytes(&secret_hash) != Some(hash) {
            return Ok(None);
        }
        let scopes = ScopeSet::from_stored(&scopes)
            .map_err(|problem| broken_row("api_key_secrets", "scopes", api_key_id, problem))?;
        Ok(Some(KeyHolder {
            key_id: api_key_id.into(),
            workspace_id: workspace_id.into(),
            public_key: PublicKey::from_stored(public_key),
            scopes,
            requests_per_second,
            secret_hash: hash,
            expires_at,
        }))
    }
}
