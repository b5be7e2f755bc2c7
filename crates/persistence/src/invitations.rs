//! Invitations into flows.

use std::collections::{HashMap, HashSet};

use denizen_domain::{
    Account, AccountId, AccountNumber, Coded as _, Conflict, Error, Flow, FlowId, Invitation,
    InvitationNumber, InvitationState, Origin, Place, Profile, Result, Timestamp, Username, Verb,
    WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::accounts::ProfileRow;
use crate::asker::Asker;
use crate::dialect::insert_all;
use crate::error::{OrError as _, broken_row};
use crate::flows::{self, participant};
use crate::schema::{accounts, flow_memberships, flows as flow_table, invitations, memberships};
use crate::transaction::in_transaction;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{DbConnection, audit_events, dialect, numbers, on_backend};

/// The most pending invitations that a flow may have.
pub const MAXIMUM_PER_FLOW: i64 = 10_000;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = invitations)]
struct InvitationRow {
    workspace_id: StoredUuid,
    number: i64,
    flow_id: StoredUuid,
    email: String,
    state: String,
    created_at: StoredTime,
    updated_at: StoredTime,
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = Error;

    fn try_from(row: InvitationRow) -> Result<Self> {
        let InvitationRow { workspace_id, number, flow_id, email, state, created_at, updated_at } = row;
        Ok(Self {
            number: InvitationNumber::from_stored(number),
            workspace_id: workspace_id.into(),
            flow_id: flow_id.into(),
            email: Username::from_stored(email),
            state: InvitationState::from_code(&state)
                .map_err(|problem| broken_row("invitations", "state", number, problem))?,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

impl From<&Invitation> for InvitationRow {
    fn from(invitation: &Invitation) -> Self {
        let Invitation { number, workspace_id, flow_id, email, state, created_at, updated_at } = invitation;
        Self {
            workspace_id: stored(*workspace_id),
            number: number.as_i64(),
            flow_id: stored(*flow_id),
            email: email.to_string(),
            state: state.to_string(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

/// The invitations into a flow.
macro_rules! into {
    ($workspace_id:expr, $flow_id:expr) => {
        invitations::table
            .filter(invitations::workspace_id.eq(stored($workspace_id)))
            .filter(invitations::flow_id.eq(stored($flow_id)))
    };
}

/// So many of the pending invitations into a flow, by their numbers, after one of them.
pub async fn list_pending(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    after: Option<InvitationNumber>,
    limit: u32,
) -> Result<Vec<Invitation>> {
    let query = into!(workspace_id, flow_id)
        .filter(invitations::state.eq(InvitationState::Pending.code()))
        .filter(invitations::number.gt(after.map_or(0, InvitationNumber::as_i64)))
        .order(invitations::number.asc())
        .limit(i64::from(limit));
    let rows = on_backend!(connection, |conn| query.load::<InvitationRow>(conn).await);
    rows.or_error("list invitations")?.into_iter().map(Invitation::try_from).collect()
}

/// The invitation of this number into a flow.
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    number: InvitationNumber,
) -> Result<Option<Invitation>> {
    let query = into!(workspace_id, flow_id).filter(invitations::number.eq(number.as_i64()));
    let row = on_backend!(connection, |conn| query.first::<InvitationRow>(conn).await.optional());
    row.or_error("find an invitation")?.map(Invitation::try_from).transpose()
}

/// What came of inviting some addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invited {
    /// The invitation of each address that is not blocked, in the order of the addresses.
    pub invitations: Vec<Invitation>,
    /// Those who are members of the workspace, and were let into the flow at once.
    pub added: Vec<Profile>,
    /// The addresses of those who are blocked from the flow.
    pub blocked: Vec<Username>,
}

/// Invites people into a flow, up to a thousand at once. Whoever is a member of the workspace comes into the flow at
/// once; the others do when an account with the address becomes a member. The same address again has the same invitation.
/// `None` where there is no such flow. Fails where the asker has no access to it, where the flow is archived, and with
/// [`Conflict::TooManyInvitations`].
pub async fn invite(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    emails: &[Username],
) -> Result<Option<Invited>> {
    in_transaction!(connection, {
        // An account that becomes a member meanwhile is one before this, or finds its invitation after it.
        dialect::lock_workspace(connection, workspace_id).await?;
        dialect::lock_flow(connection, workspace_id, flow_id).await?;
        let now = origin.source.clock.now();
        let Some(flow) = accessible(connection, asker, workspace_id, flow_id, now).await? else {
            return Ok(None);
        };
        if flow.is_archived {
            return Err(Error::Conflict(Conflict::FlowArchived));
        }
        let members = members_among(connection, &flow, emails).await?;
        let (added, newcomers) = newcomers(&members);
        flows::insert_participants(connection, origin, &flow, &newcomers).await?;
        let is_blocked =
            |email: &&Username| members.get(*email).is_some_and(|(_, place)| *place == Place::Blocked);
        let (blocked, free): (Vec<_>, Vec<_>) = emails.iter().partition(is_blocked);
        let wanted = free.into_iter().map(|email| {
            let is_member = members.contains_key(email);
            (email, if is_member { InvitationState::Accepted } else { InvitationState::Pending })
        });
        let invitations = ensure(connection, origin, &flow, wanted.collect()).await?;
        Ok(Some(Invited { invitations, added, blocked: blocked.into_iter().cloned().collect() }))
    })
}

/// Takes an invitation back. `None` where there is no such flow or invitation. Fails where the asker has no access to the
/// flow, and with [`Conflict::InvitationAccepted`].
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    number: InvitationNumber,
) -> Result<Option<()>> {
    in_transaction!(connection, {
        dialect::lock_flow(connection, workspace_id, flow_id).await?;
        let now = origin.source.clock.now();
        let Some(flow) = accessible(connection, asker, workspace_id, flow_id, now).await? else {
            return Ok(None);
        };
        let Some(invitation) = find(connection, workspace_id, flow.id, number).await? else {
            return Ok(None);
        };
        invitation.require_pending()?;
        let deleted = into!(workspace_id, flow_id).filter(invitations::number.eq(number.as_i64()));
        on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await)
            .or_error("delete an invitation")?;
        audit_events::deleted(connection, origin, workspace_id, &invitation).await?;
        Ok(Some(()))
    })
}

/// Lets a new member of a workspace into the flows in use that it is invited to.
pub(crate) async fn accept(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    account: &Account,
) -> Result<()> {
    let flows = on_backend!(connection, |conn| {
        invitations::table
            .inner_join(
                flow_table::table.on(flow_table::workspace_id
                    .eq(invitations::workspace_id)
                    .and(flow_table::id.eq(invitations::flow_id))),
            )
            .filter(invitations::email.eq(account.username.as_str()))
            .filter(invitations::state.eq(InvitationState::Pending.code()))
            .filter(invitations::workspace_id.eq(stored(workspace_id)))
            .filter(flow_table::is_archived.eq(false))
            .select(invitations::flow_id)
            .load::<StoredUuid>(conn)
            .await
    });
    for flow_id in flows.or_error("look for invitations")? {
        if let Some(flow) = flows::find_by_id(connection, workspace_id, flow_id.into()).await? {
            flows::insert_participants(connection, origin, &flow, &[(account.id, account.number)]).await?;
            let accepted = vec![(&account.username, InvitationState::Accepted)];
            ensure(connection, origin, &flow, accepted).await?;
        }
    }
    Ok(())
}

/// The flow, where the asker has access to it.
async fn accessible(
    connection: &mut DbConnection,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    now: Timestamp,
) -> Result<Option<Flow>> {
    let asking = asker.standing(connection, now).await?.authority.account_id;
    let Some(flow) = flows::find_by_id(connection, workspace_id, flow_id).await? else {
        return Ok(None);
    };
    flow.require_access(participant(connection, &flow, asking).await?)?;
    Ok(Some(flow))
}

/// Those with these addresses who are members of the flow's workspace, and what they are in the flow. Whoever has given
/// themselves an address that nobody stands for does not count as having it.
async fn members_among(
    connection: &mut DbConnection,
    flow: &Flow,
    emails: &[Username],
) -> Result<HashMap<Username, (Profile, Place)>> {
    let emails: Vec<_> = emails.iter().map(ToString::to_string).collect();
    let rows = on_backend!(connection, |conn| {
        accounts::table
            .inner_join(memberships::table.on(memberships::account_id.eq(accounts::id)))
            .left_join(
                flow_memberships::table.on(flow_memberships::workspace_id
                    .eq(memberships::workspace_id)
                    .and(flow_memberships::account_id.eq(memberships::account_id))
                    .and(flow_memberships::flow_id.eq(stored(flow.id)))),
            )
            .filter(memberships::workspace_id.eq(stored(flow.workspace_id)))
            .filter(memberships::is_vouched_for)
            .filter(accounts::username.eq_any(emails))
            .select((ProfileRow::as_select(), flow_memberships::is_blocked.nullable()))
            .load::<(ProfileRow, Option<bool>)>(conn)
            .await
    });
    let member = |(row, is_blocked): (ProfileRow, Option<bool>)| {
        let profile = Profile::try_from(row)?;
        let place = is_blocked.map_or(Place::Absent, Place::of_participant);
        Ok((profile.username.clone(), (profile, place)))
    };
    rows.or_error("find members by their addresses")?.into_iter().map(member).collect()
}

/// Those members who are not in the flow yet, by their numbers.
fn newcomers(
    members: &HashMap<Username, (Profile, Place)>,
) -> (Vec<Profile>, Vec<(AccountId, AccountNumber)>) {
    let absent = members.values().filter(|(_, place)| *place == Place::Absent);
    let mut added: Vec<_> = absent.map(|(profile, _)| profile.clone()).collect();
    added.sort_by_key(|profile| profile.number);
    let ids = added.iter().map(|profile| (profile.account_id, profile.number)).collect();
    (added, ids)
}

/// The invitations of these addresses into a flow, each with this state: made where there are none, and changed where they
/// have come further, or no longer so far.
async fn ensure(
    connection: &mut DbConnection,
    origin: &Origin,
    flow: &Flow,
    wanted: Vec<(&Username, InvitationState)>,
) -> Result<Vec<Invitation>> {
    let (now, workspace_id) = (origin.source.clock.now(), Some(flow.workspace_id));
    let mut events = Vec::new();
    let emails: Vec<_> = wanted.iter().map(|(email, _)| email.to_string()).collect();
    let existing = into!(flow.workspace_id, flow.id).filter(invitations::email.eq_any(emails));
    let existing = on_backend!(connection, |conn| existing.load::<InvitationRow>(conn).await);
    let existing = existing.or_error("find invitations by their addresses")?;
    let mut known: HashMap<Username, Invitation> = existing
        .into_iter()
        .map(|row| Invitation::try_from(row).map(|invitation| (invitation.email.clone(), invitation)))
        .collect::<Result<_>>()?;
    let states: HashMap<&Username, InvitationState> = wanted.iter().copied().collect();
    for state in InvitationState::ALL {
        let is_other = |invitation: &&mut Invitation| {
            invitation.state != *state && states.get(&invitation.email) == Some(state)
        };
        let changed: Vec<_> = known.values_mut().filter(is_other).collect();
        let numbers = changed.iter().map(|invitation| invitation.number.as_i64()).collect();
        for invitation in changed {
            let before = invitation.clone();
            (invitation.state, invitation.updated_at) = (*state, now);
            let after = Some(&*invitation);
            events.push(audit_events::event(origin, workspace_id, Verb::Update, Some(&before), after));
        }
        store_state(connection, flow, numbers, *state, now).await?;
    }
    audit_events::insert_all(connection, events).await?;
    let new: Vec<_> = wanted.iter().filter(|(email, _)| !known.contains_key(*email)).collect();
    if new.is_empty() {
        return Ok(wanted.iter().filter_map(|(email, _)| known.remove(*email)).collect());
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
            email: (*email).clone(),
            state: *state,
            created_at: now,
            updated_at: now,
        })
        .collect();
    let rows = made.iter().map(InvitationRow::from).collect();
    insert_all!(connection, invitations::table, rows).or_error("insert invitations")?;
    let event = |made| audit_events::event(origin, workspace_id, Verb::Create, None, Some(made));
    audit_events::insert_all(connection, made.iter().map(event).collect()).await?;
    known.extend(made.into_iter().map(|invitation| (invitation.email.clone(), invitation)));
    Ok(wanted.iter().filter_map(|(email, _)| known.remove(*email)).collect())
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
