//! Transactions.
//!
//! A connection dropped between `begin` and `finish` is broken: it is closed, which rolls back its transaction.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use denizen_domain::{Conflict, Error, Result};
use diesel::QueryResult;
use diesel::connection::{TransactionDepthChange, TransactionManagerStatus};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, SimpleAsyncConnection as _, TransactionManager as _,
};
use futures_util::future::{BoxFuture, join, join_all};
use futures_util::{FutureExt as _, TryFutureExt as _};

use super::database::DbConnection;
use super::error::OrError as _;

/// How many times a write is tried when other requests interfere.
const ATTEMPTS: u32 = 5;

/// The pause before the second attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// Begins a transaction that will write. On SQLite, it takes the write lock at once: taking it after a read fails
/// under load. An enclosed one has begun with the one around it.
pub(crate) async fn begin(connection: &mut DbConnection) -> Result<()> {
    if connection.is_enclosed() {
        return Ok(());
    }
    match connection {
        DbConnection::Postgres(object) => send_begin(object),
        DbConnection::Sqlite(access) => access.begin().await,
    }
    .or_error("begin a transaction")
}

/// Sends `BEGIN` without waiting for the answer, which saves a round trip. tokio-postgres sends a request when its future
/// is first polled, and the next statement after it. A connection that cannot begin a transaction is closed, and then the
/// next statement fails.
fn send_begin(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    if !is_idle(connection) {
        return Err(diesel::result::Error::AlreadyInTransaction);
    }
    (&*connection).batch_execute("BEGIN").now_or_never().unwrap_or(Ok(()))?;
    change_depth(connection, TransactionDepthChange::IncreaseDepth)
}

/// Tells diesel that a transaction has begun or ended.
fn change_depth(connection: &mut AsyncPgConnection, change: TransactionDepthChange) -> QueryResult<()> {
    match AnsiTransactionManager::transaction_manager_status_mut(connection) {
        TransactionManagerStatus::Valid(status) => status.change_transaction_depth(change),
        TransactionManagerStatus::InError => Err(diesel::result::Error::BrokenTransactionManager),
    }
}

/// Runs the last statements of a transaction, none of which needs the answer of another, and fails if one fails.
/// PostgreSQL receives them at once, and `COMMIT` with them: nothing can be undone afterwards. SQLite runs them one after
/// the other, and [`finish`] commits.
macro_rules! commit_with {
    ($connection:expr, |$conn:ident| $($statement:expr),+ $(,)?) => {
        match $connection {
            $crate::DbConnection::Postgres(object) => {
                let is_enclosed = object.is_enclosed();
                let shared: &diesel_async::AsyncPgConnection = &***object;
                let statements: Vec<futures_util::future::BoxFuture<'_, denizen_domain::Result<()>>> = vec![$(
                    Box::pin(async {
                        let $conn = &mut &*shared;
                        $statement.map(|_| ())
                    })
                ),+];
                let ending = $crate::connection::send_with_commit(shared, statements, !is_enclosed).await;
                $crate::connection::note_end(&mut ***object, ending)
            }
            $crate::DbConnection::Sqlite(access) => {
                let pace = access.pace();
                let result = match access.enter().await {
                    Ok($conn) => Ok(pace.run(async { $($statement?;)+ Ok(()) }).await),
                    Err(error) => Err(error),
                };
                let result = $crate::connection::OrError::or_error(access.leave(result).await, "write");
                result.and_then(|written| written)
            }
        }
    };
}
pub(crate) use commit_with;

/// Runs a statement for each of some things, none of which needs the answer of another, and returns the answers. PostgreSQL receives
/// them at once. SQLite runs them one after the other.
macro_rules! all_at_once {
    ($connection:expr, $items:expr, |$conn:ident, $item:ident| $statement:expr) => {
        match $connection {
            $crate::DbConnection::Postgres(object) => {
                let shared: &diesel_async::AsyncPgConnection = &***object;
                let statements = $items.into_iter().map(|$item| {
                    let statement: futures_util::future::BoxFuture<'_, diesel::QueryResult<_>> =
                        Box::pin(async move {
                            let $conn = &mut &*shared;
                            $statement
                        });
                    statement
                });
                futures_util::future::join_all(statements)
                    .await
                    .into_iter()
                    .collect::<diesel::QueryResult<Vec<_>>>()
            }
            $crate::DbConnection::Sqlite(access) => {
                let pace = access.pace();
                let result = match access.enter().await {
                    Ok($conn) => {
                        let statements = async {
                            let mut answers = Vec::new();
                            for $item in $items {
                                answers.push($statement?);
                            }
                            diesel::QueryResult::Ok(answers)
                        };
                        pace.run(statements).await
                    }
                    Err(error) => Err(error),
                };
                access.leave(result).await
            }
        }
    };
}
pub(crate) use all_at_once;

