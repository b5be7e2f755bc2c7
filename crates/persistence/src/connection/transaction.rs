//! Transactions.
//!
//! A connection dropped between `begin` and `finish` is broken: the pool closes it, which rolls back its transaction.

use std::time::Duration;

use denizen_domain::{Conflict, Error, Result};
use diesel::connection::AnsiTransactionManager as SqliteTransactions;
use diesel_async::{AnsiTransactionManager, TransactionManager as _};

use super::database::{DbConnection, on_backend};
use super::error::OrError as _;

/// How many times a write is tried when other requests interfere.
const ATTEMPTS: u32 = 5;

/// The pause before the second attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// Begins a transaction that will write. On SQLite, it takes the write lock at once: taking it after a read fails
/// under load.
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

/// Ends a transaction: commits on success, otherwise rolls back.
pub(crate) async fn finish<T>(connection: &mut DbConnection, result: Result<T>) -> Result<T> {
    let finished = end(connection, result).await;
    connection.note_changes();
    finished
}

async fn end<T>(connection: &mut DbConnection, result: Result<T>) -> Result<T> {
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

/// Calls a connection's transaction manager without naming the connection's type.
struct TransactionManagerOf;

impl TransactionManagerOf {
    async fn commit<C: diesel_async::AsyncConnection>(connection: &mut C) -> diesel::QueryResult<()> {
        C::TransactionManager::commit_transaction(connection).await
    }

    async fn roll_back<C: diesel_async::AsyncConnection>(connection: &mut C) -> diesel::QueryResult<()> {
        C::TransactionManager::rollback_transaction(connection).await
    }
}

/// Returns whether to retry a write because another request interfered. Pauses before it returns true, longer each
/// time.
pub(crate) async fn should_retry<T>(result: &Result<T>, attempt: u32) -> bool {
    let retry = matches!(result, Err(Error::Conflict(Conflict::ConcurrentChange))) && attempt < ATTEMPTS;
    if retry {
        tokio::time::sleep(FIRST_PAUSE * attempt).await;
    }
    retry
}

/// Runs a block in a transaction, and retries it when another request interferes. `?` in the block rolls it back.
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
