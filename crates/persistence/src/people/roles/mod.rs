//! Roles: global ones, and those of workspaces.

mod find;
mod row;
mod write;

pub use find::{find, find_by_name, find_within, list};
pub(crate) use find::{named, of_accounts};
pub use write::{MAXIMUM_PER_WORKSPACE, change, create, delete};
pub(crate) use write::{assign, delete_all_of};
