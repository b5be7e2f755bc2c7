//! The participants of flows, and the accounts blocked from them.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccountId, AccountNumber, Flow, FlowId, FlowMembership, Origin, Participant, Place, Profile, Rank,
    Result, Timestamp, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::entry::insert_participants;
use super::find::find_by_id;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::accounts::{ProfileRow, find as find_account};
use crate::people::asker::Asker;
use crate::people::departures;
use crate::people::memberships::{Entry, insert as insert_membership};
use crate::people::organizations::{organizations_of, require_kept};
use crate::queries::locks;
use crate::schema::{accounts, flow_memberships, memberships, workspaces};
use crate::types::{StoredTime, StoredUuid, stored};

/// Selects the row of an account in a flow.
macro_rules! own_row {
    ($flow:expr, $account_id:expr) => {
        flow_memberships::table
            .filter(flow_memberships::workspace_id.eq(stored($flow.workspace_id)))
            .filter(flow_memberships::flow_id.eq(stored($flow.id)))
            .filter(flow_memberships::account_id.eq(stored($account_id)))
    };
}
pub(super) use own_row;

/// An account in a flow, or blocked from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowUser {
    /// The account.
    pub profile: Profile,
    /// Whether it is blocked.
    pub is_blocked: bool,
}

/// Lists the accounts in a flow, blocked ones included, by number, after a number, up to a limit.
#[boxed]
pub async fn list_users(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    after: Option<AccountNumber>,
    limit: u32,
) -> Result<Vec<FlowUser>> {
    let rows = on_backend!(connection, |conn| {
        flow_memberships::table
            .inner_join(accounts::table.on(accounts::id.eq(flow_memberships::account_id)))
            .filter(flow_memberships::workspace_id.eq(stored(workspace_id)))
            .filter(flow_memberships::flow_id.eq(stored(flow_id)))
            .filter(flow_memberships::account_number.gt(after.map_or(0, AccountNumber::as_i64)))
            .order(flow_memberships::account_number.asc())
            .limit(i64::from(limit))
            .select((ProfileRow::as_select(), flow_memberships::is_blocked))
            .load::<(ProfileRow, bool)>(conn)
            .await
    });
    let user =
        |(row, is_blocked): (ProfileRow, bool)| Ok(FlowUser { profile: Profile::try_from(row)?, is_blocked });
    rows.or_error("list who is in a flow")?.into_iter().map(user).collect()
}

/// An account's relation to a flow, and whether its clients show it.
#[boxed]
pub async fn find_participant(
    connection: &mut DbConnection,
    flow: &Flow,
    account_id: AccountId,
) -> Result<(Participant, bool)> {
    let row = on_backend!(connection, |conn| {
        organizations_of!(account_id)
            .left_join(
                flow_memberships::table.on(flow_memberships::workspace_id
                    .eq(memberships::workspace_id)
                    .and(flow_memberships::account_id.eq(memberships::account_id))
                    .and(flow_memberships::flow_id.eq(stored(flow.id)))),
            )
            .filter(workspaces::id.eq(stored(flow.workspace_id)))
            .select((
                memberships::is_admin,
                (flow_memberships::is_blocked, flow_memberships::is_open).nullable(),
            ))
            .first::<(bool, Option<(bool, bool)>)>(conn)
            .await
            .optional()
    });
    let row = row.or_error("find what an account is in a flow")?;
    let rank = row.map_or(Rank::Outsider, |(is_admin, _)| Rank::of_member(is_admin));
    let own = row.and_then(|(_, own)| own);
    let place = own.map_or(Place::Absent, |(is_blocked, _)| Place::of_participant(is_blocked));
    let is_open = own.is_some_and(|(is_blocked, is_open)| is_open && !is_blocked);
    Ok((Participant { account_id, rank, place }, is_open))
}

/// Finds an account's relation to a flow. The operator, who has no account, counts as an administrator of the
/// workspace.
pub(crate) async fn participant(
    connection: &mut DbConnection,
    flow: &Flow,
    account_id: Option<AccountId>,
) -> Result<Participant> {
    match account_id {
        Some(account_id) => Ok(find_participant(connection, flow, account_id).await?.0),
        None => Ok(Participant {
            account_id: AccountId::from_uuid(Uuid::nil()),
            rank: Rank::Admin,
            place: Place::Absent,
        }),
    }
}

/// Adds a member of the workspace to a flow, by number. Changes nothing for a participant or a blocked account. `None`
/// if there is no such flow. Fails if the caller may not ([`Flow::require_may_add`]).
#[boxed]
pub async fn add(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    number: AccountNumber,
) -> Result<Option<()>> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        let Some((flow, who)) = before(connection, asker, workspace_id, flow_id, now).await? else {
            return Ok(None);
        };
        let other = participant_numbered(connection, &flow, number).await?;
        flow.require_may_add(who, other)?;
        insert_participants(connection, origin, &flow, &[(other.account_id, number)]).await?;
        Ok(Some(()))
    })
}

/// Blocks an account from a flow, or unblocks it, by number. `None` if there is no such flow. Fails if the caller may
/// not ([`Flow::require_may_block`]).
#[boxed]
pub async fn set_blocked(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    (number, is_blocked): (AccountNumber, bool),
) -> Result<Option<()>> {
    in_transaction!(connection, {
        // If two accounts block each other at the same time, the first wins, and the second has lost the right.
        locks::lock_flow(connection, workspace_id, flow_id).await?;
        let now = origin.source.clock.now();
        let Some((flow, who)) = before(connection, asker, workspace_id, flow_id, now).await? else {
            return Ok(None);
        };
        let other = participant_numbered(connection, &flow, number).await?;
        flow.require_may_block(who, other)?;
        if is_blocked && other.place == Place::Absent {
            insert_participants(connection, origin, &flow, &[(other.account_id, number)]).await?;
        }
        store_blocked(connection, origin, &flow, other.account_id, is_blocked).await?;
        Ok(Some(()))
    })
}

