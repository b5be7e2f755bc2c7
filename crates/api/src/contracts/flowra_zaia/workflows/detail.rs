//! Reading one workflow.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Scope, WorkflowId};

use super::answer::{self, WorkflowEnvelope};
use super::known::find;
use crate::guards::caller::{Caller, CanReadWorkflows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a workflow
#[utoipa::path(get, path = "/api/v1/workflow/manager/detail/{id}", operation_id = "workflowManager.get", tag = "Workflows",
    params(("id" = Uuid, Path, description = "The workflow's id")),
    responses(
        (status = 200, body = WorkflowEnvelope),
        (status = 404, description = "Workflow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["workflows:read"]), ("bearer" = ["workflows:read"]), ("authorization" = ["workflows:read"])))]
pub(crate) async fn detail(
    caller: Caller<CanReadWorkflows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
) -> ApiResult<Json<WorkflowEnvelope>> {
    let workflow = find(&state, &caller, id).await?;
    Ok(answer::found(workflow, caller.scopes.contains(Scope::WriteWorkflows)))
}
