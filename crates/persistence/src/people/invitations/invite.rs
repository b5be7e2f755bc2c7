//! Creates and withdraws invitations.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccountId, AccountNumber, Conflict, Error, Flow, FlowId, Invitation, InvitationNumber, InvitationState,
    Origin, Place, Profile, Result, Timestamp, Username, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::find;
use super::row::into;
use super::store::{ensure, every_form};
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::accounts::ProfileRow;
use crate::people::asker::Asker;
use crate::people::flows::{find_by_id, insert_participants, participant};
use crate::queries::locks;
use crate::schema::{accounts, flow_memberships, invitations, memberships};
use crate::types::stored;

/// The outcome of inviting addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invited {
    /// The invitations of the addresses that are not blocked, in the order of the addresses.
    pub invitations: Vec<Invitation>,
    /// The members of the workspace, who joined the flow at once.
    pub added: Vec<Profile>,
    /// The addresses that are blocked from the flow.
    pub blocked: Vec<Username>,
}

/// Invites up to a thousand addresses to a flow. Members of the workspace join at once; others when an account with
/// the address becomes a member. Inviting an address again returns its invitation. `None` if there is no such flow.
/// Fails if the caller has no access to it, if it is archived, and with [`Conflict::TooManyInvitations`].
#[boxed]
pub async fn invite(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    emails: &[Username],
) -> Result<Option<Invited>> {
    in_transaction!(connection, {
        // An account that becomes a member meanwhile either is one already, or finds its invitation afterwards.
        locks::lock_workspace(connection, workspace_id).await?;
        locks::lock_flow(connection, workspace_id, flow_id).await?;
        let now = origin.source.clock.now();
        let Some(flow) = accessible(connection, asker, workspace_id, flow_id, now).await? else {
            return Ok(None);
        };
        if flow.is_archived {
            return Err(Error::Conflict(Conflict::FlowArchived));
        }
        let members = members_among(connection, &flow, emails).await?;
        let (added, newcomers) = newcomers(&members);
        insert_participants(connection, origin, &flow, &newcomers).await?;
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

/// Withdraws an invitation. `None` if there is no such flow or invitation. Fails if the caller has no access to the
/// flow, and with [`Conflict::InvitationAccepted`].
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    number: InvitationNumber,
) -> Result<Option<()>> {
    in_transaction!(connection, {
        locks::lock_flow(connection, workspace_id, flow_id).await?;
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

/// Finds a flow that the caller has access to.
async fn accessible(
    connection: &mut DbConnection,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    now: Timestamp,
) -> Result<Option<Flow>> {
    let asking = asker.standing(connection, now).await?.authority.account_id;
    let Some(flow) = find_by_id(connection, workspace_id, flow_id).await? else {
        return Ok(None);
    };
    flow.require_access(participant(connection, &flow, asking).await?)?;
    Ok(Some(flow))
}

/// Finds the members of the flow's workspace with these addresses, and their places in the flow. An address that
/// nobody vouches for does not count.
async fn members_among(
    connection: &mut DbConnection,
    flow: &Flow,
    emails: &[Username],
) -> Result<HashMap<Username, (Profile, Place)>> {
    let emails = every_form(emails.iter());
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
        Ok((profile.username.renewed(), (profile, place)))
    };
    rows.or_error("find members by their addresses")?.into_iter().map(member).collect()
}

/// Returns the members who are not in the flow yet, by number.
fn newcomers(
    members: &HashMap<Username, (Profile, Place)>,
) -> (Vec<Profile>, Vec<(AccountId, AccountNumber)>) {
    let absent = members.values().filter(|(_, place)| *place == Place::Absent);
    let mut added: Vec<_> = absent.map(|(profile, _)| profile.clone()).collect();
    added.sort_by_key(|profile| profile.number);
    let ids = added.iter().map(|profile| (profile.account_id, profile.number)).collect();
    (added, ids)
}
