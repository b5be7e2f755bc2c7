//! Tokens of accounts, and the accounts they authenticate.

mod list;
mod make;
mod revoke;
mod row;
mod sign_in;

pub use list::{TokenFilter, count, find, list};
pub use make::{MAXIMUM_PERSONAL, create_personal, issue, log_in};
pub use revoke::{MAXIMUM_LOG_INS, revoke, revoke_personal, sweep};
pub(crate) use revoke::{delete_all_of, delete_privileged_of};
pub(crate) use sign_in::find_signed_in;
pub use sign_in::{PasswordHolder, SignedIn, authenticate, find_by_password, prolong};
