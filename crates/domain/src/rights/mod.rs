//! Rights: the scopes of API keys, the permissions of accounts, and how far they reach.

mod permission;
mod reach;
mod scope;

pub use permission::{Permission, PermissionSet};
pub use reach::{Reach, Right};
pub use scope::{Scope, ScopeSet};
