//! Tokens of accounts, and the way from a secret to whoever is logged in with it.

mod list;
mod make;
mod revoke;
mod row;
mod sign_in;

pub use list::{TokenFilter, count, find, list};
pub use make::{create_personal, issue, log_in};
use revoke::delete_oldest_log_ins;
pub(crate) use revoke::{delete_all_of, delete_privileged_of};
pub use revoke::{revoke, revoke_personal, sweep};
pub(crate) use sign_in::find_signed_in;
pub use sign_in::{PasswordHolder, SignedIn, authenticate, find_by_password, prolong};

/// The most personal tokens of an account that are in force.
pub const MAXIMUM_PERSONAL: i64 = 100;

/// The most log-ins of an account that are in force; a further one ends the oldest.
pub const MAXIMUM_LOG_INS: i64 = 1_000;
