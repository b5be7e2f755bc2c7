//! What a key sees of workflows: those that its workspace owns.

use denizen_domain::{Error, KeyHolder, Reach, Resource, Result, Workflow, WorkflowId, WorkflowViewer};
use denizen_persistence::workflows;

use crate::state::AppState;

/// Returns what a key may see.
pub(super) fn viewer(holder: &KeyHolder) -> WorkflowViewer {
    WorkflowViewer { reach: Reach::Workspace(holder.workspace_id), account_id: None }
}

/// Finds a workflow that a key sees.
pub(super) async fn find(state: &AppState, holder: &KeyHolder, id: WorkflowId) -> Result<Workflow> {
    let connection = &mut state.database().read_by_key().await?;
    let workflow = workflows::find_within(connection, viewer(holder), id).await?;
    workflow.ok_or_else(|| missing(id))
}

/// The error for a workflow that a key does not see.
pub(super) fn missing(id: WorkflowId) -> Error {
    Error::not_found(Resource::Workflow, id)
}
