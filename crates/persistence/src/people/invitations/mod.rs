//! Invitations to flows.

mod accept;
mod find;
mod invite;
mod row;
mod store;

pub(crate) use accept::accept;
pub use find::{find, list_pending};
pub use invite::{Invited, delete, invite};
pub use store::MAXIMUM_PER_FLOW;
