//! The database as the rest of the server sees it: two kinds of connections, whatever is behind them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Manager};
use denizen_domain::{Error, Result};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Object;

use super::connect::{AsyncSqliteConnection, ConnectError, DatabaseOptions, Pools};

/// How long a request waits for a connection before it is told that the server is busy.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);

/// A connection of either kind. `on_backend!` gives a query the one that it is.
pub enum DbConnection {
    /// A connection to PostgreSQL.
    Postgres(Box<Object<AsyncPgConnection>>),
    /// A connection to SQLite.
    Sqlite(Object<AsyncSqliteConnection>),
}

impl std::fmt::Debug for DbConnection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DbConnection({:?})", self.backend())
    }
}

impl DbConnection {
    /// What is behind the connection.
    pub fn backend(&self) -> Backend {
        match self {
            Self::Postgres(_) => Backend::Postgres,
            Self::Sqlite(_) => Backend::Sqlite,
        }
    }
}

/// Writes an expression out once for each kind of connection, so that the compiler checks it against both.
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

/// How busy a pool of connections is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// Which pool: `read`, `write`, or `all` where one serves both.
    pub name: &'static str,
    /// The most connections it opens.
    pub maximum: usize,
    /// Connections that are open.
    pub open: usize,
    /// Open connections that nobody uses.
    pub idle: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}

/// A database, with its pools of connections. Cloning it shares them.
#[derive(Clone)]
pub struct Database(Arc<Pools>);

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Database({})", self.backend())
    }
}

impl Database {
    /// Connects with the default settings. `postgres://…` is PostgreSQL, `sqlite://…` a file of SQLite, which is
    /// made where it is missing. Fails where the database is out of reach.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(&DatabaseOptions::new(url)).await
    }

    /// Connects with these settings.
    pub async fn connect_with(options: &DatabaseOptions) -> Result<Self, ConnectError> {
        Pools::open(options).await.map(Arc::new).map(Self)
    }

    /// What is behind it.
    pub fn backend(&self) -> Backend {
        match *self.0 {
            Pools::Postgres(_) => Backend::Postgres,
            Pools::Sqlite { .. } => Backend::Sqlite,
        }
    }

    /// A connection for reading. Fails with [`Error::Unavailable`] where none is free within ten seconds.
    pub async fn read(&self) -> Result<DbConnection> {
        match &*self.0 {
            Pools::Postgres(pool) => Ok(DbConnection::Postgres(Box::new(get(pool, "all").await?))),
            Pools::Sqlite { readers, .. } => Ok(DbConnection::Sqlite(get(readers, "read").await?)),
        }
    }

    /// A connection for writing. On SQLite there is one, for which writers queue up in order. Fails with
    /// [`Error::Unavailable`] where none is free within ten seconds.
    pub async fn write(&self) -> Result<DbConnection> {
        match &*self.0 {
            Pools::Postgres(pool) => Ok(DbConnection::Postgres(Box::new(get(pool, "all").await?))),
            Pools::Sqlite { writer, .. } => Ok(DbConnection::Sqlite(get(writer, "write").await?)),
        }
    }

    /// How busy the pools are.
    pub fn pools(&self) -> Vec<PoolStatus> {
        match &*self.0 {
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
