//! The directory on PostgreSQL and SQLite: the only crate that knows diesel.
//!
//! A [`Database`] hands out connections; the modules named after the things of the directory hold the functions that
//! read and write them. Schema, row types and queries exist once for both databases: [`DbConnection`] is an enum of
//! the two, and `on_backend!` writes a query out for each. What must differ stands in `dialect.rs`.
//!
//! # Recipes
//!
//! ## Adding a table
//! 1. `cargo xtask migrate new NAME` makes the files; write both, `workspace_id` first in every key.
//! 2. `cargo xtask codegen` writes `schema.rs` from the migrated database.
//! 3. Make a module named after the table: the row with its conversions, then the functions, each of which takes a
//!    connection and the workspace.
//!
//! ## Writing a function
//! 1. It takes `&mut DbConnection`, domain types, and a [`Source`](denizen_domain::Source) where it makes ids or times.
//! 2. What belongs together goes into `in_transaction!`. Nothing opens a second connection. A change of accounts, roles or
//!    workspaces takes an [`Asker`], and reads what it may do within the transaction.
//! 3. Not found is `Option`; a taken name is a [`Conflict`](denizen_domain::Conflict); the rest is `.or_error("doing what")`.

pub mod account_tokens;
pub mod accounts;
pub mod api_keys;
mod asker;
pub mod audit_events;
pub mod bootstrap;
pub mod channels;
mod connect;
mod database;
mod departures;
mod dialect;
mod error;
pub mod external_user_groups;
pub mod external_users;
pub mod flows;
pub mod idempotency_records;
pub mod introspection;
pub mod invitations;
mod keyset;
pub mod log_in_failures;
pub mod memberships;
mod metrics_of_queries;
pub mod migrations;
mod numbers;
pub mod organizations;
pub mod roles;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "schemas read like those that diesel's own tool writes")
)]
mod schema;
pub mod server_secrets;
mod settings;
pub mod super_identities;
pub mod tiers;
mod tls;
mod transaction;
mod types;
pub mod workspaces;

pub use asker::Asker;
pub use connect::{ConnectError, DatabaseOptions};
pub(crate) use database::on_backend;
pub use database::{Backend, Database, DbConnection, PoolStatus};
pub use settings::SqliteSynchronous;
