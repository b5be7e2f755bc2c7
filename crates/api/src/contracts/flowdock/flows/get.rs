//! Reading one flow.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Flow, FlowId, Resource, Result};
use denizen_persistence::flows::{self, FlowListing};

use super::address::{self, FlowAddress};
use super::answer::{FlowAnswer, FlowWithUsers};
use super::input::FindFlow;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::PathTexts;
use crate::wire::stream;

/// Get a flow
///
/// With everybody in it, the blocked among them. For those in it, and whoever administers the organization. A flow that one
/// may join and is not in is 403 `not_a_member`, one that one is blocked from 403 `blocked`, and any other is not there. An
/// archived flow is there for administrators only.
#[utoipa::path(get, path = "/flows/{organization}/{flow}", operation_id = "flows.get", tag = "Flows", params(FlowAddress),
    responses(
        (status = 200, body = FlowWithUsers),
        (status = 403, description = "The caller is blocked from the flow, or must join it first", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Organization or flow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn get(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathTexts([organization, flow]): PathTexts<2>,
) -> ApiResult<Response> {
    let listing = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?;
    Ok(answer(&state, &context, listing).await?)
}

/// Get a flow by its id
///
/// As by its address.
#[utoipa::path(get, path = "/flows/find", operation_id = "flows.find", tag = "Flows", params(FindFlow),
    responses(
        (status = 200, body = FlowWithUsers),
        (status = 403, description = "The caller is blocked from the flow, or must join it first", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Flow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn find(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    Parameters(parameters): Parameters<FindFlow>,
) -> ApiResult<Response> {
    let listing = found(&state, &caller, parameters.check()?).await?;
    Ok(answer(&state, &context, listing).await?)
}

/// The flow of this id, where the caller has access to it. Not found whatever its name is, which only its address may tell.
async fn found(state: &AppState, caller: &Caller<IsPerson>, id: FlowId) -> Result<FlowListing> {
    let connection = &mut state.database().read().await?;
    let not_found = || Error::not_found(Resource::Flow, id);
    let found = flows::find_in_organizations(connection, caller.account.id, id).await?;
    let (organization, flow) = found.ok_or_else(not_found)?;
    let rule = |flow: &Flow, who| match flow.require_access(who) {
        Err(Error::NotFound { .. }) => Err(not_found()),
        decided => decided,
    };
    address::seen(connection, caller, organization, flow, rule).await
}

/// Answers with a flow and everybody in it.
pub(super) async fn answer(
    state: &AppState,
    context: &RequestContext,
    listing: FlowListing,
) -> Result<Response> {
    let object = FlowAnswer::counted(&mut state.database().read().await?, &listing, context).await?;
    stream::json_object(state, object.with_users(&listing.flow)).await
}
