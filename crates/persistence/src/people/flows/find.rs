//! Finds flows.

use async_recursion::async_recursion as boxed;
use denizen_domain::{AccountId, Flow, FlowId, Result, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::FlowRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::organizations::{Organization, organizations_of};
use crate::people::workspaces::WorkspaceRow;
use crate::queries::locks;
use crate::schema::{flows, memberships, workspaces};
use crate::types::stored;

/// Finds a flow by slug in a workspace, regardless of who may see it.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    slug: &str,
) -> Result<Option<Flow>> {
    let query =
        flows::table.filter(flows::workspace_id.eq(stored(workspace_id))).filter(flows::slug.eq(slug));
    let row = on_backend!(connection, |conn| query.first::<FlowRow>(conn).await.optional());
    row.or_error("find a flow by its slug")?.map(Flow::try_from).transpose()
}

/// Finds a flow by id in the workspaces of an account, regardless of who may see it.
#[boxed]
pub async fn find_in_organizations(
    connection: &mut DbConnection,
    account_id: AccountId,
    id: FlowId,
) -> Result<Option<(Organization, Flow)>> {
    let row = on_backend!(connection, |conn| {
        organizations_of!(account_id)
            .inner_join(flows::table.on(flows::workspace_id.eq(workspaces::id)))
            .filter(flows::id.eq(stored(id)))
            .select((WorkspaceRow::as_select(), memberships::is_admin, FlowRow::as_select()))
            .first::<(WorkspaceRow, bool, FlowRow)>(conn)
            .await
            .optional()
    });
    let found = row.or_error("find a flow by its id")?;
    found
        .map(|(workspace, is_admin, flow)| {
            Ok((Organization::of(workspace, is_admin)?, Flow::try_from(flow)?))
        })
        .transpose()
}

/// Finds a flow by id and locks it until the transaction ends.
pub(super) async fn find_locked(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: FlowId,
) -> Result<Option<Flow>> {
    locks::lock_flow(connection, workspace_id, id).await?;
    find_by_id(connection, workspace_id, id).await
}

/// Finds a flow by id in a workspace.
#[boxed]
pub async fn find_by_id(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: FlowId,
) -> Result<Option<Flow>> {
    let query =
        flows::table.filter(flows::workspace_id.eq(stored(workspace_id))).filter(flows::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<FlowRow>(conn).await.optional());
    row.or_error("find a flow")?.map(Flow::try_from).transpose()
}
