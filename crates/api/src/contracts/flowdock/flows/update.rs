//! Changing flows.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Flow, FlowChanges, Result};
use denizen_persistence::flows::{self, FlowListing};

use super::address::{self, FlowAddress};
use super::answer::FlowAnswer;
use super::input::UpdateFlow;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::PathTexts;

/// Changes a flow, or joins it
///
/// Only administrators of the organization can set `name`, `description`, `access_mode` and `disabled`. The name in
/// URLs never changes. An archived flow (`disabled`) keeps its users, but only administrators see it, and nobody can
/// join. A flow that becomes joinable by link gets a new link.
///
/// `open` applies to the caller only. `true` joins the flow if the caller is not in it; this requires access mode
/// `organization` or an administrator. `false` only hides the flow in clients; the caller stays in it.
#[utoipa::path(put, path = "/flows/{organization}/{flow}", operation_id = "flows.update", tag = "Flows", params(FlowAddress),
    request_body(description = "Parameters, here or in the query string", content(
        (UpdateFlow = "application/json"), (UpdateFlow = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The changed flow", body = FlowAnswer),
        (status = 403, description = "Only administrators of the organization may do this", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Organization or flow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The flow is archived, and nobody can join it", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn update(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathTexts([organization, flow]): PathTexts<2>,
    Parameters(body, unknown): Parameters<UpdateFlow>,
) -> ApiResult<Json<FlowAnswer>> {
    let (changes, is_open) = body.check(unknown)?;
    let listing = address::flow(&state, &caller, (&organization, &flow), Flow::require_shown).await?;
    Ok(Json(changed(&state, &caller, &context, listing, (&changes, is_open)).await?))
}

async fn changed(
    state: &AppState,
    caller: &Caller<IsPerson>,
    context: &RequestContext,
    before: FlowListing,
    wanted: (&FlowChanges, Option<bool>),
) -> Result<FlowAnswer> {
    let FlowListing { organization, flow, .. } = before;
    let (workspace_id, id) = (flow.workspace_id, flow.id);
    let changed = {
        let connection = &mut state.database().write().await?;
        flows::change(connection, caller.origin(), caller.asker(), workspace_id, id, wanted).await?
    };
    let changed = changed.ok_or_else(|| flow.not_found())?;
    let connection = &mut state.database().read().await?;
    let listing = address::seen(connection, caller, organization, changed, |_, _| Ok(())).await?;
    FlowAnswer::counted(connection, &listing, context).await
}
