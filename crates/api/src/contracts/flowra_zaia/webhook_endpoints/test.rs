//! Testing webhook endpoints.

use axum::Json;
use axum::extract::State;
use denizen_domain::WebhookEndpointId;

use super::answer::AttemptAnswer;
use super::get::find;
use crate::guards::caller::{Caller, CanManageWebhooks};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Sends a test message to a webhook endpoint
///
/// Sends a message of the type `webhook_endpoint.test` once, even if the endpoint is disabled, and returns what came of it. It
/// is no event, and not in the list of deliveries. A workspace may have four under way at a time.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/test", operation_id = "webhookEndpoints.test", tag = "Webhooks",
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "What came of it, success or not", body = AttemptAnswer),
        (status = 404, description = "Webhook endpoint not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["webhooks:manage"]), ("api_key" = ["webhooks:manage"]), ("bearer" = ["webhooks:manage"])))]
pub(crate) async fn test(
    caller: Caller<CanManageWebhooks>,
    State(state): State<AppState>,
    PathId(id): PathId<WebhookEndpointId>,
) -> ApiResult<Json<AttemptAnswer>> {
    let endpoint = find(&state, caller.workspace_id, id).await?;
    Ok(Json(state.webhooks().test(&endpoint).await?.into()))
}
