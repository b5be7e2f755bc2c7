//! The database as the rest of the server sees it: one type of connection for both backends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Manager};
use denizen_domain::{Error, Result};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Object;

use super::changes::{Changes, Mark};
use super::connect::{AsyncSqliteConnection, ConnectError, DatabaseOptions, Pools};
use super::leased::Leased;
use crate::boxed;

/// How long a request waits for a connection before it fails because the server is busy.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);

/// A connection to either database. `on_backend!` gives a query the concrete one.
pub enum DbConnection {
    /// A connection to PostgreSQL.
    Postgres(Box<Leased<Object<AsyncPgConnection>>>),
    /// A connection to SQLite.
    Sqlite(Leased<Object<AsyncSqliteConnection>>),
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

    /// Notes the changes of a transaction that has ended.
    pub(super) fn note_changes(&mut self) {
        match self {
            Self::Postgres(leased) => leased.note_changes(),
            Self::Sqlite(leased) => leased.note_changes(),
        }
    }
}

/// Expands an expression once per backend, so that the compiler checks both.
macro_rules! on_backend {
    ($connection:expr, |$conn:ident| $body:expr) => {
        match $connection {
            $crate::DbConnection::Postgres(object) => {
                let $conn = &mut ***object;
                $body
            }
            $crate::DbConnection::Sqlite(object) => {
                let $conn = &mut **object;
                $body
            }
        }
    };
}
pub(crate) use on_backend;

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

/// The load of a connection pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// The pool: `read`, `write`, or `all` if one serves both.
    pub name: &'static str,
    /// The maximum number of connections.
    pub maximum: usize,
    /// Open connections.
    pub open: usize,
    /// Idle connections.
    pub idle: usize,
    /// Requests waiting for a connection.
    pub waiting: usize,
}

/// A database with its connection pools. Clones share them.
#[derive(Clone)]
pub struct Database(Arc<Shared>);

struct Shared {
    pools: Pools,
    changes: Arc<Changes>,
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
        Ok(Self(Arc::new(Shared { pools, changes: Arc::new(Changes::new()) })))
    }

    /// Returns the backend.
    pub fn backend(&self) -> Backend {
        match self.0.pools {
            Pools::Postgres(_) => Backend::Postgres,
            Pools::Sqlite { .. } => Backend::Sqlite,
        }
    }

    /// Returns a connection for reading. Fails with [`Error::Unavailable`] if none is free within ten seconds.
    #[boxed]
    pub async fn read(&self) -> Result<DbConnection> {
        match &self.0.pools {
            Pools::Postgres(pool) => Ok(DbConnection::Postgres(Box::new(self.lease(pool, "all").await?))),
            Pools::Sqlite { readers, .. } => Ok(DbConnection::Sqlite(self.lease(readers, "read").await?)),
        }
    }

    /// Returns a connection for writing. SQLite has one, for which writers queue in order. Fails with
    /// [`Error::Unavailable`] if none is free within ten seconds.
    #[boxed]
    pub async fn write(&self) -> Result<DbConnection> {
        match &self.0.pools {
            Pools::Postgres(pool) => Ok(DbConnection::Postgres(Box::new(self.lease(pool, "all").await?))),
            Pools::Sqlite { writer, .. } => Ok(DbConnection::Sqlite(self.lease(writer, "write").await?)),
        }
    }

    /// Returns the changes since the start, on which depends what may be answered from memory.
    pub fn changes(&self) -> &Changes {
        &self.0.changes
    }

    async fn lease<M: Manager>(
        &self,
        pool: &managed::Pool<M>,
        name: &'static str,
    ) -> Result<Leased<managed::Object<M>>>
    where
        M::Error: std::fmt::Display,
    {
        Ok(Leased::new(get(pool, name).await?, Arc::clone(&self.0.changes)))
    }

    /// Returns the load of each pool.
    pub fn pools(&self) -> Vec<PoolStatus> {
        match &self.0.pools {
            Pools::Postgres(pool) => vec![status_of("all", pool)],
            Pools::Sqlite { readers, writer } => vec![status_of("read", readers), status_of("write", writer)],
        }
    }
}

async fn get<M: Manager>(pool: &managed::Pool<M>, name: &'static str) -> Result<managed::Object<M>>
where
    M::Error: std::fmt::Display,
{
    let started = Instant::now();
    let result = tokio::time::timeout(CONNECTION_WAIT, pool.get()).await;
    metrics::histogram!("denizen_database_pool_wait_seconds", "pool" => name).record(started.elapsed());
    match result {
        Ok(Ok(object)) => Ok(object),
        Ok(Err(error)) => Err(Error::Unavailable(format!("no database connection: {error}"))),
        Err(_) => Err(Error::Unavailable(format!("no database connection was free in {CONNECTION_WAIT:?}"))),
    }
}

fn status_of<M: Manager>(name: &'static str, pool: &managed::Pool<M>) -> PoolStatus {
    let status = pool.status();
    PoolStatus {
        name,
        maximum: status.max_size,
        open: status.size,
        idle: status.available,
        waiting: status.waiting,
    }
}
