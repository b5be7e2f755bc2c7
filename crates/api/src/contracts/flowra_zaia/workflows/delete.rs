//! Deleting workflows.

use axum::Json;
use axum::extract::State;
use denizen_domain::WorkflowId;
use denizen_persistence::workflows;

use super::answer::{self, EmptyEnvelope};
use super::known::{missing, viewer};
use crate::guards::caller::{Caller, CanWriteWorkflows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes a workflow
///
/// It must be inactive.
#[utoipa::path(delete, path = "/api/v1/workflow/manager/delete/{id}", operation_id = "workflowManager.delete", tag = "Workflows",
    params(("id" = Uuid, Path, description = "The workflow's id")),
    responses(
        (status = 200, description = "The workflow was deleted", body = EmptyEnvelope),
        (status = 404, description = "Workflow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The workflow is not inactive", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["workflows:write"]), ("bearer" = ["workflows:write"]), ("authorization" = ["workflows:write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteWorkflows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
) -> ApiResult<Json<EmptyEnvelope>> {
    let (origin, viewer, key) = (caller.origin(), viewer(&caller), (caller.workspace_id, id));
    let connection = &mut state.database().write().await?;
    if !workflows::delete(connection, origin, None, viewer, key).await? {
        return Err(missing(id).into());
    }
    Ok(answer::nothing("Workflow deleted."))
}
