//! Changing workflows.

use axum::Json;
use axum::extract::State;
use denizen_domain::WorkflowId;
use denizen_persistence::workflows;

use super::answer::{self, WorkflowEnvelope};
use super::known::{find, missing, viewer};
use crate::contracts::workflows::body::FlowChanges;
use crate::contracts::workflows::input;
use crate::guards::caller::{Caller, CanWriteWorkflows};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a workflow
///
/// The keys given are replaced; others stay. The workflow must be inactive. From then on, its steps have the rights of the key.
#[utoipa::path(put, path = "/api/v1/workflow/manager/update/{id}", operation_id = "workflowManager.update", tag = "Workflows",
    params(("id" = Uuid, Path, description = "The workflow's id")),
    request_body = FlowChanges,
    responses(
        (status = 200, description = "The workflow was changed", body = WorkflowEnvelope),
        (status = 404, description = "Workflow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The workflow is not inactive", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["workflows:write"]), ("bearer" = ["workflows:write"]), ("authorization" = ["workflows:write"])))]
pub(crate) async fn update(
    caller: Caller<CanWriteWorkflows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
    AnyJson(body, unknown, _): AnyJson<FlowChanges>,
) -> ApiResult<Json<WorkflowEnvelope>> {
    let before = find(&state, &caller, id).await?;
    let changes =
        input::workflow_changes(unknown, input::object(&body)?, &before, &state.options().workflow_limits)?;
    let (origin, viewer, key) = (caller.origin(), viewer(&caller), (before.workspace_id, id));
    let connection = &mut state.database().write().await?;
    let workflow = workflows::change(connection, origin, None, viewer, key, &changes).await?;
    Ok(answer::workflow("Workflow updated.", workflow.ok_or_else(|| missing(id))?))
}
