//! An entry of the audit log as it is shown.

use denizen_domain::{AuditEvent, ExternalUserId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::flowra_zaia::actor::ActorAnswer;
use crate::contracts::samples;

/// An entry of the audit log as `/api/v1` shows it, to be serialized by whoever prints one elsewhere.
pub fn audit_event_json(event: AuditEvent) -> impl Serialize {
    AuditEventAnswer::from(event)
}

/// One change. Every key is always there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent, example = samples::audit_event)]
pub(crate) struct AuditEventAnswer {
    /// Its id.
    id: Uuid,
    /// When the change was made.
    #[schema(format = "date-time")]
    occurred_at: String,
    /// What was done to what: the object's type, a dot, and what was done to it.
    #[schema(example = "external_user.update")]
    action: String,
    /// What was changed.
    #[schema(example = "external_user")]
    object_type: String,
    /// The id of what was changed. Things that have a number and no id are named by their number.
    object_id: String,
    /// Who made the change.
    actor: ActorAnswer,
    /// The external user in whose context it was made, where a key acted for one.
    #[schema(required)]
    acting_for: Option<Uuid>,
    /// Which fields changed: under each one's name, `{"old": …, "new": …}`. Fields within objects are named by their path,
    /// such as `customFields.plan`, or `customFields["a.plan"]` where a name could be taken for a path. Secrets are never there, and nothing is once the object was erased.
    #[schema(value_type = HashMap<String, Value>)]
    changes: Map<String, Value>,
    /// The `x-request-id` of the request that asked for it; null where a command or the server made the change.
    #[schema(required)]
    request_id: Option<String>,
    /// The address that the request came from; null where there was none.
    #[schema(required)]
    address: Option<String>,
}

impl From<AuditEvent> for AuditEventAnswer {
    fn from(event: AuditEvent) -> Self {
        let action = event.action().to_string();
        let AuditEvent {
            id,
            workspace_id: _,
            occurred_at,
            actor,
            acting_for,
            verb: _,
            object,
            object_id,
            changes,
            request_id,
            address,
        } = event;
        Self {
            id: id.as_uuid(),
            occurred_at: occurred_at.to_string(),
            action,
            object_type: object.to_string(),
            object_id,
            actor: ActorAnswer::from(actor),
            acting_for: acting_for.map(ExternalUserId::as_uuid),
            changes: changes.into_map(),
            request_id,
            address: address.map(|address| address.to_string()),
        }
    }
}
