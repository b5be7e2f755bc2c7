//! Flows and their participants.

mod entry;
mod find;
mod list;
mod participants;
mod row;
mod write;

pub(crate) use entry::insert_participants;
pub use find::{find, find_by_id, find_in_organizations};
pub use list::{CountedFlow, FlowListing, ListedFlows, PlaceInList, list, list_all};
pub(crate) use participants::participant;
pub use participants::{
    FlowUser, add, add_account, find_participant, join_by_link, list_users, remove, set_blocked,
};
pub use write::{MAXIMUM_PER_WORKSPACE, change, create};
