//! Reading one flow.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Permission, WorkflowId};

use super::super::pages::WithMeta;
use super::access::find;
use crate::contracts::workflows::answer::WorkflowAnswer;
use crate::guards::caller::{Caller, CanReadFlows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a flow
///
/// Callers see the flows of their tenant that they or the tenant own. Others are not found, except for holders of `all`.
#[utoipa::path(get, path = "/flows/{id}", operation_id = "workflows.get", tag = "Flows (FlowMate)",
    params(("id" = Uuid, Path, description = "The flow's id")),
    responses(
        (status = 200, body = WithMeta<WorkflowAnswer>),
        (status = 404, description = "Flow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.read"]), ("session_cookie" = ["flows.read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
) -> ApiResult<Json<WithMeta<WorkflowAnswer>>> {
    let connection = &mut state.database().read().await?;
    let flow = find(connection, &caller, id).await?;
    Ok(Json(WithMeta::of(WorkflowAnswer::shown(flow, caller.authority.holds(Permission::FlowsWrite)))))
}
