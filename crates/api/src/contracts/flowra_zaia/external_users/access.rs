//! Whether a user is let in: how requests say it, and how it is shown.

use denizen_domain::{AccessChange, BlockReason, ExternalUser, Reason, Timestamp, Violation, Violations};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::contracts::flowra_zaia::actor::ActorAnswer;
use crate::wire::body::Input;
use crate::wire::query;

/// Whether the user is let in, and if not, why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalUserAccess)]
pub(crate) struct Access {
    /// `active`, or `blocked`. A block with an end is over at that moment, by itself.
    state: &'static str,
    /// Why it is blocked, where somebody has said so.
    #[schema(required, max_length = 500)]
    reason: Option<String>,
    /// Since when it is blocked.
    #[schema(required, format = "date-time")]
    since: Option<String>,
    /// Until when it is blocked; null for good.
    #[schema(required, format = "date-time")]
    until: Option<String>,
    /// Who has blocked it.
    #[schema(required)]
    by: Option<ActorAnswer>,
}

impl Access {
    /// Whether a user is let in at this moment.
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

/// How a body says that a user is blocked.
#[derive(ToSchema)]
#[schema(as = ExternalUserBlocked)]
#[serde(untagged)]
#[expect(dead_code, reason = "what the document shows; the body is read as any JSON")]
pub(super) enum Blocked {
    /// Blocked for good, or not.
    Flag(bool),
    /// Blocked for a reason, or until a moment.
    Story {
        /// Why: 1 to 500 characters; null for no reason.
        #[schema(required = false, min_length = 1, max_length = 500)]
        reason: Option<String>,
        /// Until when, in the future; null for good.
        #[schema(required = false, format = "date-time")]
        until: Option<String>,
    },
}

/// What a body says of whether a user is blocked: `true`, `false`, or `{reason, until}`.
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

/// What a story may tell.
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

/// A moment that is yet to come.
fn future(text: &str, now: Timestamp) -> Result<Timestamp, Violation> {
    let moment = query::timestamp(text)?;
    if moment > now {
        return Ok(moment);
    }
    Err(Violation::new(Reason::OutOfRange, "must be in the future"))
}
