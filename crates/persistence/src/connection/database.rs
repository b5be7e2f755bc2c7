//! The database as the rest of the server sees it: one type of connection for both backends.

use std::ops::DerefMut;
use std::sync::Arc;

use async_recursion::async_recursion as boxed;
use denizen_domain::Result;
use diesel::QueryResult;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

use super::connect::{ConnectError, DatabaseOptions, Pools};
use super::error::OrError as _;
use super::group_commit::Writer;
use super::in_place::Pace;
use super::leased::Leased;
use super::pool::{self, PoolStatus};
use super::sqlite::SqliteAccess;
use crate::memory::{Changes, Mark, Memory};

/// A connection to either database. `on_backend!` gives a query the concrete one.
pub enum DbConnection {
    /// A connection to PostgreSQL.
    Postgres(Box<Leased<Object<AsyncPgConnection>>>),
    /// A connection to SQLite.
    Sqlite(Leased<Box<SqliteAccess>>),
}

impl std::fmt::Debug for DbConnection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DbConnection({:?})", self.backend())
    }
}

impl DbConnection {
    /// Returns the connection's backend.
    pub fn backend(&self) -> Backend {
        match self {
            Self::Postgres(_) => Backend::Postgres,
            Self::Sqlite(_) => Backend::Sqlite,
        }
    }

    /// Adds what the present transaction has changed. What is kept of it in memory is void once the transaction ends.
    pub(crate) fn mark(&mut self, marks: impl IntoIterator<Item = Mark>) {
        match self {
            Self::Postgres(leased) => leased.mark(marks),
            Self::Sqlite(leased) => leased.mark(marks),
        }
    }

    /// Adds that jobs are due once the present transaction has ended.
    pub(crate) fn tell_of_due_jobs(&mut self) {
        match self {
            Self::Postgres(leased) => leased.tell_of_due_jobs(),
            Self::Sqlite(leased) => leased.tell_of_due_jobs(),
        }
    }

    /// Returns what the database's connections share in memory.
    pub(crate) fn memory(&self) -> &Memory {
        match self {
            Self::Postgres(leased) => leased.memory(),
            Self::Sqlite(leased) => leased.memory(),
        }
    }

    /// Returns whether transactions are part of one that is open already.
    pub(crate) fn is_enclosed(&self) -> bool {
        match self {
            Self::Postgres(leased) => leased.is_enclosed(),
            Self::Sqlite(leased) => leased.is_enclosed(),
        }
    }

    /// Makes transactions part of the one that is open, or ends that. See `enclosed!`.
    pub(crate) fn set_enclosed(&mut self, is_enclosed: bool) {
        match self {
            Self::Postgres(leased) => leased.set_enclosed(is_enclosed),
            Self::Sqlite(leased) => leased.set_enclosed(is_enclosed),
        }
    }

    /// Notes the changes of a transaction that has ended.
    pub(super) fn note_changes(&mut self) {
        match self {
            Self::Postgres(leased) => leased.note_changes(),
            Self::Sqlite(leased) => leased.note_changes(),
        }
    }
}

impl SimpleAsyncConnection for DbConnection {
    async fn batch_execute(&mut self, statements: &str) -> QueryResult<()> {
        on_backend!(self, |conn| conn.batch_execute(statements).await)
    }
}

/// Expands an expression once per backend, so that the compiler checks both.
macro_rules! on_backend {
    ($connection:expr, |$conn:ident| $body:expr) => {
        $crate::connection::on_each_backend!($connection, Postgres | $conn | $body, Sqlite | $conn | $body)
    };
}
pub(crate) use on_backend;

/// Evaluates the expression of the connection's backend. Both return a `QueryResult`.
macro_rules! on_each_backend {
    ($connection:expr, Postgres |$postgres:ident| $on_postgres:expr, Sqlite |$sqlite:ident| $on_sqlite:expr $(,)?) => {
        match $connection {
            $crate::DbConnection::Postgres(object) => {
                let $postgres = &mut ***object;
                $on_postgres
            }
            $crate::DbConnection::Sqlite(access) => {
                let pace = access.pace();
                let result = match access.enter().await {
                    Ok($sqlite) => pace.run(async { $on_sqlite }).await,
                    Err(error) => Err(error),
                };
                access.leave(result).await
            }
        }
    };
}
pub(crate) use on_each_backend;

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// PostgreSQL, for production.
    Postgres,
    /// SQLite, embedded.
    Sqlite,
}

