//! Deleting webhook endpoints.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, WebhookEndpointId};
use denizen_persistence::webhooks;

use crate::guards::caller::{Caller, CanManageWebhooks};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes a webhook endpoint
///
/// Nothing more is sent to it, except what is on its way. Its deliveries are deleted, too.
#[utoipa::path(delete, path = "/api/v1/webhook-endpoints/{id}", operation_id = "webhookEndpoints.delete", tag = "Webhooks",
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "The endpoint was deleted", body = Done),
        (status = 404, description = "Webhook endpoint not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["webhooks:manage"]), ("api_key" = ["webhooks:manage"]), ("bearer" = ["webhooks:manage"])))]
pub(crate) async fn delete(
    caller: Caller<CanManageWebhooks>,
    State(state): State<AppState>,
    PathId(id): PathId<WebhookEndpointId>,
) -> ApiResult<Json<Done>> {
    let connection = &mut state.database().write().await?;
    if !webhooks::delete(connection, caller.origin(), caller.workspace_id, id).await? {
        return Err(Error::not_found(Resource::WebhookEndpoint, id).into());
    }
    Ok(Json(Done { message: "Webhook endpoint deleted." }))
}
