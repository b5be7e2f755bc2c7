//! Transactions.
//!
//! A connection dropped between `begin` and `finish` is broken: it is closed, which rolls back its transaction.

use std::time::Duration;

use denizen_domain::{Conflict, Error, Result};
use diesel_async::{AnsiTransactionManager, TransactionManager as _};

use super::database::DbConnection;
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
        DbConnection::Sqlite(access) => access.begin().await,
    }
    .or_error("begin a transaction")
}

/// Ends a transaction: commits on success, otherwise rolls back.
pub(crate) async fn finish<T>(connection: &mut DbConnection, result: Result<T>) -> Result<T> {
    let commit = result.is_ok();
    let ended = match connection {
        DbConnection::Postgres(object) if commit => {
            AnsiTransactionManager::commit_transaction(&mut ***object).await
        }
        DbConnection::Postgres(object) => AnsiTransactionManager::rollback_transaction(&mut ***object).await,
        DbConnection::Sqlite(access) => access.end(commit).await,
    };
    connection.note_changes();
    ended.or_error(if commit { "commit" } else { "roll back" })?;
    result
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
