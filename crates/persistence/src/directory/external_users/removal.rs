//! Deletes, restores and erases external users.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, DeletedExternalUser, Error, ExternalUser, ExternalUserChanges, ExternalUserId, Origin, Result,
    Timestamp, Verb, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::erased_executions::erase_executions;
use super::find::{find, find_locked, find_locked_by_external_id};
use super::row::ExternalUserRow;
use super::write::require_free_names;
use crate::connection::{DbConnection, OrError as _, broken_row, in_transaction, on_backend};
use crate::directory::{channels, external_user_groups, super_identities, tiers};
use crate::queries::locks;
use crate::schema::{deleted_external_users, external_users};
use crate::types::{StoredTime, StoredUuid, all_stored, stored};
use crate::{audit_events, connected_accounts};

/// The remains of an erased user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// Its id, which is never used again.
    pub id: ExternalUserId,
    /// When it was deleted, at the latest by erasing it.
    pub deleted_at: Timestamp,
    /// When it was erased.
    pub erased_at: Timestamp,
}

/// The row of a deleted user.
#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = deleted_external_users, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct DeletedRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    channel_id: Option<StoredUuid>,
    record: Option<String>,
    deleted_at: StoredTime,
    erased_at: Option<StoredTime>,
}

impl DeletedRow {
    /// Returns the remains of an erased user.
    fn tombstone(&self) -> Option<Tombstone> {
        let erased_at = self.erased_at?.into();
        Some(Tombstone { id: self.id.into(), deleted_at: self.deleted_at.into(), erased_at })
    }

    /// Returns the user as it was, if it can be restored: it was deleted after this time.
    fn user(&self, restorable_from: Timestamp) -> Result<Option<ExternalUser>> {
        let in_time = Timestamp::from(self.deleted_at) > restorable_from;
        if in_time { self.recorded() } else { Ok(None) }
    }

    /// Returns the user as it was and when it was deleted, unless its record is gone.
    pub(super) fn into_deleted(self) -> Result<Option<DeletedExternalUser>> {
        let deleted_at = self.deleted_at.into();
        Ok(self.recorded()?.map(|user| DeletedExternalUser { user, deleted_at }))
    }

    fn recorded(&self) -> Result<Option<ExternalUser>> {
        let Some(record) = &self.record else { return Ok(None) };
        let broken = |problem| broken_row("deleted_external_users", "record", self.id, problem);
        let row: ExternalUserRow = serde_json::from_str(record).map_err(broken)?;
        ExternalUser::try_from(row).map(Some)
    }
}

/// Deletes a user: it is no longer found, and its external id and identifier are free. It can be [restored](restore).
/// The guard sees the locked user and may fail. `false` if the user does not exist.
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
    guard: impl Fn(&ExternalUser) -> Result<()>,
) -> Result<bool> {
    in_transaction!(connection, {
        let user = find_locked(connection, workspace_id, id).await?;
        delete_locked(connection, origin, user, &guard).await
    })
}

/// Deletes the user with an external id like [`delete`]: the default channel's, or else the oldest of the others.
pub async fn delete_by_external_id(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    external_id: &str,
    guard: impl Fn(&ExternalUser) -> Result<()>,
) -> Result<bool> {
    in_transaction!(connection, {
        let user = find_locked_by_external_id(connection, workspace_id, external_id).await?;
        delete_locked(connection, origin, user, &guard).await
    })
}

async fn delete_locked(
    connection: &mut DbConnection,
    origin: &Origin,
    user: Option<ExternalUser>,
    guard: impl Fn(&ExternalUser) -> Result<()>,
) -> Result<bool> {
    let Some(user) = user else { return Ok(false) };
    guard(&user)?;
    let record = serde_json::to_string(&ExternalUserRow::from(&user));
    let unwritable = |problem| Error::Internal(format!("an external user cannot be written down: {problem}"));
    let row = DeletedRow {
        workspace_id: stored(user.workspace_id),
        id: stored(user.id),
        channel_id: Some(stored(user.channel_id)),
        record: Some(record.map_err(unwritable)?),
        deleted_at: origin.source.clock.now().into(),
        erased_at: None,
    };
    take_out(connection, &user).await?;
    put(connection, &row).await?;
    audit_events::deleted(connection, origin, user.workspace_id, &user).await?;
    Ok(true)
}

