//! Transactions around several statements.
//!
//! A connection that is dropped between `begin` and `finish` counts as broken and is closed instead of used again, so
//! that whatever was half done is rolled back.

use std::time::Duration;

use denizen_domain::{Conflict, Error, Result};
use diesel::connection::AnsiTransactionManager as SqliteTransactions;
use diesel_async::{AnsiTransactionManager, TransactionManager as _};

use super::database::{DbConnection, on_backend};
use super::error::OrError as _;

/// How often a write is tried that another request gets in the way of.
const ATTEMPTS: u32 = 5;

/// How long the second attempt waits.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// Begins a transaction that will write. On SQLite it takes the one write lock at once: taking it later, after
/// reading, fails under load.
pub(crate) async fn begin(connection: &mut DbConnection) -> Result<()> {
    match connection {
        DbConnection::Postgres(object) => AnsiTransactionManager::begin_transaction(&mut ***object).await,
        DbConnection::Sqlite(object) => {
            object
                .spawn_blocking(|connection| {
                    SqliteTransactions::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
                })
                .await
        }
    }
    .or_error("begin a transaction")
}

/// Ends a transaction: with success its changes are kept, otherwise they are undone.
pub(crate) async fn finish<T>(connection: &mut DbConnection, result: Result<T>) -> Result<T> {
    match result {
        Ok(value) => {
            on_backend!(connection, |conn| TransactionManagerOf::commit(conn).await).or_error("commit")?;
            Ok(value)
        }
        Err(error) => {
            on_backend!(connection, |conn| TransactionManagerOf::roll_back(conn).await)
                .or_error("roll back")?;
            Err(error)
        }
    }
}

/// Names the transaction manager of a connection without naming the connection's type.
struct TransactionManagerOf;

impl TransactionManagerOf {
    async fn commit<C: diesel_async::AsyncConnection>(connection: &mut C) -> diesel::QueryResult<()> {
        C::TransactionManager::commit_transaction(connection).await
    }

    async fn roll_back<C: diesel_async::AsyncConnection>(connection: &mut C) -> diesel::QueryResult<()> {
        C::TransactionManager::rollback_transaction(connection).await
    }
}

/// Whether a write should be tried again, because another request got in the way at the same moment; then waits a
/// little, longer each time, so that the other one gets done.
pub(crate) async fn should_retry<T>(result: &Result<T>, attempt: u32) -> bool {
    let retry = matches!(result, Err(Error::Conflict(Conflict::ConcurrentChange))) && attempt < ATTEMPTS;
    if retry {
        tokio::time::sleep(FIRST_PAUSE * attempt).await;
    }
    retry
}

/// Runs a block within a transaction, again where another request gets in the way. `?` in the block undoes all of it.
macro_rules! in_transaction {
    ($connection:ident, $body:block) => {{
        let mut attempt = 1;
        loop {
            $crate::connection::begin($connection).await?;
            let result = async { $body }.await;
            let result = $crate::connection::finish($connection, result).await;
            if !$crate::connection::should_retry(&result, attempt).await {
                break result;
            }
            attempt += 1;
        }
    }};
}
pub(crate) use in_transaction;
