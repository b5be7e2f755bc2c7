//! Deleting flows.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, WorkflowId};
use denizen_persistence::workflows;

use super::super::pages::Deleted;
use super::access::{find, viewer};
use crate::guards::caller::{Caller, CanWriteFlows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes a flow
///
/// The flow must be inactive. Its executions are kept as long as those of others.
#[utoipa::path(delete, path = "/flows/{id}", operation_id = "workflows.delete", tag = "Flows (FlowMate)",
    params(("id" = Uuid, Path, description = "The flow's id")),
    responses(
        (status = 200, description = "The flow was deleted", body = Deleted),
        (status = 404, description = "Flow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The flow is not inactive", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.write"]), ("session_cookie" = ["flows.write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
) -> ApiResult<Json<Deleted>> {
    let connection = &mut state.database().write().await?;
    let flow = find(connection, &caller, id).await?;
    let (key, asker) = ((flow.workspace_id, id), Some(caller.asker()));
    if !workflows::delete(connection, caller.origin(), asker, viewer(&caller), key).await? {
        return Err(Error::not_found(Resource::Workflow, id).into());
    }
    Ok(Json(Deleted { msg: "Flow was successfully deleted." }))
}
