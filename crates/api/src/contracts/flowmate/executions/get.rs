//! Reading one execution.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Execution, ExecutionId, Resource, Result};
use denizen_persistence::executions;
use denizen_persistence::workflows::Control;

use super::super::flows::viewer;
use super::super::pages::WithMeta;
use crate::contracts::workflows::answer::ExecutionAnswer;
use crate::guards::caller::{AccountHolder, Caller, CanReadFlows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns an execution
#[utoipa::path(get, path = "/executions/{id}", operation_id = "executions.get", tag = "Executions",
    params(("id" = Uuid, Path, description = "The execution's id")),
    responses(
        (status = 200, body = WithMeta<ExecutionAnswer>),
        (status = 404, description = "Execution not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.read"]), ("session_cookie" = ["flows.read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<ExecutionId>,
) -> ApiResult<Json<WithMeta<ExecutionAnswer>>> {
    Ok(Json(WithMeta::of(ExecutionAnswer::from(find(&state, &caller, id).await?))))
}

/// Returns the caller for changes of executions, which read its rights again.
pub(super) fn control_of(caller: &AccountHolder) -> Control {
    Control { asker: Some(caller.asker()), viewer: viewer(caller) }
}

/// Finds an execution that the caller sees.
pub(super) async fn find(state: &AppState, caller: &AccountHolder, id: ExecutionId) -> Result<Execution> {
    let connection = &mut state.database().read_by_key().await?;
    let execution = executions::find_within(connection, viewer(caller), id).await?;
    execution.ok_or_else(|| Error::not_found(Resource::Execution, id))
}
