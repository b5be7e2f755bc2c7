//! Creates and changes external users.

use denizen_domain::{
    ChannelId, Conflict, Error, ExternalId, ExternalUser, ExternalUserChanges, ExternalUserId, Identifier,
    Origin, Patch, Result, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::dialect;
use super::find::{find_by_external_id, find_by_username};
use super::row::ExternalUserRow;
use crate::audit_events;
use crate::boxed;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::directory::{channels, external_user_groups, super_identities, tiers};
use crate::schema::external_users;
use crate::types::{StoredUuid, stored};

/// The outcome of finding or creating a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The user was created.
    Created,
    /// The user existed.
    Found,
}

/// Creates a user. Fails with not found for an unknown channel, group or tier, and with [`Conflict::ExternalIdTaken`]
/// or [`Conflict::IdentifierTaken`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    channel_id: ChannelId,
    changes: &ExternalUserChanges,
) -> Result<ExternalUser> {
    in_transaction!(connection, {
        create_within(connection, origin, workspace_id, channel_id, changes).await
    })
}

/// Finds a user by username, or creates it in the default channel with the username as its identifier.
#[boxed]
pub async fn find_or_create_by_username(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    username: &Identifier,
) -> Result<(ExternalUser, Outcome)> {
    in_transaction!(connection, {
        if let Some(user) = find_by_username(connection, workspace_id, username.as_str()).await? {
            return Ok((user, Outcome::Found));
        }
        let channel = channels::find_default(connection, workspace_id).await?;
        let identifier = Patch::Value(username.clone());
        let changes = ExternalUserChanges { identifier, ..ExternalUserChanges::default() };
        let created = create_within(connection, origin, workspace_id, channel.id, &changes).await;
        created.map(|user| (user, Outcome::Created)).map_err(as_race)
    })
}

/// Changes the user with an external id, or creates it in the default channel. The guard sees the locked user
/// beforehand and may fail.
pub async fn upsert(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    external_id: &ExternalId,
    changes: &ExternalUserChanges,
    guard: impl Fn(Option<&ExternalUser>) -> Result<()>,
) -> Result<(ExternalUser, Outcome)> {
    in_transaction!(connection, {
        let found = find_locked_by_external_id(connection, workspace_id, external_id.as_str()).await?;
        guard(found.as_ref())?;
        if let Some(user) = found {
            let user = change_locked(connection, origin, user, changes.clone()).await?;
            return Ok((user, Outcome::Found));
        }
        let channel = channels::find_default(connection, workspace_id).await?;
        let external_id = Patch::Value(external_id.clone());
        let changes = ExternalUserChanges { external_id, ..changes.clone() };
        let created = create_within(connection, origin, workspace_id, channel.id, &changes).await;
        created.map(|user| (user, Outcome::Created)).map_err(as_race)
    })
}

/// Changes a user. The function receives the locked user and returns the changes. `None` if the user does not exist.
/// Fails like [`create`], and if the function fails.
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
    changes_of: impl Fn(&ExternalUser) -> Result<ExternalUserChanges>,
) -> Result<Option<ExternalUser>> {
    in_transaction!(connection, {
        let Some(user) = dialect::find_locked_external_user(connection, workspace_id, id).await? else {
            return Ok(None);
        };
        let changes = changes_of(&user)?;
        change_locked(connection, origin, user, changes).await.map(Some)
    })
}

/// Finds a user by external id and locks it until the transaction ends.
pub(super) async fn find_locked_by_external_id(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    external_id: &str,
) -> Result<Option<ExternalUser>> {
    let Some(user) = find_by_external_id(connection, workspace_id, external_id).await? else {
        return Ok(None);
    };
    let user = dialect::find_locked_external_user(connection, workspace_id, user.id).await?;
    // Before the lock, another request may have deleted it or changed its external id.
    let same = user.filter(|user| user.external_id.as_ref().is_some_and(|id| id.as_str() == external_id));
    same.map(Some).ok_or(Error::Conflict(Conflict::ConcurrentChange))
}

