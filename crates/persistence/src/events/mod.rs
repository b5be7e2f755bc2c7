//! Events: what others are told of each change of a workspace.
//!
//! A transaction that changes something stores its event in the outbox. Transactions commit in another order than they
//! begin, so an event gets its position afterwards: [`give_positions`] numbers what has committed, one caller at a time for
//! each workspace. So no event ever appears before one that was read.

mod feed;
mod outbox;
mod positions;
mod removal;

pub use self::feed::{EventPage, Start, at, is_surely_after, last_positions, list, position_before};
pub(crate) use self::outbox::OutboxRow;
pub use self::outbox::tell_of_authentication;
pub use self::positions::{give_positions, has_outbox, next_with_outbox};
pub use self::removal::sweep;
pub(crate) use self::removal::{erase, erased, remove_feed};
