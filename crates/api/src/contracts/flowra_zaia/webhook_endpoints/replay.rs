//! Sending events again.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Reason, Resource, Violation, Violations, WebhookEndpointId};
use denizen_persistence::webhooks;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::input::{ReplayWebhooks, Replayed};
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanManageWebhooks};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// A replay that has begun.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookReplay, example = samples::webhook_replay)]
pub(crate) struct ReplayAnswer {
    /// The job that looks for the events of a time; null for single events, which are due already.
    #[schema(required)]
    job_id: Option<Uuid>,
}

/// Sends events to a webhook endpoint again
///
/// Sends the events of a time that match the endpoint's filters, whether they were sent before or not, or single events that
/// were. Each keeps its id and gets all its attempts again. Receivers that note the ids of what they have seen are safe. Events
/// that the feed no longer keeps are left out, and so are those that it has not got yet. One replay of a time is under way at once.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/replay", operation_id = "webhookEndpoints.replay", tag = "Webhooks",
    request_body = ReplayWebhooks,
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "The events are about to be sent", body = ReplayAnswer),
        (status = 404, description = "Webhook endpoint not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The endpoint is disabled, or another replay is under way", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["webhooks:manage"]), ("api_key" = ["webhooks:manage"]), ("bearer" = ["webhooks:manage"])))]
pub(crate) async fn replay(
    caller: Caller<CanManageWebhooks>,
    State(state): State<AppState>,
    PathId(id): PathId<WebhookEndpointId>,
    JsonBody(body, unknown): JsonBody<ReplayWebhooks>,
) -> ApiResult<Json<ReplayAnswer>> {
    let replayed = body.check(unknown, state.source().clock.now())?;
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let not_found = || Error::not_found(Resource::WebhookEndpoint, id);
    let connection = &mut state.database().write().await?;
    match replayed {
        Replayed::Range(range) => {
            let job_id = webhooks::begin_replay(connection, origin, workspace_id, id, range).await?;
            let job_id = job_id.ok_or_else(not_found)?;
            Ok(Json(ReplayAnswer { job_id: Some(job_id.as_uuid()) }))
        }
        Replayed::Events(ids) => {
            let unknown = webhooks::replay_events(connection, origin, workspace_id, id, &ids).await?;
            if let Some(event_id) = unknown.ok_or_else(not_found)?.first() {
                let message =
                    format!("must be ids of events that were sent to the endpoint, unlike {event_id}");
                let violation = Violation::new(Reason::Unknown, message);
                return Err(Error::Invalid(Violations::of("eventIds", violation)).into());
            }
            Ok(Json(ReplayAnswer { job_id: None }))
        }
    }
}
