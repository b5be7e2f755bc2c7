//! Workspaces as their members see them, with the people they meet there.
//!
//! Deleted and inactive workspaces do not exist for their members.

mod find;
mod members;
mod people;
mod rename;

pub use find::{Organization, find, find_by_number, list, member_counts};
pub(crate) use find::{organizations_of, rank_of, require_kept};
pub use members::{OrganizationUser, add, list_members, remove, set_admin};
pub use people::{list_profiles, look_up, visible_numbers};
pub use rename::rename;
