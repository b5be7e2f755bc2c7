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

/// Returns a flow
///
/// Includes all its users, also blocked ones. Requires the caller to be in the flow or administer the organization. A
/// flow that the caller may join but is not in is 403 `not_a_member`; one they are blocked from is 403 `blocked`;
/// others are 404. Only administrators see archived flows.
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

/// Returns a flow by its id
///
/// Rules as by path.
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
    Parameters(parameters, unknown): Parameters<FindFlow>,
) -> ApiResult<Response> {
    let listing = found(&state, &caller, parameters.check(unknown)?).await?;
    Ok(answer(&state, &context, listing).await?)
}

/// Returns the flow with this id if the caller has access to it. The not-found error never names the flow, only its id.
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

/// Responds with a flow and its users.
pub(super) async fn answer(
    state: &AppState,
    context: &RequestContext,
    listing: FlowListing,
) -> Result<Response> {
    let object = FlowAnswer::counted(&mut state.database().read().await?, &listing, context).await?;
    stream::json_object(state, object.with_users(&listing.flow)).await
}
