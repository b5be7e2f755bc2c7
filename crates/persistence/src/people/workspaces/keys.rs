//! The keys that other services keep with workspaces, sealed by the caller.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, JsonObject, ObjectKind, Origin, Reach, Recorded, Result, Timestamp, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::find_within;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::asker::{Asker, Standing};
use crate::queries::locks;
use crate::schema::workspace_keys;
use crate::types::{StoredTime, stored};

/// Selects the key of a workspace.
macro_rules! of {
    ($workspace_id:expr) => {
        workspace_keys::table.filter(workspace_keys::workspace_id.eq(stored($workspace_id)))
    };
}

/// Stores the sealed key of a workspace. `false` if there is no such workspace within reach. Fails with
/// [`Conflict::WorkspaceKeyTaken`] if it has one: what is encrypted with that would be lost.
#[boxed]
pub async fn create_key(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: WorkspaceId,
    sealed: &[u8],
) -> Result<bool> {
    in_transaction!(connection, {
        locks::keep_workspace(connection, id).await?;
        let now = origin.source.clock.now();
        let Standing { reach, .. } = asker.standing(connection, now).await?;
        if find_within(connection, reach, id).await?.is_none() {
            return Ok(false);
        }
        let row = (
            workspace_keys::workspace_id.eq(stored(id)),
            workspace_keys::sealed.eq(sealed.to_vec()),
            workspace_keys::created_at.eq(StoredTime::from(now)),
        );
        let inserted = on_backend!(connection, |conn| {
            diesel::insert_into(workspace_keys::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(conn)
                .await
        });
        if inserted.or_error("insert the key of a workspace")? == 0 {
            return Err(Error::Conflict(Conflict::WorkspaceKeyTaken));
        }
        audit_events::created(connection, origin, id, &KeyOf(id)).await?;
        Ok(true)
    })
}

/// Finds the sealed key of a workspace. `None` if there is no such workspace within reach, `Some(None)` if it has no key.
#[boxed]
pub async fn find_key(
    connection: &mut DbConnection,
    reach: Reach,
    id: WorkspaceId,
) -> Result<Option<Option<Vec<u8>>>> {
    if find_within(connection, reach, id).await?.is_none() {
        return Ok(None);
    }
    let query = of!(id).select(workspace_keys::sealed);
    let sealed = on_backend!(connection, |conn| query.first::<Vec<u8>>(conn).await.optional());
    sealed.or_error("find the key of a workspace").map(Some)
}

/// Deletes the key of a workspace, if it has one. `false` if there is no such workspace within reach.
#[boxed]
pub async fn delete_key(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: WorkspaceId,
) -> Result<bool> {
    in_transaction!(connection, {
        locks::keep_workspace(connection, id).await?;
        let Standing { reach, .. } = asker.standing(connection, origin.source.clock.now()).await?;
        if find_within(connection, reach, id).await?.is_none() {
            return Ok(false);
        }
        if forget_key(connection, id).await? {
            audit_events::deleted(connection, origin, id, &KeyOf(id)).await?;
        }
        Ok(true)
    })
}

/// Deletes the key of a workspace. Returns whether there was one.
pub(super) async fn forget_key(connection: &mut DbConnection, id: WorkspaceId) -> Result<bool> {
    let key = of!(id);
    let deleted = on_backend!(connection, |conn| diesel::delete(key).execute(conn).await);
    Ok(deleted.or_error("delete the key of a workspace")? > 0)
}

/// Replaces the sealed form of a workspace's key, unless it has changed in the meantime. Returns whether it was replaced.
#[boxed]
pub async fn reseal_key(
    connection: &mut DbConnection,
    id: WorkspaceId,
    before: &[u8],
    after: &[u8],
) -> Result<bool> {
    let key = of!(id).filter(workspace_keys::sealed.eq(before.to_vec()));
    let change = workspace_keys::sealed.eq(after.to_vec());
    let changed = on_backend!(connection, |conn| diesel::update(key).set(change).execute(conn).await);
    Ok(changed.or_error("seal the key of a workspace again")? > 0)
}

/// The key of a workspace as the audit log and events record it: that there is one.
#[derive(Debug)]
pub struct KeyOf(pub WorkspaceId);

impl Recorded for KeyOf {
    const KIND: ObjectKind = ObjectKind::WorkspaceKey;

    fn object_id(&self) -> String {
        self.0.to_string()
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        JsonObject::new()
    }
}
