//! SQLite's one writing connection, and how its writers share commits.
//!
//! SQLite writes one transaction at a time, and a commit waits for the disk. So writers who wait anyway share a commit:
//!
//! 1. Writers queue for the connection in order. Who finds no transaction on it begins one, and with it a group.
//! 2. Each further member of the group works in a savepoint of its own. Rolling back to it affects nobody else. The first
//!    needs none: when it rolls back, nobody else has joined. A savepoint keeps a copy of each page that a statement
//!    changes, so that a large change takes much less memory and time without one.
//! 3. A member that is done hands the connection to the next in the queue, and waits until the group is committed. So
//!    nobody is answered before their change is on disk, or told of another's change that is not.
//! 4. The group ends as soon as nobody waits for the connection. Under load, the first member queues again when it is
//!    done, and commits for all when its turn comes; earlier, a member commits once the group is old.
//!
//! A member that is dropped midway, or whose transaction SQLite has rolled back as a whole (the disk is full), closes
//! the connection: the group's changes are undone, and its members fail with `SerializationFailure`. The next writer
//! gets a new connection.
//!
//! The schema has no deferred foreign keys: SQLite would check them at the commit, for all members at once.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, Object, Pool, RecycleResult};
use diesel::connection::{AnsiTransactionManager as Transactions, TransactionManager as _};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{QueryResult, SqliteConnection};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, PoolError as OpenError};
use tokio::sync::watch;

use super::in_place::{AsyncSqliteConnection, letting_others_run};
use super::pool;
use super::write_ahead_log::WriteAheadLog;

/// How long a group grows before a member commits it, although others wait: long enough for many short writes, which take
/// less than a millisecond each. It limits how long a member waits for those after it, and a large change holds up few.
pub(crate) const GROUP_DURATION: Duration = Duration::from_millis(10);

/// Whether a group's changes are on disk, or SQLite's message if they are not. `None` before the commit.
type Verdict = Option<Result<(), String>>;

/// Writers who share a commit.
#[derive(Debug)]
struct Group {
    opened_at: Instant,
    verdict: watch::Sender<Verdict>,
}

/// The writing connection, and the group whose transaction is open on it. When both are dropped, the connection comes
/// first: the members may retry once it has undone their changes.
pub(crate) struct WritingConnection {
    connection: AsyncSqliteConnection,
    group: Option<Group>,
    log: WriteAheadLog,
}

impl WritingConnection {
    /// Joins the group, or opens one. Returns whether it opened one, and the group's future verdict.
    async fn join(&mut self) -> QueryResult<(bool, watch::Receiver<Verdict>)> {
        if let Some(group) = &self.group {
            self.connection.spawn_blocking(Transactions::begin_transaction).await?;
            return Ok((false, group.verdict.subscribe()));
        }
        // Waits for other processes that write.
        let begin = |connection: &mut SqliteConnection| {
            letting_others_run(|| Transactions::begin_transaction_sql(connection, "BEGIN IMMEDIATE"))
        };
        self.connection.spawn_blocking(begin).await?;
        let (verdict, future_verdict) = watch::channel(None);
        self.group = Some(Group { opened_at: Instant::now(), verdict });
        Ok((true, future_verdict))
    }

    /// Ends a member's work: its savepoint, or that of the first member, which ends the group if it undoes it.
    async fn leave(&mut self, opened_group: bool, keep: bool) -> QueryResult<()> {
        if opened_group && keep {
            return Ok(());
        }
        if opened_group {
            self.group = None;
        }
        let end = if keep { Transactions::commit_transaction } else { Transactions::rollback_transaction };
        self.connection.spawn_blocking(end).await
    }

    /// Commits the open group, if there is one, and tells its members. Nothing here waits for other tasks, so nobody
    /// can be dropped between the two.
    async fn commit(&mut self) -> QueryResult<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let commit = |connection: &mut SqliteConnection| {
            letting_others_run(|| Transactions::commit_transaction(connection))
        };
        let committed = self.connection.spawn_blocking(commit).await;
        let verdict = committed.as_ref().copied().map_err(ToString::to_string);
        group.verdict.send_replace(Some(verdict));
        if committed.is_ok() {
            self.log.shorten(&mut self.connection).await;
        }
        committed
    }
}

/// Opens the writing connection.
pub(crate) struct WritingConnectionManager {
    pub(crate) connections: AsyncDieselConnectionManager<AsyncSqliteConnection>,
    pub(crate) file: PathBuf,
}

impl Manager for WritingConnectionManager {
    type Type = WritingConnection;
    type Error = OpenError;

    async fn create(&self) -> Result<WritingConnection, OpenError> {
        let connection = self.connections.create().await?;
        Ok(WritingConnection { connection, group: None, log: WriteAheadLog::of(&self.file) })
    }

    /// A connection that a member left midway does not come here: see [`Writer::abandon`].
    async fn recycle(&self, _: &mut WritingConnection, _: &Metrics) -> RecycleResult<OpenError> {
        Ok(())
    }
}

