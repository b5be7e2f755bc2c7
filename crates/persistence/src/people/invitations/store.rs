//! Stores invitations.

use std::collections::{HashMap, HashSet};

use denizen_domain::{
    Coded as _, Conflict, Error, Flow, Invitation, InvitationState, Origin, Result, Timestamp, Username, Verb,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::{InvitationRow, into};
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::numbers;
use crate::queries::dialect::insert_all;
use crate::schema::invitations;
use crate::types::{StoredTime, stored, texts};

/// The maximum number of pending invitations to a flow.
pub const MAXIMUM_PER_FLOW: i64 = 10_000;

/// Finds or creates the invitations of these addresses to a flow, and sets their states.
pub(super) async fn ensure(
    connection: &mut DbConnection,
    origin: &Origin,
    flow: &Flow,
    wanted: Vec<(&Username, InvitationState)>,
) -> Result<Vec<Invitation>> {
    let (now, workspace_id) = (origin.source.clock.now(), Some(flow.workspace_id));
    let mut events = Vec::new();
    let wanted: Vec<_> = wanted.into_iter().map(|(email, state)| (email.renewed(), state)).collect();
    let emails = every_form(wanted.iter().map(|(email, _)| email));
    let existing = into!(flow.workspace_id, flow.id).filter(invitations::email.eq_any(emails));
    let existing = on_backend!(connection, |conn| existing.load::<InvitationRow>(conn).await);
    let existing = existing.or_error("find invitations by their addresses")?;
    let mut known: HashMap<Username, Invitation> = existing
        .into_iter()
        .map(|row| Invitation::try_from(row).map(|invitation| (invitation.email.renewed(), invitation)))
        .collect::<Result<_>>()?;
    let states: HashMap<&Username, InvitationState> =
        wanted.iter().map(|(email, state)| (email, *state)).collect();
    for state in InvitationState::ALL {
        let is_other = |invitation: &&mut Invitation| {
            invitation.state != *state && states.get(&invitation.email.renewed()) == Some(state)
        };
        let changed: Vec<_> = known.values_mut().filter(is_other).collect();
        let numbers = changed.iter().map(|invitation| invitation.number.as_i64()).collect();
        for invitation in changed {
            let before = invitation.clone();
            (invitation.state, invitation.updated_at) = (*state, now);
            let after = Some(&*invitation);
            events.push(audit_events::change_between(
                origin,
                workspace_id,
                Verb::Update,
                Some(&before),
                after,
            ));
        }
        store_state(connection, flow, numbers, *state, now).await?;
    }
    audit_events::insert_all(connection, events).await?;
    let new: Vec<_> = wanted.iter().filter(|(email, _)| !known.contains_key(email)).collect();
    if new.is_empty() {
        return Ok(wanted.iter().filter_map(|(email, _)| known.remove(email)).collect());
    }
    require_room(connection, flow, new.len()).await?;
    let numbers = numbers::of_invitations(connection, new.len()).await?;
    let made: Vec<_> = new
        .into_iter()
        .zip(numbers)
        .map(|((email, state), number)| Invitation {
            number,
            workspace_id: flow.workspace_id,
            flow_id: flow.id,
            email: email.clone(),
            state: *state,
            created_at: now,
            updated_at: now,
        })
        .collect();
    insert(connection, &made).await?;
    let event = |made| audit_events::change_between(origin, workspace_id, Verb::Create, None, Some(made));
    audit_events::insert_all(connection, made.iter().map(event).collect()).await?;
    known.extend(made.into_iter().map(|invitation| (invitation.email.clone(), invitation)));
    Ok(wanted.iter().filter_map(|(email, _)| known.remove(email)).collect())
}

async fn insert(connection: &mut DbConnection, made: &[Invitation]) -> Result<()> {
    let rows: Vec<_> = made.iter().map(InvitationRow::from).collect();
    let inserted = insert_all!(
        connection,
        invitations,
        &rows,
        InvitationRow { workspace_id, number, flow_id, email, state, created_at, updated_at }
    );
    inserted.or_error("insert invitations")?;
    Ok(())
}

/// Returns the texts under which invitations and accounts with these addresses may be stored.
pub(super) fn every_form<'a>(emails: impl Iterator<Item = &'a Username>) -> Vec<String> {
    texts(&emails.flat_map(|email| Username::stored_forms(email.as_str())).collect::<Vec<_>>())
}

async fn store_state(
    connection: &mut DbConnection,
    flow: &Flow,
    numbers: HashSet<i64>,
    state: InvitationState,
    now: Timestamp,
) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let changed = invitations::table
        .filter(invitations::workspace_id.eq(stored(flow.workspace_id)))
        .filter(invitations::number.eq_any(numbers.into_iter().collect::<Vec<_>>()));
    let changes = (invitations::state.eq(state.code()), invitations::updated_at.eq(StoredTime::from(now)));
    on_backend!(connection, |conn| diesel::update(changed).set(changes).execute(conn).await)
        .or_error("change invitations")?;
    Ok(())
}

async fn require_room(connection: &mut DbConnection, flow: &Flow, more: usize) -> Result<()> {
    let existing = into!(flow.workspace_id, flow.id)
        .filter(invitations::state.eq(InvitationState::Pending.code()))
        .count();
    let existing: i64 =
        on_backend!(connection, |conn| existing.get_result(conn).await).or_error("count invitations")?;
    let room = MAXIMUM_PER_FLOW.saturating_sub(existing);
    if i64::try_from(more).is_ok_and(|more| more <= room) {
        Ok(())
    } else {
        Err(Error::Conflict(Conflict::TooManyInvitations))
    }
}
