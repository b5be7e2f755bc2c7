//! Blocks of external users, with reason and end.

use crate::audit::Actor;
use crate::primitives::text::{lines, not_blank, text_type};
use crate::primitives::{Json, JsonObject, Reason, Timestamp, Violation, Violations};

text_type! { @declare
    /// The reason for a block, in the blocker's words: 1 to 500 characters, not blank.
    BlockReason
}

impl BlockReason {
    /// Checks a reason.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        not_blank(text)?;
        lines(text, &(1..=500)).map(Self)
    }
}

/// A block of a user. A block with an end expires by itself: no job has to run at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The reason.
    pub reason: Option<BlockReason>,
    /// When it began; `None` if not recorded.
    pub since: Option<Timestamp>,
    /// When it ends; `None` if never.
    pub until: Option<Timestamp>,
    /// Who set it last; `None` if not recorded.
    pub by: Option<Actor>,
}

impl Block {
    /// Returns whether the block is active at this moment.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A request's change to a user's block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessChange {
    /// Blocks the user permanently, without a reason. Keeps an active block unchanged.
    Block,
    /// Blocks the user with an optional reason and end. Replaces those of an active block.
    BlockWith {
        /// The reason.
        reason: Option<BlockReason>,
        /// When the block ends; `None` if never.
        until: Option<Timestamp>,
    },
    /// Unblocks the user.
    Unblock,
}

impl AccessChange {
    /// The members of a block in JSON.
    pub(super) const KEYS: [&str; 2] = ["reason", "until"];

    /// Reads the change of a block from JSON: `true`, `false`, or an object with a `reason`, the end as `until`, or both. The
    /// end lies after `now`. The violations are those of a field with this name and of its members.
    pub fn from_json(json: &Json, name: &str, now: Timestamp) -> Result<Self, Violations> {
        match json {
            Json::Bool(true) => Ok(Self::Block),
            Json::Bool(false) => Ok(Self::Unblock),
            Json::Object(block) if Self::KEYS.iter().any(|key| block.contains_key(*key)) => {
                Self::told(block, name, now)
            }
            _ => {
                let message = "must be true, false, or an object with reason, until or both";
                Err(Violations::of(name, Violation::new(Reason::InvalidType, message)))
            }
        }
    }

    fn told(block: &JsonObject, name: &str, now: Timestamp) -> Result<Self, Violations> {
        let text = |key: &str| match block.get(key) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(Violation::new(Reason::InvalidType, "must be a string or null")),
        };
        let reason = text("reason").and_then(|reason| reason.map(BlockReason::parse).transpose());
        let until = text("until").and_then(|until| until.map(|until| future(until, now)).transpose());
        let mut violations = Violations::new();
        let reason = violations.check(&format!("{name}.reason"), reason);
        let until = violations.check(&format!("{name}.until"), until);
        match (reason, until) {
            (Some(reason), Some(until)) => Ok(Self::BlockWith { reason, until }),
            _ => Err(violations),
        }
    }

    /// Returns the user's block after the change.
    pub(super) fn applied_to(self, block: Option<Block>, by: Actor, now: Timestamp) -> Option<Block> {
        let current = block.filter(|block| block.holds_at(now));
        let since = current.as_ref().map_or(Some(now), |block| block.since);
        match (self, current) {
            (Self::Unblock, _) => None,
            (Self::Block, Some(current)) => Some(current),
            (Self::Block, None) => Some(Block { reason: None, since, until: None, by: Some(by) }),
            (Self::BlockWith { reason, until }, Some(current))
                if current.reason == reason && current.until == until =>
            {
                Some(current)
            }
            (Self::BlockWith { reason, until }, _) => Some(Block { reason, since, until, by: Some(by) }),
        }
    }
}

/// Parses a time in the future.
fn future(text: &str, now: Timestamp) -> Result<Timestamp, Violation> {
    let moment: Timestamp = text.parse()?;
    if moment > now {
        return Ok(moment);
    }
    Err(Violation::new(Reason::OutOfRange, "must be in the future"))
}