pub(super) async fn create_within(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    channel_id: ChannelId,
    changes: &ExternalUserChanges,
) -> Result<ExternalUser> {
    channels::require_open(connection, workspace_id, channel_id).await?;
    require_references(connection, workspace_id, changes).await?;
    require_free_names(connection, workspace_id, channel_id, None, changes).await?;
    let external_id = changes.external_id.as_ref().value();
    let person = super_identities::find_or_create(connection, origin, workspace_id, external_id).await?;
    let (id, now) = (ExternalUserId::from_uuid(origin.source.ids.uuid()), origin.source.clock.now());
    let mut user = ExternalUser::blank(id, workspace_id, channel_id, person, now);
    changes.clone().apply_to(&mut user, origin.actor, now)?;
    let row = ExternalUserRow::from(&user);
    on_backend!(connection, |conn| diesel::insert_into(external_users::table)
        .values(&row)
        .execute(conn)
        .await)
    .or_error("insert an external user")?;
    audit_events::created(connection, origin, workspace_id, &user).await?;
    Ok(user)
}

async fn change_locked(
    connection: &mut DbConnection,
    origin: &Origin,
    before: ExternalUser,
    changes: ExternalUserChanges,
) -> Result<ExternalUser> {
    let workspace_id = before.workspace_id;
    require_references(connection, workspace_id, &changes).await?;
    require_free_names(connection, workspace_id, before.channel_id, Some(before.id), &changes).await?;
    let mut user = before.clone();
    changes.apply_to(&mut user, origin.actor, origin.source.clock.now())?;
    if user == before {
        return Ok(user);
    }
    if user.external_id != before.external_id {
        let (current, external_id) = (user.super_identity_id, user.external_id.as_ref());
        user.super_identity_id =
            super_identities::after_change(connection, origin, workspace_id, current, external_id).await?;
    }
    let row = ExternalUserRow::from(&user);
    let changed = external_users::table
        .filter(external_users::workspace_id.eq(stored(user.workspace_id)))
        .filter(external_users::id.eq(stored(user.id)));
    on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
        .or_error("change an external user")?;
    if user.super_identity_id != before.super_identity_id {
        super_identities::delete_if_unused(connection, workspace_id, before.super_identity_id).await?;
    }
    audit_events::updated(connection, origin, workspace_id, &before, &user).await?;
    Ok(user)
}

/// Fails with a conflict if another user of the channel has the external id or identifier.
pub(super) async fn require_free_names(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    channel_id: ChannelId,
    except: Option<ExternalUserId>,
    changes: &ExternalUserChanges,
) -> Result<()> {
    let in_channel = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .filter(external_users::channel_id.eq(stored(channel_id)))
        .select(external_users::id);
    let is_other =
        |holder: Option<StoredUuid>| holder.is_some_and(|id| Some(ExternalUserId::from(id)) != except);
    if let Some(external_id) = changes.external_id.as_ref().value() {
        let query = in_channel.filter(external_users::external_id.eq(external_id.as_str()));
        let holder = on_backend!(connection, |conn| query.first::<StoredUuid>(conn).await.optional());
        if is_other(holder.or_error("look for the holder of an external id")?) {
            return Err(Error::Conflict(Conflict::ExternalIdTaken));
        }
    }
    if let Some(identifier) = changes.identifier.as_ref().value() {
        let query = in_channel.filter(external_users::identifier_folded.eq(identifier.folded()));
        let holder = on_backend!(connection, |conn| query.first::<StoredUuid>(conn).await.optional());
        if is_other(holder.or_error("look for the holder of an identifier")?) {
            return Err(Error::Conflict(Conflict::IdentifierTaken));
        }
    }
    Ok(())
}

/// Fails with not found if the group or tier does not exist.
async fn require_references(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    changes: &ExternalUserChanges,
) -> Result<()> {
    if let Patch::Value(id) = changes.external_user_group_id {
        external_user_groups::require(connection, workspace_id, id).await?;
    }
    if let Patch::Value(id) = changes.tier_id {
        tiers::require(connection, workspace_id, id).await?;
    }
    Ok(())
}

/// Converts a taken name into a race: the name was free before, so another request was faster.
pub(super) fn as_race(error: Error) -> Error {
    match error {
        Error::Conflict(Conflict::ExternalIdTaken | Conflict::IdentifierTaken) => {
            Error::Conflict(Conflict::ConcurrentChange)
        }
        error => error,
    }
}
