//! Connections to the two databases: pools, settings, TLS, transactions, and the errors of statements.
//!
//! Nothing here names a table.

mod connect;
mod database;
mod database_url;
mod error;
mod group_commit;
mod in_place;
mod leased;
mod metrics_of_queries;
mod pool;
mod settings;
mod sqlite;
mod sqlite_file;
mod tls;
mod transaction;
mod write_ahead_log;

pub use connect::{ConnectError, DatabaseOptions};
pub use database::{Backend, Database, DbConnection};
pub(crate) use database::{on_backend, on_each_backend};
pub use database_url::{InvalidDatabaseUrl, database_location};
pub(crate) use error::{OrError, broken_row};
pub(crate) use in_place::AsyncSqliteConnection;
pub use pool::PoolStatus;
pub use settings::SqliteSynchronous;
pub(crate) use sqlite::SqliteAccess;
pub use sqlite_file::{sqlite_file, sqlite_url};
pub(crate) use transaction::{
    all_at_once, begin, commit_with, enclosed, finish, in_transaction, note_end, send_with_commit,
    should_retry,
};
