//! Rotates the secrets of keys.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    ApiKey, ApiKeyId, Conflict, Error, FieldChanges, JsonObject, NewApiKey, Origin, Result, Secret,
    Timestamp, Verb, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::{KeyAsker, add_ends_of_secrets, find_visible, insert_secret, store_change};
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::schema::api_key_secrets;
use crate::types::{StoredTime, stored};

/// The maximum number of valid secrets of a key, including the new one.
pub const MAXIMUM_SECRETS: i64 = 10;

/// Gives a key a new secret, which only the result contains. The old secrets expire after the overlap, unless they
/// expire earlier; without an overlap, at once. The key is otherwise unchanged.
///
/// `None` if the caller sees no such key. Fails if the key is not active, or outlives the caller's secret, and with
/// [`Conflict::TooManySecrets`].
#[boxed]
pub async fn rotate(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    asker: KeyAsker,
    id: ApiKeyId,
    overlap: Duration,
) -> Result<Option<NewApiKey>> {
    in_transaction!(connection, {
        let limits = asker.limits(connection, origin, workspace_id).await?;
        let Some(mut key) = find_visible(connection, workspace_id, limits.as_ref(), id).await? else {
            return Ok(None);
        };
        let now = origin.source.clock.now();
        key.require_in_force(now)?;
        if let Some(limits) = limits {
            limits.require_may_give(&key.scopes, key.expires_at)?;
        }
        let end = now.plus(overlap);
        end_secrets(connection, &key, end).await?;
        forget_ended_secrets(connection, &key, now).await?;
        require_room(connection, &key).await?;
        let secret = Secret::generate(ApiKey::SECRET_PREFIX, &*origin.source.ids);
        insert_secret(connection, &key, &secret).await?;
        key.updated_at = now;
        store_change(connection, &key).await?;
        note(connection, origin, &key, end).await?;
        add_ends_of_secrets(connection, workspace_id, std::slice::from_mut(&mut key)).await?;
        Ok(Some(NewApiKey { key, secret }))
    })
}

/// Makes the key's secrets expire at a time, unless they expire earlier.
async fn end_secrets(connection: &mut DbConnection, key: &ApiKey, end: Timestamp) -> Result<()> {
    let end = StoredTime::from(end);
    let lasting = api_key_secrets::table
        .filter(api_key_secrets::workspace_id.eq(stored(key.workspace_id)))
        .filter(api_key_secrets::api_key_id.eq(stored(key.id)))
        .filter(api_key_secrets::expires_at.is_null().or(api_key_secrets::expires_at.gt(end)));
    let ending = api_key_secrets::expires_at.eq(Some(end));
    on_backend!(connection, |conn| diesel::update(lasting).set(ending).execute(conn).await)
        .or_error("end the secrets of a key")?;
    Ok(())
}

async fn forget_ended_secrets(connection: &mut DbConnection, key: &ApiKey, now: Timestamp) -> Result<()> {
    let ended = api_key_secrets::table
        .filter(api_key_secrets::workspace_id.eq(stored(key.workspace_id)))
        .filter(api_key_secrets::api_key_id.eq(stored(key.id)))
        .filter(api_key_secrets::expires_at.le(StoredTime::from(now)));
    on_backend!(connection, |conn| diesel::delete(ended).execute(conn).await)
        .or_error("delete the secrets of a key that have ended")?;
    Ok(())
}

async fn require_room(connection: &mut DbConnection, key: &ApiKey) -> Result<()> {
    let secrets = api_key_secrets::table
        .filter(api_key_secrets::workspace_id.eq(stored(key.workspace_id)))
        .filter(api_key_secrets::api_key_id.eq(stored(key.id)))
        .count();
    let secrets: i64 = on_backend!(connection, |conn| secrets.get_result(conn).await)
        .or_error("count the secrets of a key")?;
    if secrets < MAXIMUM_SECRETS { Ok(()) } else { Err(Error::Conflict(Conflict::TooManySecrets)) }
}

/// Records the rotation. The key's own fields do not change, so the event states when its old secrets expire.
async fn note(connection: &mut DbConnection, origin: &Origin, key: &ApiKey, end: Timestamp) -> Result<()> {
    let end = key.expires_at.map_or(end, |last| last.min(end));
    let ends = JsonObject::from_iter([("oldSecretsEndAt".to_owned(), json!(end).into())]);
    let workspace_id = Some(key.workspace_id);
    let mut change = audit_events::change_between(origin, workspace_id, Verb::Rotate, Some(key), Some(key));
    change.entry.changes = FieldChanges::between(&JsonObject::new(), &ends);
    audit_events::insert(connection, change).await
}
