//! Trying executions again.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, ExecutionId, Resource};
use denizen_persistence::executions;

use super::super::pages::WithMeta;
use super::get::{control_of, find};
use crate::contracts::workflows::answer::ExecutionAnswer;
use crate::guards::caller::{Caller, CanControlFlows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Tries an execution again
///
/// For an execution that has failed or was cancelled, of an active flow. The steps that failed and those that were not done are
/// tried again, at once, with all their attempts; what was done is not repeated.
#[utoipa::path(post, path = "/executions/{id}/retry", operation_id = "executions.retry", tag = "Executions",
    params(("id" = Uuid, Path, description = "The execution's id")),
    responses(
        (status = 200, description = "The execution runs", body = WithMeta<ExecutionAnswer>),
        (status = 404, description = "Execution not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The execution has neither failed nor was it cancelled, or the flow is not active", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.control"]), ("session_cookie" = ["flows.control"])))]
pub(crate) async fn retry(
    caller: Caller<CanControlFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<ExecutionId>,
) -> ApiResult<Json<WithMeta<ExecutionAnswer>>> {
    let execution = find(&state, &caller, id).await?;
    let (workspace_id, limits) = (execution.workspace_id, &state.options().workflow_limits);
    let connection = &mut state.database().write().await?;
    let again =
        executions::retry(connection, caller.origin(), control_of(&caller), workspace_id, id, limits).await?;
    let execution = again.ok_or_else(|| Error::not_found(Resource::Execution, id))?;
    Ok(Json(WithMeta::of(ExecutionAnswer::from(execution))))
}
