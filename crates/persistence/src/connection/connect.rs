//! Opens a database: parses its URL, creates its pools, and explains in one sentence why it is unreachable.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use deadpool::managed::{self, Manager, PoolError};
use diesel::{Connection as _, ConnectionError, ConnectionResult, SqliteConnection};
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use futures_util::FutureExt as _;
use url::Url;

use super::database_url::{DatabaseUrl, InvalidDatabaseUrl, database_location};
use super::group_commit::{GROUP_DURATION, WriteQueue, WritingConnectionManager};
use super::in_place::{AsyncSqliteConnection, InPlace};
use super::metrics_of_queries;
use super::settings::{self, SqliteSynchronous};
use super::tls::{self, TlsError};

/// How many times setting up a SQLite connection is tried while another process changes the journal mode.
const SETUP_ATTEMPTS: u32 = 100;

/// How long to wait before the next attempt.
const SETUP_PAUSE: Duration = Duration::from_millis(20);

/// The settings for opening a database. Its debug output has no password.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// `postgres://user:password@host:port/name`, with `?sslmode=require` for TLS with a verified certificate, or
    /// `sqlite://path/to/file`, percent-encoded (see [`sqlite_url`](crate::sqlite_url)).
    pub url: String,
    /// The maximum number of connections to PostgreSQL, or of SQLite readers. Defaults to four per core, and four.
    pub connections: Option<usize>,
    /// The time limit of a statement on PostgreSQL. Defaults to ten seconds.
    pub statement_timeout: Duration,
    /// When SQLite considers a write complete.
    pub sqlite_synchronous: SqliteSynchronous,
}

impl DatabaseOptions {
    /// Returns the default settings for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: None,
            statement_timeout: Duration::from_secs(10),
            sqlite_synchronous: SqliteSynchronous::default(),
        }
    }
}

impl fmt::Debug for DatabaseOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, connections, statement_timeout, sqlite_synchronous } = self;
        formatter
            .debug_struct("DatabaseOptions")
            .field("url", &database_location(url))
            .field("connections", connections)
            .field("statement_timeout", statement_timeout)
            .field("sqlite_synchronous", sqlite_synchronous)
            .finish()
    }
}

/// Why a database cannot be opened. Never contains the password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL cannot be read, or asks for what does not exist.
    #[error(transparent)]
    InvalidUrl(#[from] InvalidDatabaseUrl),
    /// The database does not respond, or refuses the connection.
    #[error("cannot reach the {database}: {reason}")]
    Unreachable {
        /// Its URL, without the password.
        database: String,
        /// Its error message.
        reason: String,
    },
}

/// The pools behind a [`Database`](crate::Database).
pub(crate) enum Pools {
    Postgres(Pool<AsyncPgConnection>),
    Sqlite { readers: Pool<AsyncSqliteConnection>, writers: WriteQueue },
}

impl Pools {
    pub(crate) async fn open(options: &DatabaseOptions) -> Result<Self, ConnectError> {
        metrics_of_queries::record();
        match DatabaseUrl::parse(&options.url)? {
            DatabaseUrl::Postgres(url) => open_postgres(&url, options).await,
            DatabaseUrl::Sqlite(file) => open_sqlite(&file, options).await,
        }
    }
}

async fn open_postgres(url: &Url, options: &DatabaseOptions) -> Result<Pools, ConnectError> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let invalid = |error: TlsError| InvalidDatabaseUrl::new(url.as_str(), &error.to_string());
    let connector = tls::Connector::for_url(url).map_err(invalid)?;
    let setup = settings::postgres(options.statement_timeout);
    let manager = manager(connector.plain_url(), move |url| {
        let (connector, setup) = (connector.clone(), setup.clone());
        async move {
            let mut connection = connector.connect(&url).await?;
            connection.batch_execute(&setup).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    });
    let pool = pool(manager, options.connections.unwrap_or(4 * cores));
    let shown = format!("PostgreSQL at {}", host_of(url));
    try_out(&pool, shown).await?;
    Ok(Pools::Postgres(pool))
}

async fn open_sqlite(file: &Path, options: &DatabaseOptions) -> Result<Pools, ConnectError> {
    let is_invalid = || InvalidDatabaseUrl::new(&options.url, "the path of the file must be UTF-8");
    let path = file.to_str().ok_or_else(is_invalid)?;
    // SQLite would read `file:` at the start of a path as a URL of its own.
    let path = if file.is_relative() { format!("./{path}") } else { path.to_owned() };
    let open = |writes: bool| {
        let setup = settings::sqlite(options.sqlite_synchronous, writes);
        manager(path.clone(), move |path| {
            let setup = setup.clone();
            async move {
                let connection = SqliteConnection::establish(&path)?;
                let mut connection = AsyncSqliteConnection::with_runtime(connection, InPlace);
                set_up(&mut connection, &setup).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(connection)
            }
            .boxed()
        })
    };
    let writer = pool(WritingConnectionManager { connections: open(true), file: file.to_owned() }, 1);
    try_out(&writer, format!("SQLite database {}", file.display())).await?;
    let readers = pool(open(false), options.connections.unwrap_or(4));
    Ok(Pools::Sqlite { readers, writers: WriteQueue::new(writer, GROUP_DURATION) })
}

/// Changing the journal mode of a new file fails at once if another process does the same, regardless of the busy
/// time-out. So this retries.
async fn set_up(connection: &mut AsyncSqliteConnection, setup: &str) -> diesel::QueryResult<()> {
    let mut attempt = 1;
    loop {
        match connection.batch_execute(setup).await {
            Err(error) if attempt < SETUP_ATTEMPTS && error.to_string() == "database is locked" => {
                attempt += 1;
                tokio::time::sleep(SETUP_PAUSE).await;
            }
            result => return result,
        }
    }
}

/// Connections are not tested before each use, which would cost a round trip. The next statement notices a broken one.
fn manager<C, F>(url: String, connect: F) -> AsyncDieselConnectionManager<C>
where
    C: diesel_async::AsyncConnection + 'static,
    F: Fn(String) -> futures_util::future::BoxFuture<'static, ConnectionResult<C>> + Send + Sync + 'static,
{
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |url| connect(url.to_owned()));
    AsyncDieselConnectionManager::new_with_config(url, config)
}

fn pool<M: Manager>(manager: M, size: usize) -> managed::Pool<M> {
    #[expect(clippy::expect_used, reason = "building fails only where time-outs are set without a runtime")]
    managed::Pool::builder(manager).max_size(size.max(1)).build().expect("a pool without time-outs")
}

async fn try_out<M: Manager<Error = diesel_async::pooled_connection::PoolError>>(
    pool: &managed::Pool<M>,
    database: String,
) -> Result<(), ConnectError> {
    match tokio::time::timeout(Duration::from_secs(10), pool.get()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(ConnectError::Unreachable { database, reason: reason_of(&error) }),
        Err(_) => {
            Err(ConnectError::Unreachable { database, reason: "it did not answer in ten seconds".to_owned() })
        }
    }
}

/// Returns the database's error message without the pool's wrapping.
fn reason_of<E: std::error::Error>(error: &PoolError<E>) -> String {
    match error {
        PoolError::Backend(error) => error.to_string(),
        error => error.to_string(),
    }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
    format!("{host}:{}{}", url.port().unwrap_or(5432), url.path())
}
