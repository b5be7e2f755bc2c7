//! Joining flows by their links.

use axum::Json;
use axum::extract::State;
use denizen_domain::Result;
use denizen_persistence::flows::{self, FlowListing};

use super::address::{self, LinkAddress};
use super::answer::FlowAnswer;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;
use crate::wire::path::PathTexts;

/// Returns the flow that a link leads to
///
/// Changes nothing. Available to any account with the link, which is the flow's `join_url`, even if it is not a member
/// of the organization. Links that are wrong or replaced are 404.
#[utoipa::path(get, path = "/flows/{organization}/{flow}/join/{code}", operation_id = "flows.getByLink", tag = "Flows", params(LinkAddress),
    responses(
        (status = 200, body = FlowAnswer),
        (status = 403, description = "The caller is blocked from the flow", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Flow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn get(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathTexts([organization, flow, code]): PathTexts<3>,
) -> ApiResult<Json<FlowAnswer>> {
    let listing = address::linked_flow(&state, &caller, [&organization, &flow, &code]).await?;
    Ok(Json(FlowAnswer::counted(&mut state.database().read().await?, &listing, &context).await?))
}

/// Joins the flow that a link leads to
///
/// Callers who are not members of the organization become members, unless they were removed from it and not added
/// again. They can then access the flow at its own URL. Nothing changes for callers already in the flow.
#[utoipa::path(post, path = "/flows/{organization}/{flow}/join/{code}", operation_id = "flows.joinByLink", tag = "Flows", params(LinkAddress),
    responses(
        (status = 200, description = "The caller is in the flow", body = FlowAnswer),
        (status = 403, description = "The caller is blocked from the flow, or was removed from the organization", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Flow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn join(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathTexts([organization, flow, code]): PathTexts<3>,
) -> ApiResult<Json<FlowAnswer>> {
    let listing = address::linked_flow(&state, &caller, [&organization, &flow, &code]).await?;
    Ok(Json(joined(&state, &caller, &context, listing, &code).await?))
}

async fn joined(
    state: &AppState,
    caller: &Caller<IsPerson>,
    context: &RequestContext,
    before: FlowListing,
    code: &str,
) -> Result<FlowAnswer> {
    let FlowListing { organization, flow, .. } = before;
    let (workspace_id, id) = (flow.workspace_id, flow.id);
    let joined = {
        let connection = &mut state.database().write().await?;
        flows::join_by_link(connection, caller.origin(), caller.asker(), workspace_id, id, code).await?
    };
    joined.ok_or_else(|| flow.not_found())?;
    let connection = &mut state.database().read().await?;
    let listing = address::seen(connection, caller, organization, flow, |_, _| Ok(())).await?;
    FlowAnswer::counted(connection, &listing, context).await
}
