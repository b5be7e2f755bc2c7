//! Memberships of accounts in workspaces.

mod find;
mod list;
mod removal;
mod row;
mod write;

pub use find::find;
pub(crate) use find::{administered_beside, all_of, any_but};
pub use list::{Member, count, list};
pub(crate) use removal::leave;
pub use removal::{Removal, remove};
pub(crate) use write::{Entry, bring_in, delete, insert, vouch};
