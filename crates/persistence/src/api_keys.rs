//! API keys, and their holders.

mod asker;
mod rotate;
mod row;

use std::net::IpAddr;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    ApiKey, ApiKeyId, Coded as _, Conflict, Error, KeyHolder, KeyRequest, NewApiKey, Origin, PublicKey,
    Result, Scope, ScopeSet, Secret, SecretHash, Slice, Status, Timestamp, Verb, Window, WorkspaceId,
};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use self::row::{ApiKeyRow, SecretRow};
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::workspaces as workspaces_room;
use crate::queries::dialect::first_row;
use crate::queries::keyset::load_window;
use crate::queries::like;
use crate::schema::{api_key_secrets, api_keys, workspaces};
use crate::types::{StoredTime, StoredUuid, stored};

pub use self::asker::KeyAsker;
pub use self::rotate::{MAXIMUM_SECRETS, rotate};

/// The maximum number of active keys of a workspace.
pub const MAXIMUM_IN_FORCE: i64 = 1_000;

/// How many revoked or expired keys of a workspace are kept: the most recent. It keeps lists short.
pub const KEPT: i64 = 1_000;

/// How many keys are deleted at a time.
const BATCH: i64 = 500;

/// Creates a key. Only the result contains its secret. A caller with a key grants at most its own rights. Fails with
/// [`Conflict::TooManyApiKeys`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    asker: KeyAsker,
    request: &KeyRequest,
) -> Result<NewApiKey> {
    in_transaction!(connection, {
        let limits = asker.limits(connection, origin, workspace_id).await?;
        if let Some(limits) = limits {
            limits.require_may_give(&request.scopes, request.expires_at)?;
        }
        let now = origin.source.clock.now();
        let in_force = KeyFilter { in_force_at: Some(now), ..KeyFilter::default() };
        if count(connection, workspace_id, &in_force).await? >= MAXIMUM_IN_FORCE {
            return Err(Error::Conflict(Conflict::TooManyApiKeys));
        }
        forget_ended(connection, workspace_id, now).await?;
        let KeyRequest { name, scopes, expires_at } = request;
        insert(connection, origin, workspace_id, name, scopes, *expires_at).await
    })
}

/// Deletes inactive keys, except for the most recent, in one batch. Each new key adds at most one to it.
async fn forget_ended(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    now: Timestamp,
) -> Result<()> {
    let now = StoredTime::from(now);
    let ended = api_keys::table
        .filter(api_keys::workspace_id.eq(stored(workspace_id)))
        .filter(api_keys::revoked_at.is_not_null().or(api_keys::expires_at.le(now)))
        .order((api_keys::created_at.desc(), api_keys::id.desc()))
        .select(api_keys::id)
        .offset(KEPT)
        .limit(BATCH);
    let ended = on_backend!(connection, |conn| ended.load::<StoredUuid>(conn).await);
    let ended = ended.or_error("look for keys that are no longer in force")?;
    if ended.is_empty() {
        return Ok(());
    }
    let secrets = api_key_secrets::table
        .filter(api_key_secrets::workspace_id.eq(stored(workspace_id)))
        .filter(api_key_secrets::api_key_id.eq_any(ended.clone()));
    on_backend!(connection, |conn| diesel::delete(secrets).execute(conn).await)
        .or_error("forget the secrets of keys")?;
    let keys = api_keys::table
        .filter(api_keys::workspace_id.eq(stored(workspace_id)))
        .filter(api_keys::id.eq_any(ended));
    on_backend!(connection, |conn| diesel::delete(keys).execute(conn).await).or_error("forget keys")?;
    Ok(())
}

/// Creates a key in the caller's transaction.
pub(crate) async fn insert(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    name: &str,
    scopes: &ScopeSet,
    expires_at: Option<Timestamp>,
) -> Result<NewApiKey> {
    let now = origin.source.clock.now();
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
        old_secrets_end_at: None,
        created_at: now,
        updated_at: now,
    };
    let secret = Secret::generate(ApiKey::SECRET_PREFIX, &*origin.source.ids);
    let row = ApiKeyRow::from(&key);
    on_backend!(connection, |conn| diesel::insert_into(api_keys::table).values(&row).execute(conn).await)
        .or_error("insert a key")?;
    insert_secret(connection, &key, &secret).await?;
    audit_events::created(connection, origin, workspace_id, &key).await?;
    Ok(NewApiKey { key, secret })
}

