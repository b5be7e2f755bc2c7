//! Making, changing and deleting external users.

use denizen_domain::{
    ChannelId, Conflict, Error, ExternalId, ExternalUser, ExternalUserChanges, ExternalUserId, Identifier,
    IdentityClaim, Patch, Resource, Result, Source, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::{find, find_by_external_id, find_by_username, find_identifier_in_channel, find_in_channel};
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

/// The user that a claim names. `None` where its external id or identifier is new. Fails with not found for a channel
/// or id that is not there, with a contradiction where the names do not agree, and with forbidden for a blocked user.
pub async fn find_claimed(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    claim: &IdentityClaim,
) -> Result<Option<ExternalUser>> {
    claim.require_a_name()?;
    let user = claimed(connection, workspace_id, claim).await?;
    if let Some(user) = &user {
        user.require_unblocked()?;
    }
    Ok(user)
}

/// The user that a claim names, made where its external id or identifier is new. Fails like [`find_claimed`]. Two
/// requests at once for a new user make one, and both get it.
pub async fn find_or_create_claimed(
    connection: &mut DbConnection,
    source: &Source,
    workspace_id: WorkspaceId,
    claim: &IdentityClaim,
) -> Result<ExternalUser> {
    in_transaction!(connection, {
        if let Some(user) = find_claimed(connection, workspace_id, claim).await? {
            return Ok(user);
        }
        let changes = ExternalUserChanges {
            external_id: claim.external_id.clone().into(),
            identifier: claim.identifier.clone().into(),
            ..ExternalUserChanges::default()
        };
        create_within(connection, source, workspace_id, claim.channel_id, &changes).await.map_err(as_race)
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
        if let Some(user) = find_by_external_id(connection, workspace_id, external_id.as_str()).await? {
            let changed = change_within(connection, source, workspace_id, user.id, changes).await?;
            let user = changed.ok_or(Error::Conflict(Conflict::ConcurrentChange))?;
            return Ok((user, Outcome::Found));
        }
        let channel = channels::find_default(connection, workspace_id).await?;
        let changes =
            ExternalUserChanges { external_id: Patch::Value(external_id.clone()), ..changes.clone() };
        let created = create_within(connection, source, workspace_id, channel.id, &changes).await;
        created.map(|user| (user, Outcome::Created)).map_err(|error| match error {
            Error::Conflict(Conflict::ExternalIdTaken) => Error::Conflict(Conflict::ConcurrentChange),
            error => error,
        })
    })
}

/// Changes a user. `None` where there is no such user. Fails like [`create`].
pub async fn change(
    connection: &mut DbConnection,
    source: &Source,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
    changes: &ExternalUserChanges,
) -> Result<Option<ExternalUser>> {
    in_transaction!(connection, { change_within(connection, source, workspace_id, id, changes).await })
}

/// Blocks a user that is not blocked, and the other way round. `None` where there is no such user.
pub async fn toggle_blocked(
    connection: &mut DbConnection,
    source: &Source,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<Option<ExternalUser>> {
    in_transaction!(connection, {
        dialect::lock_external_user(connection, workspace_id, id).await?;
        let Some(user) = find(connection, workspace_id, id).await? else { return Ok(None) };
        let changes = ExternalUserChanges { blocked: Some(!user.blocked), ..ExternalUserChanges::default() };
        store_change(connection, source, user, &changes).await.map(Some)
    })
}

/// Deletes a user, and the person behind it where that has no other user. `false` where there is no such user.
pub async fn delete(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<bool> {
    in_transaction!(connection, {
        dialect::lock_external_user(connection, workspace_id, id).await?;
        let Some(user) = find(connection, workspace_id, id).await? else { return Ok(false) };
        let row = external_users::table
            .filter(external_users::workspace_id.eq(stored(workspace_id)))
            .filter(external_users::id.eq(stored(id)));
        on_backend!(connection, |conn| diesel::delete(row).execute(conn).await)
            .or_error("delete an external user")?;
        super_identities::delete_if_unused(connection, workspace_id, user.super_identity_id).await?;
        Ok(true)
    })
}

async fn create_within(
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

async fn change_within(
    connection: &mut DbConnection,
    source: &Source,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
    changes: &ExternalUserChanges,
) -> Result<Option<ExternalUser>> {
    dialect::lock_external_user(connection, workspace_id, id).await?;
    let Some(user) = find(connection, workspace_id, id).await? else { return Ok(None) };
    require_references(connection, workspace_id, changes).await?;
    require_free_names(connection, workspace_id, user.channel_id, Some(id), changes).await?;
    store_change(connection, source, user, changes).await.map(Some)
}

async fn store_change(
    connection: &mut DbConnection,
    source: &Source,
    before: ExternalUser,
    changes: &ExternalUserChanges,
) -> Result<ExternalUser> {
    let mut user = before.clone();
    changes.clone().apply_to(&mut user, source.clock.now())?;
    if user == before {
        return Ok(user);
    }
    if user.external_id != before.external_id {
        let (workspace_id, current) = (user.workspace_id, user.super_identity_id);
        let external_id = user.external_id.as_ref();
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
        super_identities::delete_if_unused(connection, user.workspace_id, before.super_identity_id).await?;
    }
    Ok(user)
}

/// The user that a claim names, in its channel. Fails where the channel is not there, or the names do not agree.
async fn claimed(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    claim: &IdentityClaim,
) -> Result<Option<ExternalUser>> {
    let channel = channels::find(connection, workspace_id, claim.channel_id).await?;
    let channel = channel.ok_or_else(|| Error::not_found(Resource::Channel, claim.channel_id))?;
    let user = match claim {
        IdentityClaim { id: Some(id), .. } => {
            let user =
                find(connection, workspace_id, *id).await?.filter(|user| user.channel_id == channel.id);
            Some(user.ok_or_else(|| Error::not_found(Resource::ExternalUser, *id))?)
        }
        IdentityClaim { external_id: Some(external_id), .. } => {
            find_in_channel(connection, workspace_id, channel.id, external_id.as_str()).await?
        }
        IdentityClaim { identifier: Some(identifier), .. } => {
            find_identifier_in_channel(connection, workspace_id, channel.id, &identifier.folded()).await?
        }
        IdentityClaim { .. } => None,
    };
    // A new external id together with a known identifier: the two name different people, unless somebody made the user
    // between the two look-ups.
    let user = match (user, &claim.external_id, &claim.identifier) {
        (None, Some(_), Some(identifier)) => {
            find_identifier_in_channel(connection, workspace_id, channel.id, &identifier.folded()).await?
        }
        (user, _, _) => user,
    };
    if let Some(user) = &user {
        claim.require_agreement_with(user)?;
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
    let is_other = |user: Option<ExternalUser>| user.is_some_and(|user| Some(user.id) != except);
    if let Some(external_id) = changes.external_id.as_ref().value()
        && is_other(find_in_channel(connection, workspace_id, channel_id, external_id.as_str()).await?)
    {
        return Err(Error::Conflict(Conflict::ExternalIdTaken));
    }
    if let Some(identifier) = changes.identifier.as_ref().value()
        && is_other(
            find_identifier_in_channel(connection, workspace_id, channel_id, &identifier.folded()).await?,
        )
    {
        return Err(Error::Conflict(Conflict::IdentifierTaken));
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
fn as_race(error: Error) -> Error {
    match error {
        Error::Conflict(Conflict::ExternalIdTaken | Conflict::IdentifierTaken) => {
            Error::Conflict(Conflict::ConcurrentChange)
        }
        error => error,
    }
}