/// The queue for the writing connection. Clones share it.
#[derive(Clone)]
pub(crate) struct WriteQueue {
    pool: Pool<WritingConnectionManager>,
    group_duration: Duration,
}

impl WriteQueue {
    /// `pool` has one connection. A group is committed at the first end of a member's work after `group_duration`.
    pub(crate) fn new(pool: Pool<WritingConnectionManager>, group_duration: Duration) -> Self {
        Self { pool, group_duration }
    }

    /// Returns the pool behind the queue, for its load.
    pub(crate) fn pool(&self) -> &Pool<WritingConnectionManager> {
        &self.pool
    }

    /// Waits for the connection and joins the group. A connection on which that fails is closed.
    async fn take_turn(&self, scope: Scope) -> QueryResult<Turn> {
        let mut connection = pool::get(&self.pool, "write").await?;
        match connection.join().await {
            Ok((opened_group, verdict)) => Ok(Turn { connection, scope, opened_group, verdict }),
            Err(error) => {
                drop(Object::take(connection));
                Err(error)
            }
        }
    }

    fn should_commit(&self, connection: &WritingConnection) -> bool {
        let is_old = |group: &Group| group.opened_at.elapsed() >= self.group_duration;
        self.pool.status().waiting == 0 || connection.group.as_ref().is_some_and(is_old)
    }

    /// Waits for the connection, and commits whatever group is open by then.
    async fn commit_in_turn(self) {
        if let Ok(mut connection) = self.pool.get().await
            && connection.commit().await.is_err()
        {
            drop(Object::take(connection));
        }
    }
}

/// A writer's turn at the connection.
struct Turn {
    connection: Object<WritingConnectionManager>,
    scope: Scope,
    opened_group: bool,
    verdict: watch::Receiver<Verdict>,
}

/// How long a turn lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// For one statement outside a transaction.
    Statement,
    /// From [`Writer::begin`] to [`Writer::end`].
    Transaction,
}

/// A place from which to write. It takes a turn at the connection for each transaction, and for each statement outside
/// of one.
pub(crate) struct Writer {
    queue: WriteQueue,
    turn: Option<Turn>,
}

impl Writer {
    pub(crate) fn new(queue: WriteQueue) -> Self {
        Self { queue, turn: None }
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self) -> QueryResult<()> {
        if self.turn.is_some() {
            return Err(DieselError::AlreadyInTransaction);
        }
        self.turn = Some(self.queue.take_turn(Scope::Transaction).await?);
        Ok(())
    }

    /// Ends the transaction, and waits until its group is on disk. Without `keep`, it undoes the changes, and waits all
    /// the same, because it may have read those of others in the group: all but the first, which ends the group.
    pub(crate) async fn end(&mut self, keep: bool) -> QueryResult<()> {
        let Some(turn) = &mut self.turn else { return Err(DieselError::NotInTransaction) };
        if turn.connection.leave(turn.opened_group, keep).await.is_err() {
            self.abandon();
            return if keep { Err(group_failed()) } else { Ok(()) };
        }
        if turn.opened_group && !keep {
            self.turn = None;
            return Ok(());
        }
        let mut verdict = turn.verdict.clone();
        let (opened_group, commits) = (turn.opened_group, self.queue.should_commit(&turn.connection));
        if commits && turn.connection.commit().await.is_err() {
            self.abandon();
        }
        self.turn = None;
        if opened_group && !commits {
            tokio::spawn(self.queue.clone().commit_in_turn());
        }
        match verdict.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Err(message))) => {
                Err(DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.clone())))
            }
            Ok(_) => Ok(()),
            Err(_) => Err(group_failed()),
        }
    }

    /// Returns the connection for a statement: the transaction's, or that of a turn which ends with the statement.
    pub(crate) async fn enter(&mut self) -> QueryResult<&mut AsyncSqliteConnection> {
        let turn = match self.turn.take() {
            Some(turn) => turn,
            None => self.queue.take_turn(Scope::Statement).await?,
        };
        Ok(&mut self.turn.insert(turn).connection.connection)
    }

    /// Returns a statement's result, after ending the turn if it was only for the statement.
    pub(crate) async fn leave<T>(&mut self, result: QueryResult<T>) -> QueryResult<T> {
        if self.turn.as_ref().is_some_and(|turn| turn.scope == Scope::Statement) {
            self.end(result.is_ok()).await?;
        }
        result
    }

    /// Closes the connection in the middle of a turn, which undoes the changes of the whole group.
    fn abandon(&mut self) {
        if let Some(turn) = self.turn.take() {
            drop(Object::take(turn.connection));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// The error of a member whose group was undone. Trying again helps.
fn group_failed() -> DieselError {
    let message = "another transaction of the same commit failed".to_owned();
    DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(message))
}

#[cfg(test)]
mod tests;
