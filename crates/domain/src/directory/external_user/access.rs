//! Blocks of external users, with reason and end.

use crate::audit::Actor;
use crate::primitives::text::{lines, not_blank, text_type};
use crate::primitives::{Timestamp, Violation};

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
