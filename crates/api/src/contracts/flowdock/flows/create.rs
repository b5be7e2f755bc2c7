//! Creating flows.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use denizen_domain::{Error, Flow, NewFlow, Place, Resource, Result, Workspace};
use denizen_persistence::flows::{self, FlowListing};

use super::answer::FlowWithUsers;
use super::get;
use super::input::CreateFlow;
use crate::contracts::flowdock::organizations::find;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::PathText;

/// Creates a flow
///
/// Any member of the organization can create flows and is in them from the start. The name in URLs is derived from the
/// name: `My flow` gives `my-flow`, or a numbered one if that is taken. Names need not be unique. An organization has
/// at most 10,000 flows.
#[utoipa::path(post, path = "/flows/{organization}", operation_id = "flows.create", tag = "Flows",
    params(("organization" = String, Path, description = "The organization's name in URLs, or its number")),
    request_body(description = "Parameters, here or in the query string", content(
        (CreateFlow = "application/json"), (CreateFlow = "application/x-www-form-urlencoded"))),
    responses(
        (status = 201, description = "The flow was created", body = FlowWithUsers),
        (status = 404, description = "Organization not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The organization has the maximum number of flows", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn create(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathText(name): PathText,
    Parameters(body, unknown): Parameters<CreateFlow>,
) -> ApiResult<Response> {
    let new = body.check(unknown)?;
    let organization = find::organization(&mut state.database().read().await?, &caller, &name).await?;
    let flow = made(&state, &caller, &organization.workspace, &new).await?;
    let listing = FlowListing { organization, flow, place: Place::Joined, is_open: true };
    let mut response = get::answer(&state, &context, listing).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

async fn made(
    state: &AppState,
    caller: &Caller<IsPerson>,
    workspace: &Workspace,
    new: &NewFlow,
) -> Result<Flow> {
    let connection = &mut state.database().write().await?;
    let made = flows::create(connection, caller.origin(), caller.asker(), workspace.id, new).await?;
    made.ok_or_else(|| Error::not_found(Resource::Workspace, &workspace.slug))
}
