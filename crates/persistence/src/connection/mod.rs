//! Connections to the two databases: pools, settings, TLS, transactions, and the errors of statements.
//!
//! Nothing here names a table.

mod changes;
mod connect;
mod database;
mod error;
mod in_place;
mod leased;
mod metrics_of_queries;
mod settings;
mod sqlite_file;
mod tls;
mod transaction;

pub use changes::{Changes, MAXIMUM_AGE, Mark, Moment};
pub(crate) use connect::AsyncSqliteConnection;
pub use connect::{ConnectError, DatabaseOptions};
pub(crate) use database::on_backend;
pub use database::{Backend, Database, DbConnection, PoolStatus};
pub(crate) use error::{OrError, broken_row};
pub use settings::SqliteSynchronous;
pub use sqlite_file::{sqlite_file, sqlite_url};
pub(crate) use transaction::{begin, finish, in_transaction, should_retry};
