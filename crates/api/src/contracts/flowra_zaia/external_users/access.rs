//! Whether a user is blocked, in requests.

use denizen_domain::{AccessChange, Json, Timestamp, Violations};
use serde_json::Value;
use utoipa::ToSchema;

use crate::wire::body::Input;

/// The `blocked` field of a request.
#[derive(ToSchema)]
#[schema(as = ExternalUserBlocked)]
#[serde(untagged)]
#[expect(dead_code, reason = "only documents the shape; the body is read as any JSON")]
pub(super) enum Blocked {
    /// Blocked indefinitely, or not.
    Flag(bool),
    /// Blocked with a reason, an end time or both.
    Story {
        /// Reason, 1 to 500 characters; null for none.
        #[schema(required = false, min_length = 1, max_length = 500)]
        reason: Option<String>,
        /// End time, in the future; null for none.
        #[schema(required = false, format = "date-time")]
        until: Option<String>,
    },
}

/// Reads the `blocked` field of a request: `true`, `false`, or `{reason, until}`.
pub(super) fn change(
    input: Input<Value>,
    violations: &mut Violations,
    now: Timestamp,
) -> Option<AccessChange> {
    let blocked = match input {
        Input::Absent => return None,
        Input::Value(value) => value.into(),
        Input::Null | Input::Wrong(_) => Json::Null,
    };
    AccessChange::from_json(&blocked, "blocked", now).map_err(|broken| violations.append(broken)).ok()
}
