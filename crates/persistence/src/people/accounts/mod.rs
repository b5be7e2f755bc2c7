//! Accounts: the people who log in.

mod find;
mod list;
mod row;
mod write;

pub use find::{LogInCandidate, any, find, find_by_username, find_for_log_in, find_within};
pub(crate) use find::{find_in_use, home_of, is_in_use};
pub(crate) use list::narrowed;
pub use list::{AccountFilter, count, list};
pub(crate) use row::{AccountRow, ProfileRow, with_roles};
pub use write::{change, create, delete, renew_password};
pub(crate) use write::{delete_found, insert, leave_home, require_password};
