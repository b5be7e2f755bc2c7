//! External users: the functions that all contracts share.

mod bulk;
mod claims;
mod clear;
mod deleted;
mod dialect;
mod erased_executions;
mod find;
mod list;
mod needle;
mod removal;
mod row;
mod search;
mod write;

pub use bulk::{Names, find_all, upsert_all};
pub use claims::{find_claimed, find_or_create_claimed};
pub(crate) use clear::{clear_group, clear_tier};
pub use deleted::{count_deleted, list_deleted};
pub use find::{find, find_by_external_id, find_by_username};
pub(crate) use list::last_before;
pub use list::{count, list};
pub use removal::{Tombstone, delete, delete_by_external_id, erase, restore, sweep};
pub use write::{Outcome, change, create, find_or_create_by_username, upsert};
