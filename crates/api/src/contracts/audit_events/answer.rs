//! Audit events in responses.

use denizen_domain::{AuditEvent, ExternalUserId, FieldChanges};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;
use crate::wire::actor::ActorAnswer;

/// Returns an audit event as `/api/v1` shows it, for callers that print it elsewhere.
pub fn audit_event_json(event: AuditEvent) -> impl Serialize {
    AuditEventAnswer::from(event)
}

/// One change. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent, example = samples::audit_event)]
pub(crate) struct AuditEventAnswer {
    /// Its id.
    id: Uuid,
    /// Time of the change.
    #[schema(format = "date-time")]
    occurred_at: String,
    /// The object's type and the operation, separated by a dot.
    #[schema(example = "external_user.update")]
    action: String,
    /// Type of the object.
    #[schema(example = "external_user")]
    object_type: String,
    /// Id of the changed object, or its number if it has no id.
    object_id: String,
    /// Who made the change.
    actor: ActorAnswer,
    /// The external user that a key acted for; null if none.
    #[schema(required)]
    acting_for: Option<Uuid>,
    /// The changed fields by name, each with `{"old": …, "new": …}`. Nested fields are named by their path, such as
    /// `customFields.plan`, or `customFields["a.plan"]` if a name looks like a path. Never contains secrets; empty once
    /// the object was erased.
    #[schema(value_type = HashMap<String, Value>)]
    changes: FieldChanges,
    /// The `x-request-id` of the request; null if a command or the server made the change.
    #[schema(required)]
    request_id: Option<String>,
    /// Client address of the request; null if there was none.
    #[schema(required)]
    address: Option<String>,
    /// The operating system's user and machine that ran the operator's command: `USER@HOST`, or `LOGIN as USER@HOST` if they
    /// differ; null if no command made the change.
    #[schema(required)]
    operator: Option<String>,
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
            operator,
        } = event;
        Self {
            id: id.as_uuid(),
            occurred_at: occurred_at.to_string(),
            action,
            object_type: object.to_string(),
            object_id,
            actor: ActorAnswer::from(actor),
            acting_for: acting_for.map(ExternalUserId::as_uuid),
            changes,
            request_id,
            address: address.map(|address| address.to_string()),
            operator,
        }
    }
}
