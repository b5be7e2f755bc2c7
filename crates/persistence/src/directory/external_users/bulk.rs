//! Finds, creates and changes many external users with a fixed number of statements.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    ChannelId, Conflict, EmailAddress, Error, ExternalId, ExternalUser, ExternalUserChanges, ExternalUserId,
    Identifier, Origin, Patch, Result, SuperIdentityId, Verb, WorkspaceId, fold,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::dialect;
use super::find::find_all_locked;
use super::row::ExternalUserRow;
use super::write::Outcome;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::directory::{channels, super_identities};
use crate::schema::external_users;
use crate::types::{StoredUuid, all_stored, stored};

/// The names to find users by. Each result is at the position of its name; `None` if there is no such user.
#[derive(Debug, Clone)]
pub enum Names {
    /// Their ids.
    Ids(Vec<ExternalUserId>),
    /// Their external ids.
    ExternalIds(Vec<String>),
    /// Their identifiers, ignoring case and blanks around them.
    Identifiers(Vec<String>),
    /// Their e-mail addresses, ignoring case, blanks around them and the form of the domain.
    EmailAddresses(Vec<String>),
}

/// Finds users by name, in the order of the names. If several share a name, it finds the default channel's, or else
/// the oldest.
#[boxed]
pub async fn find_all(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    names: &Names,
) -> Result<Vec<Option<ExternalUser>>> {
    let folded = |names: &[String]| names.iter().map(|name| Identifier::folded_of(name)).collect::<Vec<_>>();
    match names {
        Names::Ids(ids) => {
            let users = load(connection, workspace_id, all_stored(ids)).await?;
            Ok(in_order_of(ids, users, |user| Some(user.id)))
        }
        Names::ExternalIds(ids) => {
            let users =
                first_of_each(connection, workspace_id, external_users::external_id::NAME, ids).await?;
            Ok(in_order_of(ids, users, |user| user.external_id.as_ref().map(ToString::to_string)))
        }
        Names::Identifiers(identifiers) => {
            let identifiers = folded(identifiers);
            let users = first_of_each(
                connection,
                workspace_id,
                external_users::identifier_folded::NAME,
                &identifiers,
            )
            .await?;
            Ok(in_order_of(&identifiers, users, |user| user.identifier.as_ref().map(Identifier::folded)))
        }
        Names::EmailAddresses(addresses) => {
            let forms: Vec<_> = addresses.iter().map(|text| EmailAddress::folded_forms(text)).collect();
            let column = external_users::email_folded::NAME;
            let users = first_of_each(connection, workspace_id, column, &forms.concat()).await?;
            let users = by_name(users, |user| user.email.as_ref().map(|email| fold(email.as_str())));
            let user = |forms: &Vec<String>| forms.iter().find_map(|form| users.get(form).cloned());
            Ok(forms.iter().map(user).collect())
        }
    }
}

/// Finds the first user with each value in a column: the default channel's before the others', then the oldest.
async fn first_of_each(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    column: &'static str,
    names: &[String],
) -> Result<Vec<ExternalUser>> {
    let default = channels::find_default(connection, workspace_id).await?.id;
    let names: Vec<_> = names.iter().collect::<HashSet<_>>().into_iter().cloned().collect();
    let ids = dialect::first_external_user_of_each(connection, workspace_id, default, column, names).await?;
    load(connection, workspace_id, ids).await
}

async fn load(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    ids: Vec<StoredUuid>,
) -> Result<Vec<ExternalUser>> {
    let query = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .filter(external_users::id.eq_any(ids));
    let rows = on_backend!(connection, |conn| query.load::<ExternalUserRow>(conn).await);
    rows.or_error("look external users up")?.into_iter().map(ExternalUser::try_from).collect()
}

fn in_order_of<N: Eq + Hash>(
    names: &[N],
    users: Vec<ExternalUser>,
    name: impl Fn(&ExternalUser) -> Option<N>,
) -> Vec<Option<ExternalUser>> {
    let users = by_name(users, name);
    names.iter().map(|name| users.get(name).cloned()).collect()
}

fn by_name<N: Eq + Hash>(
    users: Vec<ExternalUser>,
    name: impl Fn(&ExternalUser) -> Option<N>,
) -> HashMap<N, ExternalUser> {
    users.into_iter().filter_map(|user| Some((name(&user)?, user))).collect()
}

