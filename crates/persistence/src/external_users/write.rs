//! Making, changing and deleting external users.

use denizen_domain::{
    ChannelId, Conflict, Error, ExternalId, ExternalUser, ExternalUserChanges, ExternalUserId, Identifier,
    Patch, Resource, Result, Source, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::{find_by_external_id, find_by_username};
use super::row::ExternalUserRow;
use crate::error::OrError as _;
use crate::schema::{external_user_groups, external_users, tiers};
use crate::transaction::in_transaction;
use crate::types::{StoredUuid, stored};
use crate::{DbConnection, channels, dialect, on_backend, super_identities};

/// What finding or making a user came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The user is new.
    Created,
    /// The user was there.
    Found,
}

/// Makes a user. Fails with not found for a channel, group or tier that is not there, and with
/// [`Conflict::ExternalIdTaken`] or [`Conflict::IdentifierTaken`].
pub async fn create(
    connection: &mut DbConnection,
    source: &Source,
    workspace_id: WorkspaceId,
    channel_id: ChannelId,
    changes: &ExternalUserChanges,
) -> Result<ExternalUser> {
    in_transaction!(connection, {
        create_within(connection, source, workspace_id, channel_id, changes).await
    })
}

/// The user of this username; made in the default channel, with the username as its identifier, where it is new.
pub async fn find_or_create_by_username(
    connection: &mut DbConnection,
    source: &Source,
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
        let created = create_within(connection, source, workspace_id, channel.id, &changes).await;
        created.map(|user| (user, Outcome::Created)).map_err(as_race)
    })
}

/// Changes the user of this external id; made in the default channel where it is new.
pub async fn upsert(
    connection: &mut DbConnection,
    source: &Source,
    workspace_id: WorkspaceId,
    external_id: &ExternalId,
    changes: &ExternalUserChanges,
) -> Result<(ExternalUser, Outcome)> {
    in_transaction!(connection, {
        if let Some(user) = find_locked_by_external_id(connection, workspace_id, external_id.as_str()).await?
        {
            let user = change_locked(connection, source, user, changes.clone()).await?;
            return Ok((user, Outcome::Found));
        }
        let channel = channels::find_default(connection, workspace_id).await?;
        let external_id = Patch::Value(external_id.clone());
        let changes = ExternalUserChanges { external_id, ..changes.clone() };
        let created = create_within(connection, source, workspace_id, channel.id, &changes).await;
        created.map(|user| (user, Outcome::Created)).map_err(as_race)
    })
}

/// Changes a user as its record asks for: the function is given the record as it is, which nobody else changes
/// meanwhile. `None` where there is no such user. Fails like [`create`], and as the function does.
pub async fn change(
    connection: &mut DbConnection,
    source: &Source,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
    changes_of: impl Fn(&ExternalUser) -> Result<ExternalUserChanges>,
) -> Result<Option<ExternalUser>> {
    in_transaction!(connection, {
        let Some(user) = dialect::find_locked_external_user(connection, workspace_id, id).await? else {
            return Ok(None);
        };
        let changes = changes_of(&user)?;
        change_locked(connection, source, user, changes).await.map(Some)
    })
}