/// How the last statements of a transaction ended.
pub(crate) struct Ending {
    outcome: Result<()>,
    is_over: bool,
}

/// Sends statements at once, and `COMMIT` with them unless the transaction is enclosed. PostgreSQL runs them in this order. After one that failed, it refuses the rest,
/// and answers `COMMIT` by rolling back.
pub(crate) async fn send_with_commit(
    connection: &AsyncPgConnection,
    statements: Vec<BoxFuture<'_, Result<()>>>,
    commits: bool,
) -> Ending {
    let has_failed = AtomicBool::new(false);
    let note = |_: &Error| has_failed.store(true, Ordering::Relaxed);
    let statements = join_all(statements.into_iter().map(|statement| statement.inspect_err(note)));
    let commit = async {
        // PostgreSQL knows nothing of a statement that could not be sent, and would commit the others.
        if !commits || has_failed.load(Ordering::Relaxed) {
            Ok(false)
        } else {
            diesel_async::RunQueryDsl::execute(Commit, &mut &*connection).await.map(|_| true)
        }
    };
    let (statements, commit) = join(statements, commit).await;
    let is_over = matches!(commit, Ok(true));
    let outcome = statements.into_iter().collect::<Result<()>>();
    Ending { outcome: outcome.and(commit.map(|_| ()).or_error("commit")), is_over }
}

/// Tells diesel that a transaction is over. If it is not, [`finish`] rolls it back.
pub(crate) fn note_end(connection: &mut AsyncPgConnection, ending: Ending) -> Result<()> {
    if ending.is_over {
        change_depth(connection, TransactionDepthChange::DecreaseDepth).or_error("commit")?;
    }
    ending.outcome
}

/// `COMMIT` as a prepared statement: only these keep their order while others are being prepared.
#[derive(QueryId)]
struct Commit;

impl QueryFragment<Pg> for Commit {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("COMMIT");
        Ok(())
    }
}

/// Returns whether a connection is outside of transactions.
fn is_idle(connection: &mut AsyncPgConnection) -> bool {
    let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
    matches!(status.transaction_depth(), Ok(None))
}

/// Ends a transaction: commits on success, otherwise rolls back. An enclosed one ends with the one around it.
pub(crate) async fn finish<T>(connection: &mut DbConnection, result: Result<T>) -> Result<T> {
    if connection.is_enclosed() {
        return result;
    }
    let commit = result.is_ok();
    let ended = match connection {
        DbConnection::Postgres(object) => end(object, commit).await,
        DbConnection::Sqlite(access) => access.end(commit).await,
    };
    connection.note_changes();
    ended.or_error(if commit { "commit" } else { "roll back" })?;
    result
}

/// Ends a transaction on PostgreSQL, unless `commit_with!` has.
async fn end(connection: &mut AsyncPgConnection, commit: bool) -> QueryResult<()> {
    if is_idle(connection) {
        Ok(())
    } else if commit {
        AnsiTransactionManager::commit_transaction(connection).await
    } else {
        AnsiTransactionManager::rollback_transaction(connection).await
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
            if $connection.is_enclosed() || !$crate::connection::should_retry(&result, attempt).await {
                break result;
            }
            attempt += 1;
        }
    }};
}
pub(crate) use in_transaction;

/// Evaluates an expression with all its transactions as parts of the one that is open. If one of them fails, the open one
/// must fail, too.
macro_rules! enclosed {
    ($connection:ident, $body:expr) => {{
        $connection.set_enclosed(true);
        let result = $body;
        $connection.set_enclosed(false);
        result
    }};
}
pub(crate) use enclosed;