impl std::fmt::Display for Backend {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        })
    }
}

/// A database with its connection pools. Clones share them.
#[derive(Clone)]
pub struct Database(Arc<Shared>);

struct Shared {
    pools: Pools,
    memory: Arc<Memory>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Database({})", self.backend())
    }
}

impl Database {
    /// Connects with the default settings. The URL is `postgres://…`, or `sqlite://…` with a file, which is created if
    /// missing. Fails if the database is unreachable.
    #[boxed]
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(&DatabaseOptions::new(url)).await
    }

    /// Connects with these settings.
    #[boxed]
    pub async fn connect_with(options: &DatabaseOptions) -> Result<Self, ConnectError> {
        let pools = Pools::open(options).await?;
        Ok(Self(Arc::new(Shared { pools, memory: Arc::new(Memory::new()) })))
    }

    /// Returns the backend.
    pub fn backend(&self) -> Backend {
        match self.0.pools {
            Pools::Postgres(_) => Backend::Postgres,
            Pools::Sqlite { .. } => Backend::Sqlite,
        }
    }

    /// Returns a connection for reading. Fails with [`Error::Unavailable`](denizen_domain::Error::Unavailable) if none is
    /// free within ten seconds.
    #[boxed]
    pub async fn read(&self) -> Result<DbConnection> {
        self.reading(Pace::Long).await
    }

    /// Returns a connection for statements that find single rows by their keys, or a page of few rows by an index. On
    /// SQLite, they cost less than on a connection from [`read`](Self::read), but would block a thread if they took long.
    #[boxed]
    pub async fn read_by_key(&self) -> Result<DbConnection> {
        self.reading(Pace::Short).await
    }

    /// Returns a connection for writing. SQLite has one, for which writers queue in order, each when it begins a
    /// transaction. A statement fails with [`Error::Unavailable`](denizen_domain::Error::Unavailable) if that takes more
    /// than ten seconds.
    #[boxed]
    pub async fn write(&self) -> Result<DbConnection> {
        self.writing(Pace::Long).await
    }

    /// Returns a connection for transactions that find and change single rows by their keys. On SQLite, they cost less
    /// than on a connection from [`write`](Self::write), but would block a thread if they took long.
    #[boxed]
    pub async fn write_by_key(&self) -> Result<DbConnection> {
        self.writing(Pace::Short).await
    }

    async fn reading(&self, pace: Pace) -> Result<DbConnection> {
        let taken = match &self.0.pools {
            Pools::Postgres(pool) => pool::get(pool, "all")
                .await
                .map(|connection| DbConnection::Postgres(Box::new(self.lease(connection)))),
            Pools::Sqlite { readers, .. } => pool::get(readers, "read").await.map(|connection| {
                DbConnection::Sqlite(self.lease(Box::new(SqliteAccess::reading(connection, pace))))
            }),
        };
        taken.or_error("take a database connection")
    }

    async fn writing(&self, pace: Pace) -> Result<DbConnection> {
        match &self.0.pools {
            Pools::Postgres(_) => self.reading(pace).await,
            Pools::Sqlite { writers, .. } => {
                let access = SqliteAccess::writing(Writer::new(writers.clone()), pace);
                Ok(DbConnection::Sqlite(self.lease(Box::new(access))))
            }
        }
    }

    /// Waits for a change that this server makes, or has made since the last wait: of any workspace, and in vain if it was
    /// rolled back. One task at a time may wait.
    pub async fn changed(&self) {
        self.0.memory.changed.notified().await;
    }

    /// Waits until this server makes a job due, or has since the last wait; in vain if that was rolled back. One task at a
    /// time may wait.
    pub async fn due_jobs(&self) {
        self.0.memory.due_jobs.notified().await;
    }

    /// Returns the changes since the start, on which depends what may be answered from memory.
    pub(crate) fn changes(&self) -> &Changes {
        &self.0.memory.changes
    }

    fn lease<O: DerefMut>(&self, connection: O) -> Leased<O> {
        Leased::new(connection, Arc::clone(&self.0.memory))
    }

    /// Returns the load of each pool.
    pub fn pools(&self) -> Vec<PoolStatus> {
        match &self.0.pools {
            Pools::Postgres(pool) => vec![PoolStatus::of("all", pool)],
            Pools::Sqlite { readers, writers } => {
                vec![PoolStatus::of("read", readers), PoolStatus::of("write", writers.pool())]
            }
        }
    }
}