/// Deletes a user, and the person behind it where that has no other user. `false` where there is no such user.
pub async fn delete(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<bool> {
    in_transaction!(connection, {
        let user = dialect::find_locked_external_user(connection, workspace_id, id).await?;
        delete_locked(connection, user).await
    })
}

/// Deletes the user of this external id, as [`delete`] does: the default channel's, or else the oldest of the others.
pub async fn delete_by_external_id(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    external_id: &str,
) -> Result<bool> {
    in_transaction!(connection, {
        let user = find_locked_by_external_id(connection, workspace_id, external_id).await?;
        delete_locked(connection, user).await
    })
}

/// The user of this external id, which nobody else changes until the transaction ends.
async fn find_locked_by_external_id(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    external_id: &str,
) -> Result<Option<ExternalUser>> {
    let Some(user) = find_by_external_id(connection, workspace_id, external_id).await? else {
        return Ok(None);
    };
    let user = dialect::find_locked_external_user(connection, workspace_id, user.id).await?;
    // Until it was locked, somebody else may have deleted it or given it another external id.
    let same = user.filter(|user| user.external_id.as_ref().is_some_and(|id| id.as_str() == external_id));
    same.map(Some).ok_or(Error::Conflict(Conflict::ConcurrentChange))
}

async fn delete_locked(connection: &mut DbConnection, user: Option<ExternalUser>) -> Result<bool> {
    let Some(user) = user else { return Ok(false) };
    let row = external_users::table
        .filter(external_users::workspace_id.eq(stored(user.workspace_id)))
        .filter(external_users::id.eq(stored(user.id)));
    on_backend!(connection, |conn| diesel::delete(row).execute(conn).await)
        .or_error("delete an external user")?;
    super_identities::delete_if_unused(connection, user.workspace_id, user.super_identity_id).await?;
    Ok(true)
}

pub(super) async fn create_within(
    connection: &mut DbConnection,
    source: &Source,
    workspace_id: WorkspaceId,
    channel_id: ChannelId,
    changes: &ExternalUserChanges,
) -> Result<ExternalUser> {
    channels::require_open(connection, workspace_id, channel_id).await?;
    require_references(connection, workspace_id, changes).await?;
    require_free_names(connection, workspace_id, channel_id, None, changes).await?;
    let external_id = changes.external_id.as_ref().value();
    let person = super_identities::find_or_create(connection, source, workspace_id, external_id).await?;
    let (id, now) = (ExternalUserId::from_uuid(source.ids.uuid()), source.clock.now());
    let mut user = ExternalUser::blank(id, workspace_id, channel_id, person, now);
    changes.clone().apply_to(&mut user, now)?;
    let row = ExternalUserRow::from(&user);
    on_backend!(connection, |conn| diesel::insert_into(external_users::table)
        .values(&row)
        .execute(conn)
        .await)
    .or_error("insert an external user")?;
    Ok(user)
}

async fn change_locked(
    connection: &mut DbConnection,
    source: &Source,
    before: ExternalUser,
    changes: ExternalUserChanges,
) -> Result<ExternalUser> {
    let workspace_id = before.workspace_id;
    require_references(connection, workspace_id, &changes).await?;
    require_free_names(connection, workspace_id, before.channel_id, Some(before.id), &changes).await?;
    let mut user = before.clone();
    changes.apply_to(&mut user, source.clock.now())?;
    if user == before {
        return Ok(user);
    }
    if user.external_id != before.external_id {
        let (current, external_id) = (user.super_identity_id, user.external_id.as_ref());
        user.super_identity_id =
            super_identities::after_change(connection, source, workspace_id, current, external_id).await?;
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
    Ok(user)
}

/// Fails with a conflict where another user of the channel has the external id or the identifier.
async fn require_free_names(
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

/// Fails with not found where the group or the tier is not there.
async fn require_references(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    changes: &ExternalUserChanges,
) -> Result<()> {
    if let Patch::Value(id) = changes.external_user_group_id {
        let query = external_user_groups::table
            .filter(external_user_groups::workspace_id.eq(stored(workspace_id)))
            .filter(external_user_groups::id.eq(stored(id)))
            .select(external_user_groups::id);
        let found = on_backend!(connection, |conn| query.first::<StoredUuid>(conn).await.optional());
        found.or_error("find a group")?.ok_or_else(|| Error::not_found(Resource::ExternalUserGroup, id))?;
    }
    if let Patch::Value(id) = changes.tier_id {
        let query = tiers::table
            .filter(tiers::workspace_id.eq(stored(workspace_id)))
            .filter(tiers::id.eq(stored(id)))
            .select(tiers::id);
        let found = on_backend!(connection, |conn| query.first::<StoredUuid>(conn).await.optional());
        found.or_error("find a tier")?.ok_or_else(|| Error::not_found(Resource::Tier, id))?;
    }
    Ok(())
}

/// Where a user is found or made, a name that was free and is now taken means that somebody else was faster.
pub(super) fn as_race(error: Error) -> Error {
    match error {
        Error::Conflict(Conflict::ExternalIdTaken | Conflict::IdentifierTaken) => {
            Error::Conflict(Conflict::ConcurrentChange)
        }
        error => error,
    }
}
