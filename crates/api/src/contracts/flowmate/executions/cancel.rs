//! Cancelling executions.

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

/// Cancels an execution
///
/// No further step of it begins. What its steps have done remains.
#[utoipa::path(post, path = "/executions/{id}/cancel", operation_id = "executions.cancel", tag = "Executions",
    params(("id" = Uuid, Path, description = "The execution's id")),
    responses(
        (status = 200, description = "The execution is cancelled", body = WithMeta<ExecutionAnswer>),
        (status = 404, description = "Execution not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The execution is finished and cannot be cancelled", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.control"]), ("session_cookie" = ["flows.control"])))]
pub(crate) async fn cancel(
    caller: Caller<CanControlFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<ExecutionId>,
) -> ApiResult<Json<WithMeta<ExecutionAnswer>>> {
    let workspace_id = find(&state, &caller, id).await?.workspace_id;
    let connection = &mut state.database().write().await?;
    let cancelled =
        executions::cancel(connection, caller.origin(), Some(control_of(&caller)), workspace_id, id, None)
            .await?;
    let execution = cancelled.ok_or_else(|| Error::not_found(Resource::Execution, id))?;
    Ok(Json(WithMeta::of(ExecutionAnswer::from(execution))))
}
