//! Whether a user is blocked, in requests and responses.

use denizen_domain::{AccessChange, ExternalUser, Json, Timestamp, Violations};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::wire::actor::ActorAnswer;
use crate::wire::body::Input;

/// Whether the user has access; if not, why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalUserAccess)]
pub(crate) struct Access {
    /// `active` or `blocked`. A block with an end time ends by itself at that time.
    state: &'static str,
    /// Reason for the block, if one was given.
    #[schema(required, max_length = 500)]
    reason: Option<String>,
    /// When the block began.
    #[schema(required, format = "date-time")]
    since: Option<String>,
    /// When the block ends; null if never.
    #[schema(required, format = "date-time")]
    until: Option<String>,
    /// Who set the block.
    #[schema(required)]
    by: Option<ActorAnswer>,
}

impl Access {
    /// Returns the user's access at this time.
    pub(super) fn of(user: &ExternalUser, now: Timestamp) -> Self {
        let Some(block) = user.block_at(now) else {
            return Self { state: "active", reason: None, since: None, until: None, by: None };
        };
        Self {
            state: "blocked",
            reason: block.reason.as_ref().map(ToString::to_string),
            since: block.since.map(|moment| moment.to_string()),
            until: block.until.map(|moment| moment.to_string()),
            by: block.by.map(ActorAnswer::from),
        }
    }
}

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
