//! Starting and stopping workflows.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Conflict, Error, Workflow, WorkflowId, WorkflowStatus};
use denizen_persistence::workflows::{self, Control};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{self, WorkflowEnvelope};
use super::known::{find, missing, viewer};
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanWriteWorkflows};
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;
use crate::wire::path::PathId;

/// Whether a workflow is to be active.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::active_status)]
pub(crate) struct ActiveStatus {
    /// Whether it is to be.
    #[schema(value_type = bool, required)]
    #[serde(default)]
    is_active: Input<bool>,
}

impl Body for ActiveStatus {
    type Record = ();
}

/// Starts or stops a workflow
///
/// It is `starting` or `stopping` at first, and soon `active` or `inactive`. One that is already so, or about to be, stays as it is.
/// Stopping cancels the executions that are under way.
#[utoipa::path(put, path = "/api/v1/workflow/manager/activeStatus/{id}", operation_id = "workflowManager.setActiveStatus", tag = "Workflows",
    params(("id" = Uuid, Path, description = "The workflow's id")),
    request_body = ActiveStatus,
    responses(
        (status = 200, description = "The workflow is active or inactive, or about to be", body = WorkflowEnvelope),
        (status = 404, description = "Workflow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The workflow is still stopping, or the workspace has the maximum number of active ones", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["workflows:write"]), ("bearer" = ["workflows:write"]), ("authorization" = ["workflows:write"])))]
pub(crate) async fn active_status(
    caller: Caller<CanWriteWorkflows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
    JsonBody(body, unknown): JsonBody<ActiveStatus>,
) -> ApiResult<Json<WorkflowEnvelope>> {
    let mut violations = unknown;
    let is_active = body.is_active.required(&mut violations, "isActive", |flag| Ok(*flag));
    let is_active = violations.into_value(is_active)?;
    let workflow = set(&state, &caller, id, is_active).await?;
    let message = if is_active { "Workflow is active." } else { "Workflow is inactive." };
    Ok(answer::workflow(message, workflow))
}

async fn set(
    state: &AppState,
    caller: &Caller<CanWriteWorkflows>,
    id: WorkflowId,
    is_active: bool,
) -> ApiResult<Workflow> {
    let control = Control { asker: None, viewer: viewer(caller) };
    let (origin, key) = (caller.origin(), (caller.workspace_id, id));
    let changed = {
        let connection = &mut state.database().write().await?;
        if is_active {
            let limits = &state.options().workflow_limits;
            workflows::start(connection, origin, control, key, limits).await
        } else {
            workflows::stop(connection, origin, control, key).await
        }
    };
    let is_so = |status| match status {
        WorkflowStatus::Starting | WorkflowStatus::Active => is_active,
        WorkflowStatus::Stopping | WorkflowStatus::Inactive => !is_active,
    };
    match changed {
        Err(Error::Conflict(Conflict::WorkflowAlready(status))) if is_so(status) => {
            Ok(find(state, caller, id).await?)
        }
        changed => Ok(changed?.ok_or_else(|| missing(id))?),
    }
}