/// Adds the caller to a flow by its link, and to the workspace as an ordinary member. `None` if there is no such flow.
/// Fails if the link is not the flow's, or the caller is blocked ([`Flow::require_may_join_by_link`]).
#[boxed]
pub async fn join_by_link(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    code: &str,
) -> Result<Option<()>> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        let who = asker.standing(connection, now).await?.authority.account_id;
        let Some(account_id) = who else { return Ok(None) };
        locks::lock_account(connection, account_id).await?;
        let Some(flow) = find_by_id(connection, workspace_id, flow_id).await? else { return Ok(None) };
        let (participant, _) = find_participant(connection, &flow, account_id).await?;
        flow.require_may_join_by_link(participant, code)?;
        departures::require_none(connection, workspace_id, account_id).await?;
        require_kept(connection, workspace_id).await?;
        let Some(account) = find_account(connection, account_id).await? else { return Ok(None) };
        insert_membership(connection, origin, workspace_id, &account, Entry::ByLink).await?;
        insert_participants(connection, origin, &flow, &[(account_id, account.number)]).await?;
        Ok(Some(()))
    })
}

/// Adds an account to a flow, and to the workspace if it is not a member, and unblocks it. For operators. `None` if
/// there is no such flow or account.
#[boxed]
pub async fn add_account(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    account_id: AccountId,
) -> Result<Option<()>> {
    in_transaction!(connection, {
        locks::lock_account(connection, account_id).await?;
        require_kept(connection, workspace_id).await?;
        let Some(flow) = find_by_id(connection, workspace_id, flow_id).await? else { return Ok(None) };
        let Some(account) = find_account(connection, account_id).await? else { return Ok(None) };
        let entry = Entry::Brought { as_admin: false };
        insert_membership(connection, origin, workspace_id, &account, entry).await?;
        insert_participants(connection, origin, &flow, &[(account_id, account.number)]).await?;
        store_blocked(connection, origin, &flow, account_id, false).await?;
        Ok(Some(()))
    })
}

/// Removes an account from a flow, and its block. For operators. Returns whether it was in the flow.
#[boxed]
pub async fn remove(
    connection: &mut DbConnection,
    origin: &Origin,
    flow: &Flow,
    account_id: AccountId,
) -> Result<bool> {
    in_transaction!(connection, {
        locks::lock_account(connection, account_id).await?;
        let Some(membership) = find_membership(connection, flow, account_id).await? else { return Ok(false) };
        let own = own_row!(flow, account_id);
        on_backend!(connection, |conn| diesel::delete(own).execute(conn).await)
            .or_error("take an account out of a flow")?;
        audit_events::deleted(connection, origin, flow.workspace_id, &membership).await?;
        Ok(true)
    })
}

/// Finds the membership of an account in a flow, blocked or not.
pub(super) async fn find_membership(
    connection: &mut DbConnection,
    flow: &Flow,
    account_id: AccountId,
) -> Result<Option<FlowMembership>> {
    let own = own_row!(flow, account_id).select((
        flow_memberships::is_blocked,
        flow_memberships::is_open,
        flow_memberships::created_at,
    ));
    let own = on_backend!(connection, |conn| own.first::<(bool, bool, StoredTime)>(conn).await.optional());
    let own = own.or_error("find what an account is in a flow")?;
    Ok(own.map(|(is_blocked, is_open, created_at)| FlowMembership {
        workspace_id: flow.workspace_id,
        flow_id: flow.id,
        account_id,
        is_blocked,
        is_open,
        created_at: created_at.into(),
    }))
}

/// Blocks a participant of a flow, or unblocks it.
async fn store_blocked(
    connection: &mut DbConnection,
    origin: &Origin,
    flow: &Flow,
    account_id: AccountId,
    is_blocked: bool,
) -> Result<()> {
    let Some(before) = find_membership(connection, flow, account_id).await? else {
        return Ok(());
    };
    let own = own_row!(flow, account_id);
    let change = flow_memberships::is_blocked.eq(is_blocked);
    on_backend!(connection, |conn| diesel::update(own).set(change).execute(conn).await)
        .or_error("block somebody from a flow")?;
    let after = FlowMembership { is_blocked, ..before.clone() };
    audit_events::updated(connection, origin, flow.workspace_id, &before, &after).await
}

/// Finds a flow, and the caller's relation to it.
async fn before(
    connection: &mut DbConnection,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    now: Timestamp,
) -> Result<Option<(Flow, Participant)>> {
    let asking = asker.standing(connection, now).await?.authority.account_id;
    let Some(flow) = find_by_id(connection, workspace_id, flow_id).await? else {
        return Ok(None);
    };
    let who = participant(connection, &flow, asking).await?;
    Ok(Some((flow, who)))
}

/// Finds the relation to a flow of the account with a number. One that does not exist is an outsider.
async fn participant_numbered(
    connection: &mut DbConnection,
    flow: &Flow,
    number: AccountNumber,
) -> Result<Participant> {
    let id = accounts::table.filter(accounts::number.eq(number.as_i64())).select(accounts::id);
    let id = on_backend!(connection, |conn| id.first::<StoredUuid>(conn).await.optional());
    let id = id.or_error("find an account by its number")?.unwrap_or(StoredUuid::from_uuid(Uuid::nil()));
    Ok(find_participant(connection, flow, id.into()).await?.0)
}
