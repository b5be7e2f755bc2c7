//! Creates and changes external users.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    ChannelId, Conflict, Error, ExternalId, ExternalUser, ExternalUserChanges, ExternalUserId, Identifier,
    Origin, Patch, Result, Verb, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::{find_by_username, find_locked, find_locked_by_external_id};
use super::row::ExternalUserRow;
use crate::audit_events::{self, ChangeRows};
use crate::connection::{DbConnection, OrError as _, commit_with, in_transaction, on_backend};
use crate::directory::super_identities::{self, SuperIdentityRow};
use crate::directory::{channels, external_user_groups, tiers};
use crate::queries::locks;
use crate::queries::prepared_once::PreparedOnce;
use crate::schema as tables;
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
        channels::keep(connection, workspace_id, channel_id).await?.require_open()?;
        require_free_names(connection, workspace_id, channel_id, None, changes).await?;
        create_and_commit(connection, origin, (workspace_id, channel_id), changes, Person::Sought).await
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
        let place = (workspace_id, channel.id);
        let user = create_and_commit(connection, origin, place, &changes, Person::New).await?;
        Ok((user, Outcome::Created))
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
    // Within another transaction, nobody tries again with the other choice.
    let mut person = if connection.is_enclosed() { Person::Sought } else { Person::New };
    in_transaction!(connection, {
        let found = find_locked_by_external_id(connection, workspace_id, external_id.as_str()).await?;
        guard(found.as_ref())?;
        if let Some(user) = found {
            let user = change_and_commit(connection, origin, user, changes.clone()).await?;
            return Ok((user, Outcome::Found));
        }
        let channel = channels::find_default(connection, workspace_id).await?;
        require_free_names(connection, workspace_id, channel.id, None, changes).await?;
        let external_id = Patch::Value(external_id.clone());
        let changes = ExternalUserChanges { external_id, ..changes.clone() };
        // The first attempt fails if there is one after all, and the next finds it.
        let person = std::mem::replace(&mut person, Person::Sought);
        let user =
            create_and_commit(connection, origin, (workspace_id, channel.id), &changes, person).await?;
        Ok((user, Outcome::Created))
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
        let Some(user) = find_locked(connection, workspace_id, id).await? else { return Ok(None) };
        let changes = changes_of(&user)?;
        change_and_commit(connection, origin, user, changes).await.map(Some)
    })
}

/// Whether a new user's external id may already have a super identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Person {
    /// It may, as that of users of other channels.
    Sought,
    /// No user has the external id. If it has a super identity all the same, creating the user fails with
    /// [`Conflict::ConcurrentChange`].
    New,
}

/// Creates a user with names that are free, and commits.
pub(super) async fn create_and_commit(
    connection: &mut DbConnection,
    origin: &Origin,
    (workspace_id, channel_id): (WorkspaceId, ChannelId),
    changes: &ExternalUserChanges,
    person: Person,
) -> Result<ExternalUser> {
    require_references(connection, workspace_id, changes).await?;
    let external_id = changes.external_id.as_ref().value();
    let new_person = SuperIdentityRow::new(origin, workspace_id, external_id);
    let known_person = match (person, external_id) {
        (Person::Sought, Some(id)) => {
            locks::find_kept_super_identity(connection, workspace_id, id.as_str()).await?
        }
        _ => None,
    };
    let person_id = known_person.unwrap_or(new_person.id());
    let (id, now) = (ExternalUserId::from_uuid(origin.source.ids.uuid()), origin.source.clock.now());
    let mut user = ExternalUser::blank(id, workspace_id, channel_id, person_id, now);
    changes.clone().apply_to(&mut user, origin.actor, now)?;
    let row = ExternalUserRow::from(&user);
    let change = audit_events::change_between(origin, Some(workspace_id), Verb::Create, None, Some(&user));
    let ChangeRows { entry, event } = change.into_rows(connection);
    commit_with!(
        connection,
        |conn| match known_person {
            Some(_) => Ok(0),
            None => (&new_person).insert_into(tables::super_identities::table).execute(conn).await,
        }
        .or_error("insert a super identity"),
        (&row)
            .insert_into(tables::external_users::table)
            .execute(conn)
            .await
            .or_error("insert an external user"),
        (&entry)
            .insert_into(tables::audit_events::table)
            .execute(conn)
            .await
            .or_error("note what has changed"),
        match &event {
            Some(event) => event.insert_into(tables::event_outbox::table).execute(conn).await,
            None => Ok(0),
        }
        .or_error("note what others are told"),
    )?;
    Ok(user)
}

async fn change_and_commit(
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
    let changed = tables::external_users::table
        .filter(tables::external_users::workspace_id.eq(stored(user.workspace_id)))
        .filter(tables::external_users::id.eq(stored(user.id)));
    if user.super_identity_id != before.super_identity_id {
        on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
            .or_error("change an external user")?;
        super_identities::delete_if_unused(connection, workspace_id, before.super_identity_id).await?;
        audit_events::updated(connection, origin, workspace_id, &before, &user).await?;
        return Ok(user);
    }
    let change = audit_events::update_between(origin, Some(workspace_id), &before, &user);
    let rows = change.map(|change| change.into_rows(connection));
    let (entry, event) = rows.map_or((None, None), |ChangeRows { entry, event }| (Some(entry), event));
    commit_with!(
        connection,
        |conn| PreparedOnce(diesel::update(changed).set(&row))
            .execute(conn)
            .await
            .or_error("change an external user"),
        match &entry {
            Some(entry) => entry.insert_into(tables::audit_events::table).execute(conn).await,
            None => Ok(0),
        }
        .or_error("note what has changed"),
        match &event {
            Some(event) => event.insert_into(tables::event_outbox::table).execute(conn).await,
            None => Ok(0),
        }
        .or_error("note what others are told"),
    )?;
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
    let in_channel = tables::external_users::table
        .filter(tables::external_users::workspace_id.eq(stored(workspace_id)))
        .filter(tables::external_users::channel_id.eq(stored(channel_id)))
        .select(tables::external_users::id);
    let is_other =
        |holder: Option<StoredUuid>| holder.is_some_and(|id| Some(ExternalUserId::from(id)) != except);
    if let Some(external_id) = changes.external_id.as_ref().value() {
        let query = in_channel.filter(tables::external_users::external_id.eq(external_id.as_str()));
        let holder = on_backend!(connection, |conn| query.first::<StoredUuid>(conn).await.optional());
        if is_other(holder.or_error("look for the holder of an external id")?) {
            return Err(Error::Conflict(Conflict::ExternalIdTaken));
        }
    }
    if let Some(identifier) = changes.identifier.as_ref().value() {
        let query = in_channel.filter(tables::external_users::identifier_folded.eq(identifier.folded()));
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
