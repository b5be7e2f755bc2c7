//! Listing webhook endpoints.

use axum::Json;
use axum::extract::State;
use denizen_persistence::webhooks;

use super::answer::WebhookEndpointAnswer;
use crate::guards::caller::{Caller, CanManageWebhooks};
use crate::state::AppState;
use crate::wire::error::ApiResult;

/// Lists webhook endpoints
///
/// Returns all, oldest first: at most 50.
#[utoipa::path(get, path = "/api/v1/webhook-endpoints", operation_id = "webhookEndpoints.list", tag = "Webhooks",
    responses((status = 200, body = Vec<WebhookEndpointAnswer>)),
    security(("authorization" = ["webhooks:manage"]), ("api_key" = ["webhooks:manage"]), ("bearer" = ["webhooks:manage"])))]
pub(crate) async fn list(
    caller: Caller<CanManageWebhooks>,
    State(state): State<AppState>,
) -> ApiResult<Json<Vec<WebhookEndpointAnswer>>> {
    let connection = &mut state.database().read_by_key().await?;
    let endpoints = webhooks::list(connection, caller.workspace_id).await?;
    Ok(Json(endpoints.into_iter().map(WebhookEndpointAnswer::from).collect()))
}
