//! Accounts and what they may do and see: log-in, roles, workspaces with their members, flows with their participants.
//!
//! API keys are not accounts and stand above. External users stand below, and do not know who administers them. Modules
//! import functions of each other, not each other as a whole.

pub mod account_tokens;
pub mod accounts;
mod asker;
mod departures;
pub mod flows;
pub mod invitations;
pub mod log_in_failures;
pub mod memberships;
mod numbers;
pub mod organizations;
pub mod roles;
pub mod workspaces;

pub use asker::Asker;
