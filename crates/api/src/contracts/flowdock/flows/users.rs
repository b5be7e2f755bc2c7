//! Who is in a flow.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountNumber, Error, Flow, Resource};
use denizen_persistence::flows;

use super::address::{self, FlowAddress};
use super::answer::{FlowUserAnswer, FlowUserList};
use super::input::{AddFlowUser, BlockFlowUser};
use crate::contracts::flowdock::organizations::answer::EmptyObject;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::{PathTexts, addressed};
use crate::wire::stream;

/// List who is in a flow
///
/// By their numbers, the blocked among them, with `disabled`. For whoever has access to the flow. All of the list is sent,
/// while it is read.
#[utoipa::path(get, path = "/flows/{organization}/{flow}/users", operation_id = "flows.listUsers", tag = "Flows", params(FlowAddress),
    responses(
        (status = 200, body = Vec<FlowUserAnswer>),
        (status = 403, description = "The caller is blocked from the flow, or must join it first", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Organization or flow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn list(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathTexts([organization, flow]): PathTexts<2>,
) -> ApiResult<Response> {
    let flow = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?.flow;
    let list = FlowUserList { workspace_id: flow.workspace_id, flow_id: flow.id };
    Ok(stream::json_array(&state, list, None).await?)
}

/// Add somebody to a flow
///
/// A member of the organization, by whoever has access to the flow. Nothing changes where they are in it, or blocked from
/// it, already.
#[utoipa::path(post, path = "/flows/{organization}/{flow}/users", operation_id = "flows.addUser", tag = "Flows", params(FlowAddress),
    request_body(description = "The parameters, here or in the query string", content(
        (AddFlowUser = "application/json"), (AddFlowUser = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "They are in the flow, or blocked from it", body = EmptyObject),
        (status = 403, description = "The caller is blocked from the flow, or must join it first", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Organization or flow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The flow is archived, and nobody can join it", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn add(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathTexts([organization, flow]): PathTexts<2>,
    Parameters(body): Parameters<AddFlowUser>,
) -> ApiResult<Json<EmptyObject>> {
    let number = body.check()?;
    let flow = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?.flow;
    let connection = &mut state.database().write().await?;
    let (workspace_id, id) = (flow.workspace_id, flow.id);
    let added = flows::add(connection, caller.origin(), caller.asker(), workspace_id, id, number).await?;
    added.ok_or_else(|| flow.not_found())?;
    Ok(Json(EmptyObject {}))
}

/// Block somebody from a flow, or lift the block
///
/// By whoever has access to the flow: administrators of the organization anybody, also each other; others everybody but
/// administrators (403). Nobody blocks or unblocks themselves (403). Whoever is blocked stays in the list of the flow's
/// users, and has no access to it; neither adding nor inviting them lifts the block. Those who are not in the flow but
/// could come in by themselves can be blocked, too; any other is not found. Whoever's block is lifted is in the flow.
#[utoipa::path(put, path = "/flows/{organization}/{flow}/users/{id}", operation_id = "flows.blockUser", tag = "Flows",
    params(FlowAddress, ("id" = i64, Path, description = "The user's number")),
    request_body(description = "The parameters, here or in the query string", content(
        (BlockFlowUser = "application/json"), (BlockFlowUser = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "They are blocked from the flow, or no longer", body = EmptyObject),
        (status = 403, description = "Neither administrators nor oneself, or the caller has no access to the flow", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Organization, flow or user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn block(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathTexts([organization, flow, number]): PathTexts<3>,
    Parameters(body): Parameters<BlockFlowUser>,
) -> ApiResult<Json<EmptyObject>> {
    let is_blocked = body.check()?;
    let flow = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?.flow;
    let number: AccountNumber = addressed(&number)?;
    let connection = &mut state.database().write().await?;
    let (workspace_id, id, wanted) = (flow.workspace_id, flow.id, (number, is_blocked));
    let blocked =
        flows::set_blocked(connection, caller.origin(), caller.asker(), workspace_id, id, wanted).await;
    blocked.map_err(|error| by_number(error, number))?.ok_or_else(|| flow.not_found())?;
    Ok(Json(EmptyObject {}))
}

/// Whoever is not found is called what the request called them: an id would tell whether there is an account.
fn by_number(error: Error, number: AccountNumber) -> Error {
    match error {
        Error::NotFound { resource: Resource::Account, .. } => Error::not_found(Resource::Account, number),
        error => error,
    }
}
