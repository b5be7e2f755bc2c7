//! Jobs: work that outlives a request.
//!
//! Jobs of one lane run one after the other. A server takes a lane that is due with a lease, begins its first job, and gives
//! the lane back with the outcome: due again for its next job, and behind all lanes that are due already. So a workspace with
//! a million jobs does not hold up another one's. A lane is due again when its lease ends: a server that stops without a word
//! gives its jobs back this way.
//!
//! Whoever locks several locks the feed first, then the lane, then the job.

mod lanes;
mod listing;
mod row;
mod running;

pub use self::lanes::{DueLane, due, postpone};
pub(crate) use self::lanes::{open_lane, wake};
pub(crate) use self::listing::has_unfinished;
pub use self::listing::{JobLoad, find, list, load, sweep};
pub use self::running::{Ending, LEASE, Taken, cancel, finish, keep, retry, take};
pub(crate) use self::running::{JobCall, begin_again, enqueue, store_or_call};
