//! Workspaces: the tenants themselves.

mod find;
mod keys;
mod removal;
mod residents;
mod row;
mod write;

pub use find::{any, count, find, find_by_slug, find_in_use, find_within, list};
pub use keys::{KeyOf, create_key, delete_key, find_key, reseal_key};
pub use removal::{delete, deleted, remove_some};
pub(crate) use row::{WorkspaceRow, stored_limit};
pub use write::{change, create, create_named};
pub(crate) use write::{insert, next_number, update};