async fn insert_secret(connection: &mut DbConnection, key: &ApiKey, secret: &Secret) -> Result<()> {
    let row = SecretRow::new(key, secret);
    on_backend!(connection, |conn| {
        diesel::insert_into(api_key_secrets::table).values(&row).execute(conn).await
    })
    .or_error("insert the secret of a key")?;
    Ok(())
}

/// Finds the holder of a secret. `None` if it is unknown, revoked or expired, or its workspace is not active.
#[boxed]
pub async fn authenticate(
    connection: &mut DbConnection,
    presented: &Secret,
    now: Timestamp,
) -> Result<Option<KeyHolder>> {
    holder_of(connection, presented.hash(), now).await
}

async fn holder_of(
    connection: &mut DbConnection,
    hash: SecretHash,
    now: Timestamp,
) -> Result<Option<KeyHolder>> {
    let query = api_key_secrets::table
        .inner_join(workspaces::table.on(workspaces::id.eq(api_key_secrets::workspace_id)))
        .filter(api_key_secrets::secret_hash.eq(hash.as_bytes().to_vec()))
        .filter(workspaces::status.eq(Status::Active.code()))
        .select((api_key_secrets::all_columns, workspaces::requests_per_second));
    let row = first_row!(connection, query, (SecretRow, Option<i64>));
    let Some((row, requests_per_second)) = row.or_error("look up a secret")? else { return Ok(None) };
    row.holder(hash, now, workspaces_room::stored_limit(requests_per_second))
}

/// Which keys to list. All conditions apply; `None` is no condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyFilter {
    /// With no scope but these.
    pub within: Option<ScopeSet>,
    /// Neither revoked nor expired at this time.
    pub in_force_at: Option<Timestamp>,
}

impl KeyFilter {
    /// Returns the scopes that none of the keys may have.
    fn forbidden(&self) -> impl Iterator<Item = Scope> + '_ {
        let within = self.within.iter();
        within.flat_map(|within| Scope::ALL.iter().copied().filter(|scope| !within.contains(*scope)))
    }
}

macro_rules! filtered {
    ($workspace_id:expr, $filter:expr) => {{
        let filter: &KeyFilter = $filter;
        let mut query = api_keys::table.filter(api_keys::workspace_id.eq(stored($workspace_id))).into_boxed();
        for scope in filter.forbidden() {
            // Spaces around the codes keep one from matching within another.
            let scopes = " ".into_sql::<Text>().concat(api_keys::scopes).concat(" ");
            query = query.filter(scopes.not_like(like::contains(&format!(" {scope} "))).escape('\\'));
        }
        if let Some(now) = filter.in_force_at {
            let lasts = api_keys::expires_at.is_null().or(api_keys::expires_at.gt(StoredTime::from(now)));
            query = query.filter(api_keys::revoked_at.is_null()).filter(lasts);
        }
        query
    }};
}

/// Lists a page of a workspace's keys by creation time. Scans at most [`MAXIMUM_IN_FORCE`] plus [`KEPT`] keys.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &KeyFilter,
    window: &Window,
) -> Result<Slice<ApiKey>> {
    let rows = load_window!(
        connection,
        filtered!(workspace_id, filter),
        api_keys::created_at,
        api_keys::id,
        window,
        StoredTime,
        ApiKeyRow
    );
    let keys = rows.or_error("list keys")?.into_iter().map(ApiKey::try_from).collect::<Result<_>>()?;
    let mut slice = Slice::cut(keys, window);
    add_ends_of_secrets(connection, workspace_id, &mut slice.items).await?;
    Ok(slice)
}

