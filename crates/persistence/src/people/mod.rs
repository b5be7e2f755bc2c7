//! Accounts with their rights: log-in, roles, workspaces with members, flows with participants,
//! workflows with owners.
//!
//! API keys are not accounts, and stand above. External users stand below, and do not know who administers them.
//! Modules import single functions of each other, not whole modules.

pub mod account_tokens;
pub mod accounts;
mod administrators;
mod asker;
mod departures;
pub mod flows;
pub mod invitations;
pub mod log_in_failures;
pub mod memberships;
mod numbers;
pub mod organizations;
pub mod roles;
pub mod workflows;
pub mod workspaces;

pub use asker::Asker;
