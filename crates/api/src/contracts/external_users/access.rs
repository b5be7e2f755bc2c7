//! Whether a user is blocked, in responses.

use denizen_domain::{ExternalUser, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::actor::ActorAnswer;

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
