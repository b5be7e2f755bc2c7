//! The directory on PostgreSQL and SQLite: the only crate that knows diesel.
//!
//! A [`Database`] hands out connections; the modules named after the things of the directory hold the functions that
//! read and write them. Schema, row types and queries exist once for both databases: [`DbConnection`] is an enum of
//! the two, and `on_backend!` writes a query out for each. What must differ stands in a `dialect.rs`.
//!
//! # Rooms
//!
//! All public items are exported at the root of the crate. Each module imports only from modules below it:
//!
//! | module | contents |
//! |---|---|
//! | [`executions`] | the runs of workflows, and what their steps do |
//! | [`bootstrap`], [`Cache`] | the first workspace, administrator and key; look-ups and places of pages answered from memory |
//! | [`api_keys`] | keys, and who holds them |
//! | `people` | [`accounts`], [`account_tokens`], [`roles`], [`workspaces`], [`memberships`], [`flows`], [`workflows`] and their kin |
//! | `directory` | [`external_users`], [`channels`], [`external_user_groups`], [`tiers`], [`super_identities`] |
//! | [`connected_accounts`] | the accounts of external users with other systems, and how to connect to those |
//! | [`webhooks`] | the endpoints to which events are sent, and what became of each |
//! | [`idempotency_records`], [`server_secrets`] | what the server keeps for itself |
//! | [`audit_events`] | what has changed, and by whom |
//! | [`events`] | what others are told of each change |
//! | [`jobs`] | work that outlives a request |
//! | [`migrations`], `queries` | the schema's versions; pages, locks and patterns of many queries |
//! | [`introspection`], `schema` | what the database says of itself; its tables for diesel |
//! | `connection`, `types` | pools, transactions and errors; how ids and times are stored |
//! | `memory` | what connections share: this server's changes, and samples of texts |
//!
//! # Recipes
//!
//! ## Adding a table
//! 1. `cargo xtask migrate new NAME` makes the files; write both, `workspace_id` first in every key.
//! 2. `cargo xtask codegen` writes `schema.rs` from the migrated database.
//! 3. Make a module named after the table in `directory` or `people`: the row with its conversions, then the functions,
//!    each of which takes a connection and the workspace. With `treat_none_as_default_value = false`, every row is inserted
//!    with the same statement, which is prepared once.
//!
//! ## Writing a function
//! 1. It takes `&mut DbConnection`, domain types, and a [`Source`](denizen_domain::Source) where it makes ids or times.
//! 2. `#[boxed]` boxes the future of a public function, so that this crate compiles it, once. The body of a plain `async fn`
//!    is compiled by each crate that awaits it.
//! 3. What belongs together goes into `in_transaction!`. Nothing opens a second connection. A change of accounts, roles or
//!    workspaces takes an [`Asker`], and reads what it may do within the transaction.
//! 4. Not found is `Option`; a taken name is a [`Conflict`](denizen_domain::Conflict); the rest is `.or_error("doing what")`.
//! 5. Whatever changes an external user, an account or a role increments its version: with its row locked, in the domain
//!    (`mark_changed`), or else in SQL. Entity tags depend on it.

pub mod api_keys;
pub mod audit_events;
pub mod bootstrap;
mod cache;
pub mod connected_accounts;
mod connection;
mod directory;
pub mod events;
pub mod executions;
pub mod idempotency_records;
pub mod introspection;
pub mod jobs;
mod memory;
pub mod migrations;
mod people;
mod queries;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "schemas read like those that diesel's own tool writes")
)]
mod schema;
pub mod server_secrets;
mod types;
pub mod webhooks;

pub use cache::{Cache, CalledWorkflow, ExternalUserName};
pub use connection::{
    Backend, ConnectError, Database, DatabaseOptions, DbConnection, InvalidDatabaseUrl, PoolStatus,
    SqliteSynchronous, database_location, sqlite_file, sqlite_url,
};
pub use directory::{channels, external_user_groups, external_users, super_identities, tiers};
pub use memory::MAXIMUM_AGE;
pub use people::{
    Asker, account_tokens, accounts, flows, invitations, log_in_failures, memberships, organizations, roles,
    workflows, workspaces,
};
