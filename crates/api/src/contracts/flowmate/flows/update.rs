//! Changing flows.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Json as JsonValue, Resource, Result, Violations, WorkflowId};
use denizen_persistence::workflows;

use super::super::pages::WithMeta;
use super::access::{find, viewer};
use crate::contracts::workflows::answer::WorkflowAnswer;
use crate::contracts::workflows::body::FlowChanges;
use crate::contracts::workflows::input::{object, workflow_changes};
use crate::guards::caller::{AccountHolder, Caller, CanWriteFlows, Permission};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a flow
///
/// Replaces the keys that are given. `cron` alone makes a schedule of the trigger, in the time zone of the schedule before;
/// null makes a webhook of a schedule. The flow must be inactive. From now on, its steps have the rights of the caller.
#[utoipa::path(patch, path = "/flows/{id}", operation_id = "workflows.update", tag = "Flows (FlowMate)", request_body = FlowChanges,
    params(("id" = Uuid, Path, description = "The flow's id")),
    responses(
        (status = 200, description = "The flow was changed", body = WithMeta<WorkflowAnswer>),
        (status = 404, description = "Flow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The flow is not inactive", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.write"]), ("session_cookie" = ["flows.write"])))]
pub(crate) async fn update(
    caller: Caller<CanWriteFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
    AnyJson(body, unknown, _): AnyJson<FlowChanges>,
) -> ApiResult<Json<WithMeta<WorkflowAnswer>>> {
    Ok(Json(WithMeta::of(update_one(&state, &caller, id, unknown, &body).await?)))
}

/// Changes one flow.
pub(super) async fn update_one<P>(
    state: &AppState,
    caller: &Caller<P>,
    id: WorkflowId,
    unknown: Violations,
    body: &JsonValue,
) -> Result<WorkflowAnswer>
where
    P: Permission<Holder = AccountHolder>,
{
    let body = object(body)?;
    let connection = &mut state.database().write().await?;
    let flow = find(connection, caller, id).await?;
    let changes = workflow_changes(unknown, body, &flow, &state.options().workflow_limits)?;
    let (key, asker) = ((flow.workspace_id, id), Some(caller.asker()));
    let changed =
        workflows::change(connection, caller.origin(), asker, viewer(caller), key, &changes).await?;
    let changed = changed.ok_or_else(|| Error::not_found(Resource::Workflow, id))?;
    Ok(WorkflowAnswer::from(changed))
}
