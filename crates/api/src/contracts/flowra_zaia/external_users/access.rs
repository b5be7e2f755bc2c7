//! Whether a user is blocked, in requests and responses.

use denizen_domain::{AccessChange, BlockReason, ExternalUser, Reason, Timestamp, Violation, Violations};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::wire::actor::ActorAnswer;
use crate::wire::body::Input;
use crate::wire::query;

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
    match input {
        Input::Absent => None,
        Input::Value(Value::Bool(true)) => Some(AccessChange::Block),
        Input::Value(Value::Bool(false)) => Some(AccessChange::Unblock),
        Input::Value(Value::Object(story)) if KEYS.iter().any(|key| story.contains_key(*key)) => {
            told(&story, violations, now)
        }
        Input::Null | Input::Value(_) | Input::Wrong(_) => {
            let message = "must be true, false, or an object with reason, until or both";
            violations.add("blocked", Violation::new(Reason::InvalidType, message));
            None
        }
    }
}

/// The fields of a block.
const KEYS: [&str; 2] = ["reason", "until"];

fn told(story: &Map<String, Value>, violations: &mut Violations, now: Timestamp) -> Option<AccessChange> {
    let text = |name: &str| match story.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Violation::new(Reason::InvalidType, "must be a string or null")),
    };
    let reason = text("reason").and_then(|reason| reason.map(BlockReason::parse).transpose());
    let until = text("until").and_then(|until| until.map(|until| future(until, now)).transpose());
    let reason = violations.check("blocked.reason", reason);
    let until = violations.check("blocked.until", until);
    Some(AccessChange::BlockWith { reason: reason?, until: until? })
}

/// Parses a time in the future.
fn future(text: &str, now: Timestamp) -> Result<Timestamp, Violation> {
    let moment = query::timestamp(text)?;
    if moment > now {
        return Ok(moment);
    }
    Err(Violation::new(Reason::OutOfRange, "must be in the future"))
}
