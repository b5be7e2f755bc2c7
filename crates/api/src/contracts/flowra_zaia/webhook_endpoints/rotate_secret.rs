//! Rotating the secrets of webhook endpoints.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, WebhookEndpointId};
use denizen_persistence::webhooks;

use super::answer::WebhookEndpointWithSecretAnswer;
use crate::contracts::flowra_zaia::rotation::RotateSecret;
use crate::guards::caller::{Caller, CanManageWebhooks};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Rotates a webhook endpoint's secret
///
/// Only this response contains the new secret. For `overlapSeconds`, messages carry a signature of the secret before, too, so
/// that receivers can switch. Secrets from before that one no longer sign. Messages
/// that are about to be sent may still have the earlier signatures for seconds.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/rotate-secret", operation_id = "webhookEndpoints.rotateSecret",
    tag = "Webhooks", request_body = RotateSecret,
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "The endpoint, with its new secret", body = WebhookEndpointWithSecretAnswer),
        (status = 404, description = "Webhook endpoint not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["webhooks:manage"]), ("api_key" = ["webhooks:manage"]), ("bearer" = ["webhooks:manage"])))]
pub(crate) async fn rotate_secret(
    caller: Caller<CanManageWebhooks>,
    State(state): State<AppState>,
    PathId(id): PathId<WebhookEndpointId>,
    JsonBody(body, unknown): JsonBody<RotateSecret>,
) -> ApiResult<Json<WebhookEndpointWithSecretAnswer>> {
    let overlap = body.check(unknown)?;
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let connection = &mut state.database().write().await?;
    let endpoint = webhooks::rotate_secret(connection, origin, workspace_id, id, overlap).await?;
    let endpoint = endpoint.ok_or_else(|| Error::not_found(Resource::WebhookEndpoint, id))?;
    let secret = state.webhooks().secret_of(&endpoint);
    Ok(Json(WebhookEndpointWithSecretAnswer::new(endpoint, &secret)))
}
