//! Webhook endpoints and deliveries in responses.

use denizen_domain::{
    ChannelId, DeliveryAttempt, DeliveryState, EventType, ExternalUserGroupId, TierId, WebhookDelivery,
    WebhookEndpoint, WebhookFilter, WebhookSecret,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// Returns an endpoint as `/api/v1` shows it, for callers that print it elsewhere.
pub fn webhook_endpoint_json(endpoint: WebhookEndpoint) -> impl Serialize {
    WebhookEndpointAnswer::from(endpoint)
}

/// Returns a delivery as `/api/v1` shows it, for callers that print it elsewhere.
pub fn delivery_json(delivery: WebhookDelivery) -> impl Serialize {
    DeliveryAnswer::from(delivery)
}

/// A webhook endpoint without its secret. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookEndpoint, example = samples::webhook_endpoint)]
pub(crate) struct WebhookEndpointAnswer {
    /// Its id.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// Where events are sent.
    url: String,
    /// What it is for.
    #[schema(max_length = 250)]
    description: String,
    /// Types of events that it gets, such as `external_user.created` or `external_user.*`; all if empty.
    types: Vec<String>,
    /// Channels whose external users it gets events of; all if empty.
    channel_ids: Vec<Uuid>,
    /// Groups whose external users it gets events of; all if empty.
    group_ids: Vec<Uuid>,
    /// Tiers whose external users and groups it gets events of; all if empty.
    tier_ids: Vec<Uuid>,
    /// Whether nothing is sent.
    disabled: bool,
    /// Why the server disabled it; null if it did not.
    #[schema(required)]
    disabled_reason: Option<String>,
    /// The position in the feed up to which events were sent at least once.
    #[schema(minimum = 0)]
    position: i64,
    /// Since when every attempt has failed; null if the last ones succeeded.
    #[schema(required, format = "date-time")]
    failing_since: Option<String>,
    /// Until when nothing is sent, because it fails or asked for time: in the past if that is over. Null if it never did, or has
    /// succeeded since.
    #[schema(required, format = "date-time")]
    paused_until: Option<String>,
    /// Until when the secret before the last rotation signs, too; null if it was never rotated.
    #[schema(required, format = "date-time")]
    previous_secret_until: Option<String>,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change of its settings.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<WebhookEndpoint> for WebhookEndpointAnswer {
    fn from(endpoint: WebhookEndpoint) -> Self {
        let WebhookEndpoint {
            id,
            workspace_id,
            url,
            description,
            filter: WebhookFilter { types, channel_ids, group_ids, tier_ids },
            disabled,
            disabled_reason,
            generation: _,
            previous_secret_until,
            position,
            failures: _,
            failing_since,
            paused_until,
            created_at,
            updated_at,
        } = endpoint;
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            url,
            description,
            types,
            channel_ids: channel_ids.into_iter().map(ChannelId::as_uuid).collect(),
            group_ids: group_ids.into_iter().map(ExternalUserGroupId::as_uuid).collect(),
            tier_ids: tier_ids.into_iter().map(TierId::as_uuid).collect(),
            disabled,
            disabled_reason,
            position: position.as_i64(),
            failing_since: failing_since.map(|moment| moment.to_string()),
            paused_until: paused_until.map(|moment| moment.to_string()),
            previous_secret_until: previous_secret_until.map(|moment| moment.to_string()),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

/// A webhook endpoint with its newest secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookEndpointWithSecret, example = samples::webhook_endpoint_with_secret)]
pub(crate) struct WebhookEndpointWithSecretAnswer {
    #[serde(flatten)]
    endpoint: WebhookEndpointAnswer,
    /// The secret that signs: `whsec_…`.
    secret: String,
}

impl WebhookEndpointWithSecretAnswer {
    pub(super) fn new(endpoint: WebhookEndpoint, secret: &WebhookSecret) -> Self {
        Self { endpoint: endpoint.into(), secret: secret.expose() }
    }
}

/// One attempt to send an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookAttempt, example = samples::webhook_attempt)]
pub(crate) struct AttemptAnswer {
    /// When it began.
    #[schema(format = "date-time")]
    at: String,
    /// How long it took, in milliseconds.
    duration_milliseconds: u64,
    /// The status of the answer; null if there was none. 200 to 299 is success.
    #[schema(required)]
    status: Option<u16>,
    /// Why there was no answer; null if there was one.
    #[schema(required)]
    error: Option<String>,
    /// The first kilobyte of the answer's body.
    answer: String,
}

impl From<DeliveryAttempt> for AttemptAnswer {
    fn from(attempt: DeliveryAttempt) -> Self {
        let DeliveryAttempt { at, duration_milliseconds, status, error, answer } = attempt;
        Self { at: at.to_string(), duration_milliseconds, status, error, answer }
    }
}

/// An event that was sent to an endpoint, or will be again. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDelivery, example = samples::webhook_delivery)]
pub(crate) struct DeliveryAnswer {
    /// Id of the event, and the `webhook-id` of each attempt.
    event_id: Uuid,
    /// The event's position in the feed.
    #[schema(minimum = 1)]
    position: i64,
    /// The event's type.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "external_user.updated")]
    kind: EventType,
    /// Id of the event's object.
    object_id: String,
    /// `pending` if it is tried again, `succeeded`, or `failed` after the last attempt.
    #[schema(value_type = String)]
    state: DeliveryState,
    /// The last 20 attempts, oldest first.
    attempts: Vec<AttemptAnswer>,
    /// When it is tried next; null if it is not.
    #[schema(required, format = "date-time")]
    next_attempt_at: Option<String>,
    /// When the event was first sent.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last attempt or replay.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<WebhookDelivery> for DeliveryAnswer {
    fn from(delivery: WebhookDelivery) -> Self {
        let WebhookDelivery {
            workspace_id: _,
            endpoint_id: _,
            event_id,
            position,
            kind,
            object_id,
            state,
            attempt_count: _,
            attempts,
            next_attempt_at,
            created_at,
            updated_at,
        } = delivery;
        Self {
            event_id: event_id.as_uuid(),
            position: position.as_i64(),
            kind,
            object_id,
            state,
            attempts: attempts.into_iter().map(Into::into).collect(),
            next_attempt_at: next_attempt_at.map(|moment| moment.to_string()),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}
