//! Reading one webhook endpoint.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, Result, WebhookEndpoint, WebhookEndpointId, WorkspaceId};
use denizen_persistence::webhooks;

use super::answer::WebhookEndpointAnswer;
use crate::guards::caller::{Caller, CanManageWebhooks};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a webhook endpoint
#[utoipa::path(get, path = "/api/v1/webhook-endpoints/{id}", operation_id = "webhookEndpoints.get", tag = "Webhooks",
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 200, body = WebhookEndpointAnswer),
        (status = 404, description = "Webhook endpoint not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["webhooks:manage"]), ("api_key" = ["webhooks:manage"]), ("bearer" = ["webhooks:manage"])))]
pub(crate) async fn get(
    caller: Caller<CanManageWebhooks>,
    State(state): State<AppState>,
    PathId(id): PathId<WebhookEndpointId>,
) -> ApiResult<Json<WebhookEndpointAnswer>> {
    Ok(Json(find(&state, caller.workspace_id, id).await?.into()))
}

/// Finds an endpoint, or fails with 404.
pub(super) async fn find(
    state: &AppState,
    workspace_id: WorkspaceId,
    id: WebhookEndpointId,
) -> Result<WebhookEndpoint> {
    let connection = &mut state.database().read_by_key().await?;
    let endpoint = webhooks::find(connection, workspace_id, id).await?;
    endpoint.ok_or_else(|| Error::not_found(Resource::WebhookEndpoint, id))
}
