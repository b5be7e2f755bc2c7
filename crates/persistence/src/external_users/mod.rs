//! External users: found, made, changed, deleted, listed, the same way for every contract.

mod find;
mod list;
mod row;
mod write;

pub use find::{find, find_by_external_id, find_by_username};
pub use list::{count, list};
pub use write::{
    Outcome, change, create, delete, find_claimed, find_or_create_by_username, find_or_create_claimed,
    toggle_blocked, upsert,
};
