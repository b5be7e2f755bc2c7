//! Changing webhook endpoints.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, WebhookEndpointId};
use denizen_persistence::webhooks;

use super::answer::WebhookEndpointAnswer;
use super::input::UpdateWebhookEndpoint;
use super::known::require_known;
use crate::guards::caller::{Caller, CanManageWebhooks};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a webhook endpoint
///
/// Absent fields stay unchanged. Filters apply to all events that were not sent yet.
#[utoipa::path(patch, path = "/api/v1/webhook-endpoints/{id}", operation_id = "webhookEndpoints.update", tag = "Webhooks",
    request_body = UpdateWebhookEndpoint,
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "The endpoint was changed", body = WebhookEndpointAnswer),
        (status = 404, description = "Webhook endpoint not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["webhooks:manage"]), ("api_key" = ["webhooks:manage"]), ("bearer" = ["webhooks:manage"])))]
pub(crate) async fn update(
    caller: Caller<CanManageWebhooks>,
    State(state): State<AppState>,
    PathId(id): PathId<WebhookEndpointId>,
    JsonBody(body, unknown): JsonBody<UpdateWebhookEndpoint>,
) -> ApiResult<Json<WebhookEndpointAnswer>> {
    let changes = body.check(unknown, &state.options().webhook_allowed_networks)?;
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let connection = &mut state.database().write().await?;
    require_known(connection, workspace_id, &changes).await?;
    let endpoint = webhooks::update(connection, origin, workspace_id, id, &changes).await?;
    let endpoint = endpoint.ok_or_else(|| Error::not_found(Resource::WebhookEndpoint, id))?;
    Ok(Json(endpoint.into()))
}
