//! Keys, and the way from a secret to whoever holds it.

use std::net::{AddrParseError, IpAddr};

use denizen_domain::{
    ApiKey, ApiKeyId, Coded as _, Error, KeyHolder, NewApiKey, Origin, PublicKey, Result, ScopeSet, Secret,
    SecretHash, Slice, Status, Timestamp, Verb, Window, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::error::{OrError as _, broken_row};
use crate::keyset::load_window;
use crate::schema::{api_key_secrets, api_keys, workspaces};
use crate::transaction::in_transaction;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{DbConnection, audit_events, on_backend, workspaces as workspaces_room};

#[derive(Queryable, Insertable)]
#[diesel(table_name = api_keys)]
struct ApiKeyRow {
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
            created_at: created_at.into(),
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
            created_at,
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
        }
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = api_key_secrets)]
struct SecretRow {
    secret_hash: Vec<u8>,
    workspace_id: StoredUuid,
    api_key_id: StoredUuid,
    public_key: String,
    scopes: String,
    expires_at: Option<StoredTime>,
}

/// Makes a key. Its secret is in the answer and nowhere else.
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    name: &str,
    scopes: &ScopeSet,
    expires_at: Option<Timestamp>,
) -> Result<NewApiKey> {
    in_transaction!(connection, { insert(connection, origin, workspace_id, name, scopes, expires_at).await })
}

/// Makes a key within a transaction that makes more.
pub(crate) async fn insert(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    name: &str,
    scopes: &ScopeSet,
    expires_at: Option<Timestamp>,
) -> Result<NewApiKey> {
    let key = ApiKey {
        id: ApiKeyId::from_uuid(origin.source.ids.uuid()),
        workspace_id,
        name: name.to_owned(),
        public_key: PublicKey::generate(&*origin.source.ids),
        scopes: scopes.clone(),
        expires_at,
        last_used_at: None,
        last_used_address: None,
        revoked_at: None,
        created_at: origin.source.clock.now(),
    };
    let secret = Secret::generate(ApiKey::SECRET_PREFIX, &*origin.source.ids);
    let (row, secret_row) = (ApiKeyRow::from(&key), secret_row(&key, &secret));
    on_backend!(connection, |conn| diesel::insert_into(api_keys::table).values(&row).execute(conn).await)
        .or_error("insert a key")?;
    on_backend!(connection, |conn| {
        diesel::insert_into(api_key_secrets::table).values(&secret_row).execute(conn).await
    })
    .or_error("insert the secret of a key")?;
    audit_events::created(connection, origin, workspace_id, &key).await?;
    Ok(NewApiKey { key, secret })
}

/// Whoever holds this secret, unless it is unknown, revoked or expired, or its workspace is not in use.
pub async fn authenticate(
    connection: &mut DbConnection,
    presented: &Secret,
    now: Timestamp,
) -> Result<Option<KeyHolder>> {
    let hash = presented.hash();
    let query = api_key_secrets::table
        .inner_join(workspaces::table.on(workspaces::id.eq(api_key_secrets::workspace_id)))
        .filter(api_key_secrets::secret_hash.eq(hash.as_bytes().to_vec()))
        .filter(workspaces::status.eq(Status::Active.code()))
        .select((api_key_secrets::all_columns, workspaces::requests_per_second));
    let row = on_backend!(connection, |conn| query.first::<(SecretRow, Option<i64>)>(conn).await.optional());
    let Some((row, requests_per_second)) = row.or_error("look up a secret")? else { return Ok(None) };
    let SecretRow { secret_hash, workspace_id, api_key_id, public_key, scopes, expires_at } = row;
    let expired = expires_at.is_some_and(|moment| Timestamp::from(moment) <= now);
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
        requests_per_second: workspaces_room::stored_limit(requests_per_second),
    }))
}

/// A page of a workspace's keys, by the moment they were made, revoked ones included.
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    window: &Window,
) -> Result<Slice<ApiKey>> {
    let rows = load_window!(
        connection,
        api_keys::table.filter(api_keys::workspace_id.eq(stored(workspace_id))).into_boxed(),
        api_keys::created_at,
        api_keys::id,
        window,
        StoredTime,
        ApiKeyRow
    );
    let keys = rows.or_error("list keys")?.into_iter().map(ApiKey::try_from).collect::<Result<_>>()?;
    Ok(Slice::cut(keys, window))
}

/// The key of this id.
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ApiKeyId,
) -> Result<Option<ApiKey>> {
    let query = api_keys::table
        .filter(api_keys::workspace_id.eq(stored(workspace_id)))
        .filter(api_keys::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<ApiKeyRow>(conn).await.optional());
    row.or_error("find a key")?.map(ApiKey::try_from).transpose()
}

/// Revokes a key: from the next request on, its secret opens nothing. Revoking it again changes nothing. `None` where
/// there is no such key.
pub async fn revoke(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ApiKeyId,
) -> Result<Option<ApiKey>> {
    in_transaction!(connection, {
        let Some(before) = find(connection, workspace_id, id).await? else { return Ok(None) };
        let in_force = api_keys::table
            .filter(api_keys::workspace_id.eq(stored(workspace_id)))
            .filter(api_keys::id.eq(stored(id)))
            .filter(api_keys::revoked_at.is_null());
        let revocation = api_keys::revoked_at.eq(Some(StoredTime::from(origin.source.clock.now())));
        on_backend!(connection, |conn| diesel::update(in_force).set(revocation).execute(conn).await)
            .or_error("revoke a key")?;
        let secrets = api_key_secrets::table
            .filter(api_key_secrets::workspace_id.eq(stored(workspace_id)))
            .filter(api_key_secrets::api_key_id.eq(stored(id)));
        on_backend!(connection, |conn| diesel::delete(secrets).execute(conn).await)
            .or_error("delete the secrets of a key")?;
        let after = find(connection, workspace_id, id).await?;
        if let Some(after) = after.as_ref().filter(|after| after.revoked_at != before.revoked_at) {
            audit_events::done(connection, origin, workspace_id, Verb::Revoke, Some(&before), Some(after))
                .await?;
        }
        Ok(after)
    })
}

/// Notes when keys were last used, and from where. Called now and then with what came together since, not by every request; in the order
/// of the keys, so that two servers never wait for each other.
pub async fn record_use(
    connection: &mut DbConnection,
    uses: &[(WorkspaceId, ApiKeyId, Timestamp, IpAddr)],
) -> Result<()> {
    in_transaction!(connection, {
        for &(workspace_id, id, moment, address) in uses {
            let key = api_keys::table
                .filter(api_keys::workspace_id.eq(stored(workspace_id)))
                .filter(api_keys::id.eq(stored(id)));
            let moment = StoredTime::from(moment);
            // Several servers note uses of the same key; the latest one stands.
            let older = key.filter(api_keys::last_used_at.is_null().or(api_keys::last_used_at.lt(moment)));
            let usage = (
                api_keys::last_used_at.eq(Some(moment)),
                api_keys::last_used_address.eq(Some(address.to_string())),
            );
            on_backend!(connection, |conn| diesel::update(older).set(usage).execute(conn).await)
                .or_error("note the use of a key")?;
        }
        Ok(())
    })
}

fn secret_row(key: &ApiKey, secret: &Secret) -> SecretRow {
    SecretRow {
        secret_hash: secret.hash().as_bytes().to_vec(),
        workspace_id: stored(key.workspace_id),
        api_key_id: stored(key.id),
        public_key: key.public_key.to_string(),
        scopes: key.scopes.to_stored(),
        expires_at: key.expires_at.map(Into::into),
    }
}
