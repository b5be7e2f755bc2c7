//! Events in responses.

use denizen_domain::{Event, EventType, ExternalUserId};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::wire::actor::ActorAnswer;

/// One change. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub(crate) struct EventAnswer {
    /// Its id, the same as the change's in the audit log.
    id: Uuid,
    /// Its position in the workspace's feed: 1 for the first event, without gaps.
    #[schema(minimum = 1)]
    position: i64,
    /// The object's type and what happened to it, separated by a dot.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "external_user.updated")]
    kind: EventType,
    /// Time of the change. A later position may have an earlier time, by the difference between the servers' clocks and the
    /// duration of changes.
    #[schema(format = "date-time")]
    timestamp: String,
    /// The workspace.
    workspace_id: Uuid,
    /// Id of the object, or its number if it has no id.
    object_id: String,
    /// The object after the change, or as it last was if it was deleted. Only its id once it was erased. Never contains
    /// secrets.
    #[schema(value_type = HashMap<String, Value>)]
    data: Box<RawValue>,
    /// The fields that the change made different, with their values before it; of nested objects, only such fields. Empty
    /// if the object is new or gone, and once it was erased.
    #[schema(value_type = HashMap<String, Value>)]
    previous: Box<RawValue>,
    /// Who made the change.
    actor: ActorAnswer,
    /// The external user that a key acted for; null if none.
    #[schema(required)]
    acting_for: Option<Uuid>,
    /// The `x-request-id` of the request; null if a command or the server made the change.
    #[schema(required)]
    request_id: Option<String>,
}

impl From<Event> for EventAnswer {
    fn from(event: Event) -> Self {
        let Event {
            id,
            workspace_id,
            position,
            kind,
            occurred_at,
            object_id,
            data,
            previous,
            actor,
            acting_for,
            request_id,
        } = event;
        Self {
            id: id.as_uuid(),
            position: position.as_i64(),
            kind,
            timestamp: occurred_at.to_string(),
            workspace_id: workspace_id.as_uuid(),
            object_id,
            data,
            previous,
            actor: ActorAnswer::from(actor),
            acting_for: acting_for.map(ExternalUserId::as_uuid),
            request_id,
        }
    }
}