/// Adds to keys of a workspace when their old secrets end. The newest secret of a key outlasts all others.
async fn add_ends_of_secrets(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    keys: &mut [ApiKey],
) -> Result<()> {
    let ids: Vec<_> = keys.iter().map(|key| stored(key.id)).collect();
    let ends = api_key_secrets::table
        .filter(api_key_secrets::workspace_id.eq(stored(workspace_id)))
        .filter(api_key_secrets::api_key_id.eq_any(ids))
        .select((api_key_secrets::api_key_id, api_key_secrets::expires_at));
    let ends = on_backend!(connection, |conn| ends.load::<(StoredUuid, Option<StoredTime>)>(conn).await);
    let ends = ends.or_error("look up the ends of secrets")?;
    for key in keys {
        let of_key = ends.iter().filter(|(id, _)| *id == stored(key.id));
        let mut of_key: Vec<_> = of_key.map(|(_, end)| end.map(Timestamp::from)).collect();
        of_key.sort_by_key(|end| std::cmp::Reverse((end.is_none(), *end)));
        key.old_secrets_end_at = of_key.get(1).copied().flatten();
    }
    Ok(())
}

/// Counts the keys that match a filter.
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &KeyFilter,
) -> Result<i64> {
    on_backend!(connection, |conn| filtered!(workspace_id, filter).count().get_result(conn).await)
        .or_error("count keys")
}

/// Finds a key by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ApiKeyId,
) -> Result<Option<ApiKey>> {
    let query = api_keys::table
        .filter(api_keys::workspace_id.eq(stored(workspace_id)))
        .filter(api_keys::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<ApiKeyRow>(conn).await.optional());
    let Some(row) = row.or_error("find a key")? else { return Ok(None) };
    let mut key = ApiKey::try_from(row)?;
    add_ends_of_secrets(connection, workspace_id, std::slice::from_mut(&mut key)).await?;
    Ok(Some(key))
}

/// Finds a key by id that the caller may see, within the [limits](KeyAsker::limits) of its rights.
async fn find_visible(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    limits: Option<&KeyHolder>,
    id: ApiKeyId,
) -> Result<Option<ApiKey>> {
    let key = find(connection, workspace_id, id).await?;
    Ok(key.filter(|key| limits.is_none_or(|limits| limits.may_see(key))))
}

/// Revokes a key: its secrets are rejected from the next request on. Revoking again changes nothing. `None` if the
/// caller sees no such key.
#[boxed]
pub async fn revoke(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    asker: KeyAsker,
    id: ApiKeyId,
) -> Result<Option<ApiKey>> {
    in_transaction!(connection, {
        let limits = asker.limits(connection, origin, workspace_id).await?;
        let Some(before) = find_visible(connection, workspace_id, limits.as_ref(), id).await? else {
            return Ok(None);
        };
        if before.revoked_at.is_some() {
            return Ok(Some(before));
        }
        let now = origin.source.clock.now();
        let after =
            ApiKey { revoked_at: Some(now), old_secrets_end_at: None, updated_at: now, ..before.clone() };
        store_change(connection, &after).await?;
        delete_secrets(connection, workspace_id, id).await?;
        audit_events::done(connection, origin, workspace_id, Verb::Revoke, Some(&before), Some(&after))
            .await?;
        Ok(Some(after))
    })
}

/// Stores the changes to a key.
async fn store_change(connection: &mut DbConnection, key: &ApiKey) -> Result<()> {
    let changed = api_keys::table
        .filter(api_keys::workspace_id.eq(stored(key.workspace_id)))
        .filter(api_keys::id.eq(stored(key.id)));
    let change = (
        api_keys::revoked_at.eq(key.revoked_at.map(StoredTime::from)),
        api_keys::updated_at.eq(StoredTime::from(key.updated_at)),
    );
    on_backend!(connection, |conn| diesel::update(changed).set(change).execute(conn).await)
        .or_error("change a key")?;
    Ok(())
}

async fn delete_secrets(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ApiKeyId,
) -> Result<()> {
    let secrets = api_key_secrets::table
        .filter(api_key_secrets::workspace_id.eq(stored(workspace_id)))
        .filter(api_key_secrets::api_key_id.eq(stored(id)));
    on_backend!(connection, |conn| diesel::delete(secrets).execute(conn).await)
        .or_error("delete the secrets of a key")?;
    Ok(())
}

/// Stores the last uses of keys, with addresses. Called periodically, not by each request. The order of the keys
/// prevents deadlocks between servers.
#[boxed]
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
            // Several servers store uses of the same key. The latest wins.
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
