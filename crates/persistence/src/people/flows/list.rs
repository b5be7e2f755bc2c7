//! Lists of flows, by name.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use denizen_domain::{AccessMode, AccountId, Flow, FlowId, Place, Result, Slice, Window, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::FlowRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::organizations::{Organization, organizations_of};
use crate::people::workspaces::WorkspaceRow;
use crate::queries::keyset::load_window;
use crate::schema::{flow_memberships, flows, memberships, workspaces};
use crate::types::{StoredUuid, stored};

/// A flow in an account's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowListing {
    /// Its workspace, and the account's rank there.
    pub organization: Organization,
    /// The flow.
    pub flow: Flow,
    /// The account's place in it.
    pub place: Place,
    /// Whether the account's clients show it.
    pub is_open: bool,
}

impl FlowListing {
    /// Returns the flow's position in lists.
    pub fn place_in_list(&self) -> PlaceInList {
        PlaceInList { name_folded: self.flow.name.folded(), id: self.flow.id }
    }
}

/// A position in lists of flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceInList {
    name_folded: String,
    id: FlowId,
}

/// Which flows to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedFlows {
    /// Unarchived flows that the account is in.
    Joined,
    /// Flows that the account is in or can join: [`Flow::is_listed_for`].
    All,
    /// The same, within this workspace.
    AllOf(WorkspaceId),
}

/// Lists the flows of an account by name, after a position, up to a limit.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    account_id: AccountId,
    listed: ListedFlows,
    after: Option<&PlaceInList>,
    limit: u32,
) -> Result<Vec<FlowListing>> {
    let rows = on_backend!(connection, |conn| {
        let mut query = organizations_of!(account_id)
            .inner_join(flows::table.on(flows::workspace_id.eq(workspaces::id)))
            .left_join(
                flow_memberships::table.on(flow_memberships::workspace_id
                    .eq(flows::workspace_id)
                    .and(flow_memberships::flow_id.eq(flows::id))
                    .and(flow_memberships::account_id.eq(memberships::account_id))),
            )
            .select((
                WorkspaceRow::as_select(),
                memberships::is_admin,
                FlowRow::as_select(),
                (flow_memberships::is_blocked, flow_memberships::is_open).nullable(),
            ))
            .order((flows::name_folded.asc(), flows::id.asc()))
            .limit(i64::from(limit))
            .into_boxed();
        query = match listed {
            ListedFlows::Joined => query
                .filter(flow_memberships::is_blocked.eq(false).assume_not_null())
                .filter(flows::is_archived.eq(false)),
            ListedFlows::All => query.filter(is_listed!()),
            ListedFlows::AllOf(id) => query.filter(flows::workspace_id.eq(stored(id))).filter(is_listed!()),
        };
        if let Some(PlaceInList { name_folded, id }) = after {
            let is_after = flows::name_folded
                .gt(name_folded)
                .or(flows::name_folded.eq(name_folded).and(flows::id.gt(stored(*id))));
            query = query.filter(is_after);
        }
        query.load::<(WorkspaceRow, bool, FlowRow, Option<(bool, bool)>)>(conn).await
    });
    let listing = |(workspace, is_admin, flow, own): (WorkspaceRow, bool, FlowRow, Option<(bool, bool)>)| {
        Ok(FlowListing {
            organization: Organization::of(workspace, is_admin)?,
            flow: Flow::try_from(flow)?,
            place: own.map_or(Place::Absent, |(is_blocked, _)| Place::of_participant(is_blocked)),
            is_open: own.is_some_and(|(is_blocked, is_open)| is_open && !is_blocked),
        })
    };
    rows.or_error("list the flows of an account")?.into_iter().map(listing).collect()
}

/// A flow with the number of its participants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedFlow {
    /// The flow.
    pub flow: Flow,
    /// The number of participants, except blocked ones.
    pub user_count: i64,
}

/// Lists a page of a workspace's flows by name, archived ones included. For operators.
#[boxed]
pub async fn list_all(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    window: &Window,
) -> Result<Slice<CountedFlow>> {
    let rows = load_window!(
        connection,
        flows::table.filter(flows::workspace_id.eq(stored(workspace_id))).into_boxed(),
        flows::name_folded,
        flows::id,
        window,
        String,
        FlowRow
    );
    let rows: Vec<FlowRow> = rows.or_error("list the flows of a workspace")?;
    let counts = user_counts(connection, workspace_id, rows.iter().map(|row| row.id).collect()).await?;
    let counted = |row: FlowRow| {
        let flow = Flow::try_from(row)?;
        let user_count = counts.get(&flow.id).copied().unwrap_or_default();
        Ok(CountedFlow { flow, user_count })
    };
    Ok(Slice::cut(rows.into_iter().map(counted).collect::<Result<_>>()?, window))
}

async fn user_counts(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    ids: Vec<StoredUuid>,
) -> Result<HashMap<FlowId, i64>> {
    let counts = flow_memberships::table
        .filter(flow_memberships::workspace_id.eq(stored(workspace_id)))
        .filter(flow_memberships::flow_id.eq_any(ids))
        .filter(flow_memberships::is_blocked.eq(false))
        .group_by(flow_memberships::flow_id)
        .select((flow_memberships::flow_id, diesel::dsl::count_star()));
    let counts = on_backend!(connection, |conn| counts.load::<(StoredUuid, i64)>(conn).await);
    Ok(counts.or_error("count who is in flows")?.into_iter().map(|(id, count)| (id.into(), count)).collect())
}

/// The rule of [`Flow::is_listed_for`]: blocked accounts do not find the flow, administrators find all others, and
/// members find unarchived flows that they are in or that are open to all.
macro_rules! is_listed {
    () => {
        flow_memberships::account_id
            .is_null()
            .or(flow_memberships::is_blocked.eq(false).assume_not_null())
            .and(
                memberships::is_admin.or(flows::is_archived.eq(false).and(
                    flows::access_mode
                        .eq(AccessMode::Organization.to_string())
                        .or(flow_memberships::account_id.is_not_null()),
                )),
            )
    };
}
use is_listed;
