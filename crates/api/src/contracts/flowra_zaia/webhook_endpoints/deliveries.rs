//! Listing deliveries.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::{
    Coded as _, DeliveryFilter, DeliveryState, Direction, EventId, InvalidId, WebhookDelivery,
    WebhookEndpointId, Window,
};
use denizen_persistence::webhooks;
use utoipa::IntoParams;

use super::answer::DeliveryAnswer;
use super::get::find;
use crate::guards::caller::{Caller, CanManageWebhooks};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName};
use crate::wire::path::PathId;
use crate::wire::query::{FromQuery, Query, QueryReader, invalid_id};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListDeliveries {
    /// Only deliveries in this state: `pending`, `succeeded` or `failed`.
    #[param(value_type = Option<String>)]
    state: Option<DeliveryState>,
    /// Only the delivery of the event with this id.
    #[param(value_type = Option<uuid::Uuid>)]
    event_id: Option<EventId>,
    /// The page size.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 25)]
    limit: u32,
    /// Cursor of the next page, from `Link`.
    cursor: Option<String>,
}

impl FromQuery for ListDeliveries {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            state: parameters.one("state", DeliveryState::from_code),
            event_id: parameters.one("eventId", |text| text.parse().map_err(|InvalidId| invalid_id())),
            limit: parameters.number("limit", 1, 100).unwrap_or(25),
            cursor: parameters.one("cursor", |text| Ok(text.to_owned())),
        }
    }
}

/// Lists the deliveries to a webhook endpoint
///
/// Returns the events that were sent to the endpoint, with each attempt, newest first. They are kept as long as events are, at
/// most 30 days.
#[utoipa::path(get, path = "/api/v1/webhook-endpoints/{id}/deliveries", operation_id = "webhookEndpoints.listDeliveries",
    tag = "Webhooks", params(("id" = Uuid, Path, description = "The endpoint's id"), ListDeliveries),
    responses(
        (status = 200, body = Vec<DeliveryAnswer>, headers(
            ("link" = String, description = "The next page, as `rel=\"next\"`"))),
        (status = 404, description = "Webhook endpoint not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["webhooks:manage"]), ("api_key" = ["webhooks:manage"]), ("bearer" = ["webhooks:manage"])))]
pub(crate) async fn list(
    caller: Caller<CanManageWebhooks>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    PathId(id): PathId<WebhookEndpointId>,
    Query(parameters): Query<ListDeliveries>,
) -> ApiResult<Response> {
    let endpoint = find(&state, caller.workspace_id, id).await?;
    let ListDeliveries { state: delivery_state, event_id, limit, cursor } = parameters;
    let name = ListName::new(caller.workspace_id, &format!("webhook-deliveries/{id}"));
    let page = name.page(state.cursors(), cursor.as_deref(), None)?;
    let window = Window { page, limit, direction: Direction::Descending };
    let filter = DeliveryFilter { state: delivery_state, event_id };
    let connection = &mut state.database().read().await?;
    let slice = webhooks::list_deliveries(connection, endpoint.workspace_id, id, &filter, &window).await?;
    Ok(paging::answer(
        state.cursors(),
        (&context, &uri),
        &name,
        slice,
        WebhookDelivery::list_position,
        DeliveryAnswer::from,
    )?)
}