/// Restores a user deleted after this time, except for a deleted group or tier. Its old tokens stay void. Returns an
/// existing user unchanged. `None` if there is no such user. Fails with [`Conflict::ExternalIdTaken`] or
/// [`Conflict::IdentifierTaken`] if another user has its names, and with [`Conflict::Erased`].
#[boxed]
pub async fn restore(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
    restorable_from: Timestamp,
) -> Result<Option<ExternalUser>> {
    in_transaction!(connection, {
        if let Some(user) = find(connection, workspace_id, id).await? {
            return Ok(Some(user));
        }
        let Some(row) = find_deleted(connection, workspace_id, id).await? else {
            return require_gone(connection, workspace_id, id).await.map(|()| None);
        };
        if row.erased_at.is_some() {
            return Err(Error::Conflict(Conflict::Erased));
        }
        let Some(user) = row.user(restorable_from)? else { return Ok(None) };
        put_back(connection, origin, user).await.map(Some)
    })
}

/// Fails if the user was restored in the meantime, so that the transaction is retried.
async fn require_gone(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<()> {
    match find(connection, workspace_id, id).await? {
        Some(_) => Err(Error::Conflict(Conflict::ConcurrentChange)),
        None => Ok(()),
    }
}

async fn put_back(
    connection: &mut DbConnection,
    origin: &Origin,
    mut user: ExternalUser,
) -> Result<ExternalUser> {
    let workspace_id = user.workspace_id;
    channels::keep(connection, workspace_id, user.channel_id).await?;
    let names = ExternalUserChanges {
        external_id: user.external_id.clone().into(),
        identifier: user.identifier.clone().into(),
        ..ExternalUserChanges::default()
    };
    require_free_names(connection, workspace_id, user.channel_id, None, &names).await?;
    user.external_user_group_id =
        external_user_groups::kept(connection, workspace_id, user.external_user_group_id).await?;
    user.tier_id = tiers::kept(connection, workspace_id, user.tier_id).await?;
    let (person, external_id) = (user.super_identity_id, user.external_id.as_ref());
    user.super_identity_id =
        super_identities::find_or_bring_back(connection, origin, workspace_id, person, external_id).await?;
    let now = origin.source.clock.now();
    user.void_tokens(now);
    user.mark_changed(now);
    let row = ExternalUserRow::from(&user);
    on_backend!(connection, |conn| diesel::insert_into(external_users::table)
        .values(&row)
        .execute(conn)
        .await)
    .or_error("bring an external user back")?;
    let left = deleted_external_users::table
        .filter(deleted_external_users::workspace_id.eq(stored(workspace_id)))
        .filter(deleted_external_users::id.eq(stored(user.id)));
    on_backend!(connection, |conn| diesel::delete(left).execute(conn).await)
        .or_error("delete what was kept of an external user")?;
    audit_events::done(connection, origin, workspace_id, Verb::Restore, None, Some(&user)).await?;
    Ok(user)
}

/// Erases the personal data of a user, deleted or not: its record, its values in the audit log, and what executions of
/// workflows in its name keep. Its id remains,
/// and is never used again. Erasing again changes nothing. The guard sees the locked user, or `None` if it was
/// deleted, and may fail. `None` if there is no such user.
pub async fn erase(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
    guard: impl Fn(Option<&ExternalUser>) -> Result<()>,
) -> Result<Option<Tombstone>> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        let user = find_locked(connection, workspace_id, id).await?;
        let deleted = find_deleted(connection, workspace_id, id).await?;
        let deleted_at = match (&user, deleted) {
            (Some(user), _) => {
                guard(Some(user))?;
                take_out(connection, user).await?;
                now
            }
            (None, Some(row)) => {
                if let Some(tombstone) = row.tombstone() {
                    return Ok(Some(tombstone));
                }
                guard(None)?;
                row.deleted_at.into()
            }
            (None, None) => return require_gone(connection, workspace_id, id).await.map(|()| None),
        };
        let row = DeletedRow {
            workspace_id: stored(workspace_id),
            id: stored(id),
            channel_id: None,
            record: None,
            deleted_at: deleted_at.into(),
            erased_at: Some(now.into()),
        };
        put(connection, &row).await?;
        erase_executions(connection, workspace_id, id, now).await?;
        connected_accounts::delete_of_users(connection, origin, workspace_id, &[id]).await?;
        audit_events::erase_values(connection, workspace_id, &id.to_string()).await?;
        audit_events::erased::<ExternalUser>(connection, origin, workspace_id, id.to_string()).await?;
        Ok(row.tombstone())
    })
}

