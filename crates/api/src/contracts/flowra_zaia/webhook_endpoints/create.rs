//! Creating webhook endpoints.

use axum::Json;
use axum::extract::State;
use denizen_persistence::webhooks;

use super::answer::WebhookEndpointWithSecretAnswer;
use super::input::CreateWebhookEndpoint;
use super::known::require_known;
use crate::guards::caller::{Caller, CanManageWebhooks};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Creates a webhook endpoint
///
/// Events from now on are sent to it, as Standard Webhooks 1.0.0 defines: `POST` with the event of `GET /api/v1/events` as
/// JSON, signed with the secret in `webhook-signature`, and the event's id in `webhook-id`. Each event arrives at least once.
/// A status from 200 to 299 within 15 seconds accepts it; otherwise it is sent again after 5 seconds, 5 and 30 minutes, 2, 5,
/// 10, 14, 20 and 24 hours. Events about one object are sent in order, but one that is sent again comes late: its `position`
/// tells. The status 410 disables the endpoint, and so do 5 days of failures. Only this response contains the secret.
/// A workspace has at most 50 endpoints.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints", operation_id = "webhookEndpoints.create", tag = "Webhooks",
    request_body = CreateWebhookEndpoint,
    responses(
        (status = 200, description = "The endpoint was created", body = WebhookEndpointWithSecretAnswer),
        (status = 409, description = "The workspace has the maximum number of endpoints", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["webhooks:manage"]), ("api_key" = ["webhooks:manage"]), ("bearer" = ["webhooks:manage"])))]
pub(crate) async fn create(
    caller: Caller<CanManageWebhooks>,
    State(state): State<AppState>,
    JsonBody(body, unknown): JsonBody<CreateWebhookEndpoint>,
) -> ApiResult<Json<WebhookEndpointWithSecretAnswer>> {
    let (url, changes) = body.check(unknown, &state.options().webhook_allowed_networks)?;
    // What has happened already is before the position from which the endpoint gets events.
    state.feeds().give_positions(caller.workspace_id).await?;
    let connection = &mut state.database().write().await?;
    require_known(connection, caller.workspace_id, &changes).await?;
    let endpoint = webhooks::create(connection, caller.origin(), caller.workspace_id, url, changes).await?;
    let secret = state.webhooks().secret_of(&endpoint);
    Ok(Json(WebhookEndpointWithSecretAnswer::new(endpoint, &secret)))
}
