//! Finds workflows.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Reach, Result, Status, TriggerKind, Workflow, WorkflowId, WorkflowStatus, WorkflowViewer, WorkspaceId,
};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::owners;
use super::row::WorkflowRow;
use crate::connection::{DbConnection, OrError as _, on_backend, on_each_backend};
use crate::schema::{workflows, workspaces};
use crate::types::{StoredUuid, all_stored, stored};

/// Selects the row of a workflow.
macro_rules! row_of {
    ($workspace_id:expr, $id:expr) => {
        workflows::table
            .filter(workflows::workspace_id.eq(crate::types::stored($workspace_id)))
            .filter(workflows::id.eq(crate::types::stored($id)))
    };
}
pub(super) use row_of;

/// Finds a workflow by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: WorkflowId,
) -> Result<Option<Workflow>> {
    let query = row_of!(workspace_id, id);
    let row = on_backend!(connection, |conn| query.first::<WorkflowRow>(conn).await.optional());
    let row = row.or_error("find a workflow")?;
    Ok(with_owners(connection, row.into_iter().collect()).await?.pop())
}

/// Finds a workflow by its id alone, of any workspace: for requests that come without a credential, and for callers who see
/// all workspaces.
#[boxed]
pub async fn find_anywhere(connection: &mut DbConnection, id: WorkflowId) -> Result<Option<Workflow>> {
    let query = workflows::table.filter(workflows::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<WorkflowRow>(conn).await.optional());
    let row = row.or_error("find a workflow of any workspace")?;
    Ok(with_owners(connection, row.into_iter().collect()).await?.pop())
}

/// Finds an active workflow by its id alone that starts by requests to its address, of a workspace that is active. One query
/// decides, so that whoever asks cannot tell by the time which of these a workflow lacks, or whether there is one.
#[boxed]
pub async fn find_called(connection: &mut DbConnection, id: WorkflowId) -> Result<Option<Workflow>> {
    let active = workspaces::table
        .filter(workspaces::status.eq(Status::Active.to_string()))
        .filter(workspaces::id.eq(workflows::workspace_id));
    let query = workflows::table
        .filter(workflows::id.eq(stored(id)))
        .filter(workflows::status.eq(WorkflowStatus::Active.to_string()))
        .filter(workflows::trigger_kind.eq(TriggerKind::Webhook.to_string()))
        .filter(exists(active));
    let row = on_backend!(connection, |conn| query.first::<WorkflowRow>(conn).await.optional());
    let row = row.or_error("find the workflow of an address")?;
    Ok(with_owners(connection, row.into_iter().collect()).await?.pop())
}

/// Finds workflows by their ids alone, in any order. Those that are gone are left out.
#[boxed]
pub async fn find_all(connection: &mut DbConnection, ids: &[WorkflowId]) -> Result<Vec<Workflow>> {
    let query = workflows::table.filter(workflows::id.eq_any(all_stored(ids)));
    let rows = on_backend!(connection, |conn| query.load::<WorkflowRow>(conn).await);
    with_owners(connection, rows.or_error("find workflows")?).await
}

/// Finds a workflow by id that someone may see.
#[boxed]
pub async fn find_within(
    connection: &mut DbConnection,
    viewer: WorkflowViewer,
    id: WorkflowId,
) -> Result<Option<Workflow>> {
    let found = match viewer.reach {
        Reach::Everywhere => find_anywhere(connection, id).await?,
        Reach::Workspace(workspace_id) => find(connection, workspace_id, id).await?,
    };
    Ok(found.filter(|workflow| workflow.is_within(viewer)))
}

/// Locks a workflow until the transaction ends.
pub(super) async fn lock(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: WorkflowId,
) -> Result<()> {
    let query = row_of!(workspace_id, id).select(workflows::id);
    on_each_backend!(
        connection,
        Postgres | conn | query.for_update().load::<StoredUuid>(conn).await,
        Sqlite | _conn | Ok(Vec::new())
    )
    .or_error("lock a workflow")?;
    Ok(())
}

/// Lists the active workflows of a workspace that start on events: at most as many as may be active.
#[boxed]
pub async fn on_events(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<Vec<Workflow>> {
    let query = workflows::table
        .filter(workflows::workspace_id.eq(stored(workspace_id)))
        .filter(workflows::trigger_kind.eq(TriggerKind::Event.to_string()))
        .filter(workflows::status.eq(WorkflowStatus::Active.to_string()))
        .order(workflows::id.asc());
    let rows = on_backend!(connection, |conn| query.load::<WorkflowRow>(conn).await);
    with_owners(connection, rows.or_error("find the workflows that start on events")?).await
}

/// Adds the owners to rows of workflows.
pub(super) async fn with_owners(
    connection: &mut DbConnection,
    rows: Vec<WorkflowRow>,
) -> Result<Vec<Workflow>> {
    let ids = rows.iter().map(|row| row.id).collect();
    let mut owners = owners::of_workflows(connection, ids).await?;
    rows.into_iter()
        .map(|row| {
            let owners = owners.remove(&row.id.into()).unwrap_or_default();
            row.with(owners)
        })
        .collect()
}
