//! Who is shut out, why, and until when.

use crate::audit::Actor;
use crate::primitives::text::{checked, text_type, visible};
use crate::primitives::{Timestamp, Violation};

text_type! { @declare
    /// Why somebody is blocked, in the words of whoever did it: 1 to 500 characters, not blank.
    BlockReason
}

impl BlockReason {
    /// Checks a reason.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        visible(text)?;
        checked(text, &(1..=500)).map(Self)
    }
}

/// What shuts a user out. It ends by itself where it has an end: nothing has to be done for it at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Why.
    pub reason: Option<BlockReason>,
    /// Since when; `None` where that was not noted.
    pub since: Option<Timestamp>,
    /// Until when; `None` for good.
    pub until: Option<Timestamp>,
    /// Who did it last; `None` where that was not noted.
    pub by: Option<Actor>,
}

impl Block {
    /// Whether it shuts out at this moment.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// What a request says of shutting a user out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessChange {
    /// Shut it out, for good and without a reason. Whoever is shut out already stays so in the same way.
    Block,
    /// Shut it out for this reason, and until this moment, where they are given. Replaces what was said before.
    BlockWith {
        /// Why.
        reason: Option<BlockReason>,
        /// Until when; `None` for good.
        until: Option<Timestamp>,
    },
    /// Let it in again.
    Unblock,
}

impl AccessChange {
    /// What a user is shut out by after the change.
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