/// Deletes the records of users deleted before a time, up to a limit, and their connected accounts. Returns how many. They can no
/// longer be restored, but their ids remain, so that their audit events can still be [erased](erase).
#[boxed]
pub async fn sweep(
    connection: &mut DbConnection,
    origin: &Origin,
    before: Timestamp,
    limit: u32,
) -> Result<usize> {
    let old = deleted_external_users::table
        .filter(deleted_external_users::record.is_not_null())
        .filter(deleted_external_users::deleted_at.le(StoredTime::from(before)))
        .select((deleted_external_users::workspace_id, deleted_external_users::id))
        .limit(i64::from(limit));
    let old = on_backend!(connection, |conn| old.load::<(StoredUuid, StoredUuid)>(conn).await);
    let mut of_workspaces: HashMap<WorkspaceId, Vec<ExternalUserId>> = HashMap::new();
    for (workspace_id, id) in old.or_error("look for deleted external users")? {
        of_workspaces.entry(workspace_id.into()).or_default().push(id.into());
    }
    let mut count = 0;
    for (workspace_id, ids) in of_workspaces {
        count += forget(connection, origin, workspace_id, &ids, before).await?;
    }
    Ok(count)
}

/// Deletes the records of these users of a workspace, unless they were restored and deleted again.
async fn forget(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    ids: &[ExternalUserId],
    before: Timestamp,
) -> Result<usize> {
    in_transaction!(connection, {
        let forgotten = deleted_external_users::table
            .filter(deleted_external_users::workspace_id.eq(stored(workspace_id)))
            .filter(deleted_external_users::id.eq_any(all_stored(ids)))
            .filter(deleted_external_users::deleted_at.le(StoredTime::from(before)));
        let nothing = (
            deleted_external_users::record.eq(None::<String>),
            deleted_external_users::channel_id.eq(None::<StoredUuid>),
        );
        let update = diesel::update(forgotten).set(nothing).returning(deleted_external_users::id);
        let gone = on_backend!(connection, |conn| update.get_results::<StoredUuid>(conn).await);
        let gone: Vec<_> =
            gone.or_error("forget deleted external users")?.into_iter().map(Into::into).collect();
        connected_accounts::delete_of_users(connection, origin, workspace_id, &gone).await?;
        Ok(gone.len())
    })
}

/// Deletes the row of a user, and its super identity if that has no other user.
async fn take_out(connection: &mut DbConnection, user: &ExternalUser) -> Result<()> {
    let row = external_users::table
        .filter(external_users::workspace_id.eq(stored(user.workspace_id)))
        .filter(external_users::id.eq(stored(user.id)));
    on_backend!(connection, |conn| diesel::delete(row).execute(conn).await)
        .or_error("delete an external user")?;
    super_identities::delete_if_unused(connection, user.workspace_id, user.super_identity_id).await
}

/// Finds the record of a deleted user, and locks it until the transaction ends.
async fn find_deleted(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<Option<DeletedRow>> {
    locks::lock_deleted_external_user(connection, workspace_id, id).await?;
    let query = deleted_external_users::table
        .filter(deleted_external_users::workspace_id.eq(stored(workspace_id)))
        .filter(deleted_external_users::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<DeletedRow>(conn).await.optional());
    row.or_error("find a deleted external user")
}

/// Stores the record of a deleted user, in place of an earlier one.
async fn put(connection: &mut DbConnection, row: &DeletedRow) -> Result<()> {
    let key = (deleted_external_users::workspace_id, deleted_external_users::id);
    on_backend!(connection, |conn| diesel::insert_into(deleted_external_users::table)
        .values(row)
        .on_conflict(key)
        .do_update()
        .set(row)
        .execute(conn)
        .await)
    .or_error("keep something of a deleted external user")?;
    Ok(())
}