/// Changes the users with these distinct external ids, or creates them in the default channel. Each item succeeds or
/// fails alone: one whose custom fields break their rules fails with [`Error::Invalid`]. The changes must not name
/// identifiers, groups or tiers.
#[boxed]
pub async fn upsert_all(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    items: &[(ExternalId, ExternalUserChanges)],
) -> Result<Vec<Result<Outcome>>> {
    let names_others = |changes: &ExternalUserChanges| {
        changes.identifier != Patch::Absent
            || changes.external_user_group_id != Patch::Absent
            || changes.tier_id != Patch::Absent
    };
    if items.iter().any(|(_, changes)| names_others(changes)) {
        return Err(Error::Internal("several users cannot be given names that others may have".to_owned()));
    }
    in_transaction!(connection, {
        let channel = channels::find_default(connection, workspace_id).await?;
        let known = find_locked(connection, workspace_id, items).await?;
        let mut changed = Vec::new();
        let mut outcomes = Vec::new();
        for (external_id, changes) in items {
            let before = known.get(external_id.as_str());
            let after = after_change(origin, before, (workspace_id, channel.id), external_id, changes);
            outcomes.push(after.map(|after| {
                let outcome = if before.is_some() { Outcome::Found } else { Outcome::Created };
                changed.push((before, after));
                outcome
            }));
        }
        store_all(connection, origin, workspace_id, changed).await?;
        Ok(outcomes)
    })
}

/// Finds the users with these external ids and locks them until the transaction ends.
async fn find_locked(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    items: &[(ExternalId, ExternalUserChanges)],
) -> Result<HashMap<String, ExternalUser>> {
    let names = Names::ExternalIds(items.iter().map(|(external_id, _)| external_id.to_string()).collect());
    let found: Vec<_> = find_all(connection, workspace_id, &names).await?.into_iter().flatten().collect();
    let ids: Vec<_> = found.iter().map(|user| user.id).collect();
    let locked = find_all_locked(connection, workspace_id, &ids).await?;
    let locked = locked.into_iter().filter_map(|user| Some((user.external_id.as_ref()?.to_string(), user)));
    let locked: HashMap<_, _> = locked.collect();
    let is_same = |user: &ExternalUser| {
        let now = user.external_id.as_ref().and_then(|external_id| locked.get(external_id.as_str()));
        now.is_some_and(|now| now.id == user.id)
    };
    // Before the locks, another request may have deleted one or changed its external id.
    if found.iter().all(is_same) { Ok(locked) } else { Err(Error::Conflict(Conflict::ConcurrentChange)) }
}

/// Returns a user after its changes. A new one has no super identity yet.
fn after_change(
    origin: &Origin,
    before: Option<&ExternalUser>,
    (workspace_id, channel_id): (WorkspaceId, ChannelId),
    external_id: &ExternalId,
    changes: &ExternalUserChanges,
) -> Result<ExternalUser> {
    let now = origin.source.clock.now();
    let mut user = before.cloned().unwrap_or_else(|| {
        let id = ExternalUserId::from_uuid(origin.source.ids.uuid());
        let nobody = SuperIdentityId::from_uuid(Uuid::nil());
        ExternalUser {
            external_id: Some(external_id.clone()),
            ..ExternalUser::blank(id, workspace_id, channel_id, nobody, now)
        }
    });
    changes.clone().apply_to(&mut user, origin.actor, now)?;
    Ok(user)
}

/// Stores users, and records their changes.
async fn store_all(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    users: Vec<(Option<&ExternalUser>, ExternalUser)>,
) -> Result<()> {
    let new_ids: Vec<_> = users.iter().filter(|(before, _)| before.is_none()).collect();
    let new_ids = new_ids.into_iter().filter_map(|(_, user)| user.external_id.as_ref()).collect();
    let people = super_identities::find_or_create_all(connection, origin, workspace_id, new_ids).await?;
    let (mut made, mut changed, mut noted) = (Vec::new(), Vec::new(), Vec::new());
    for (before, mut user) in users {
        if let (None, Some(external_id)) = (before, &user.external_id) {
            let person = people.get(external_id.as_str());
            user.super_identity_id = *person.ok_or(Error::Conflict(Conflict::ConcurrentChange))?;
        }
        let rows = if before.is_some() { &mut changed } else { &mut made };
        if before != Some(&user) {
            rows.push(ExternalUserRow::from(&user));
            let verb = if before.is_some() { Verb::Update } else { Verb::Create };
            noted.push(audit_events::change_between(origin, Some(workspace_id), verb, before, Some(&user)));
        }
    }
    dialect::store_external_users(connection, made, changed).await?;
    audit_events::insert_all(connection, noted).await
}
