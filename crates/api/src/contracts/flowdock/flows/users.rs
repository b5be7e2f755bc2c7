//! The users of a flow.

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

/// Lists a flow's users
///
/// Requires access to the flow. Streams the full list, ordered by number; blocked users have `disabled` set.
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

/// Adds a user to a flow
///
/// The user must be a member of the organization. Requires access to the flow. Nothing changes for users in the flow or
/// blocked.
#[utoipa::path(post, path = "/flows/{organization}/{flow}/users", operation_id = "flows.addUser", tag = "Flows", params(FlowAddress),
    request_body(description = "Parameters, here or in the query string", content(
        (AddFlowUser = "application/json"), (AddFlowUser = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The user is in the flow, or blocked from it", body = EmptyObject),
        (status = 403, description = "The caller is blocked from the flow, or must join it first", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Organization or flow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The flow is archived, and nobody can join it", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn add(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathTexts([organization, flow]): PathTexts<2>,
    Parameters(body, unknown): Parameters<AddFlowUser>,
) -> ApiResult<Json<EmptyObject>> {
    let number = body.check(unknown)?;
    let flow = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?.flow;
    let connection = &mut state.database().write().await?;
    let (workspace_id, id) = (flow.workspace_id, flow.id);
    let added = flows::add(connection, caller.origin(), caller.asker(), workspace_id, id, number).await?;
    added.ok_or_else(|| flow.not_found())?;
    Ok(Json(EmptyObject {}))
}

/// Blocks a user from a flow, or unblocks them
///
/// Requires access to the flow. Administrators of the organization can block anyone, including each other; others
/// anyone but administrators (403). Nobody can block or unblock themselves (403). Blocked users stay in the flow's list
/// of users without access to it; adding or inviting them does not unblock them. Users who are not in the flow but
/// could join it can be blocked, too; others are 404. An unblocked user is in the flow.
#[utoipa::path(put, path = "/flows/{organization}/{flow}/users/{id}", operation_id = "flows.blockUser", tag = "Flows",
    params(FlowAddress, ("id" = i64, Path, description = "The user's number")),
    request_body(description = "Parameters, here or in the query string", content(
        (BlockFlowUser = "application/json"), (BlockFlowUser = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The user was blocked or unblocked", body = EmptyObject),
        (status = 403, description = "The target is an administrator or the caller, or the caller lacks access", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Organization, flow or user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn block(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathTexts([organization, flow, number]): PathTexts<3>,
    Parameters(body, unknown): Parameters<BlockFlowUser>,
) -> ApiResult<Json<EmptyObject>> {
    let is_blocked = body.check(unknown)?;
    let flow = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?.flow;
    let number: AccountNumber = addressed(&number)?;
    let connection = &mut state.database().write().await?;
    let (workspace_id, id, wanted) = (flow.workspace_id, flow.id, (number, is_blocked));
    let blocked =
        flows::set_blocked(connection, caller.origin(), caller.asker(), workspace_id, id, wanted).await;
    blocked.map_err(|error| by_number(error, number))?.ok_or_else(|| flow.not_found())?;
    Ok(Json(EmptyObject {}))
}

/// Names the user in a not-found error as the request did: an id would reveal whether the account exists.
fn by_number(error: Error, number: AccountNumber) -> Error {
    match error {
        Error::NotFound { resource: Resource::Account, .. } => Error::not_found(Resource::Account, number),
        error => error,
    }
}
