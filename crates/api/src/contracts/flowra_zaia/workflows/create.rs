//! Creating workflows.

use axum::Json;
use axum::extract::State;
use denizen_persistence::workflows;

use super::answer::{self, WorkflowEnvelope};
use super::known::viewer;
use crate::contracts::workflows::body::NewFlow;
use crate::contracts::workflows::input::{self, Place};
use crate::guards::caller::{Caller, CanWriteWorkflows};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::error::ApiResult;

/// Creates a workflow
///
/// It is inactive, belongs to the workspace unless `owners` says otherwise, and has the rights of the key: its steps may do what
/// the key may do at the time, and nothing once the key is revoked. The body is that of FlowMate's `POST /api/flows`.
#[utoipa::path(post, path = "/api/v1/workflow/manager/create", operation_id = "workflowManager.create", tag = "Workflows",
    request_body = NewFlow,
    responses(
        (status = 200, description = "The workflow was created", body = WorkflowEnvelope),
        (status = 409, description = "The workspace has the maximum number of workflows", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["workflows:write"]), ("bearer" = ["workflows:write"]), ("authorization" = ["workflows:write"])))]
pub(crate) async fn create(
    caller: Caller<CanWriteWorkflows>,
    State(state): State<AppState>,
    AnyJson(body, unknown, _): AnyJson<NewFlow>,
) -> ApiResult<Json<WorkflowEnvelope>> {
    let place = Place::Only(caller.workspace_id);
    let new = input::new_workflow(unknown, input::object(&body)?, place, &state.options().workflow_limits)?;
    let connection = &mut state.database().write().await?;
    let workflow = workflows::create(connection, caller.origin(), None, viewer(&caller), &new).await?;
    Ok(answer::workflow("Workflow created.", workflow))
}
