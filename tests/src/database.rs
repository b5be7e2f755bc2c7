//! A database for one test, deleted with it.

use std::path::PathBuf;

use denizen_server::{IdSource as _, RandomIds};
use reqwest::Url;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

use crate::template::Content;

/// The variable with the kind of database to test on.
const DATABASE_VARIABLE: &str = "DENIZEN_TEST_DATABASE";

/// The variable with the URL of a PostgreSQL server.
const URL_VARIABLE: &str = "TEST_DATABASE_URL";

/// The variable with a prefix for databases on PostgreSQL. `cargo xtask test` drops remaining ones after the run.
const PREFIX_VARIABLE: &str = "DENIZEN_TEST_PREFIX";

/// A temporary database.
pub(crate) enum TestDatabase {
    Sqlite { folder: TempDir },
    Postgres { server: Url, name: String },
}

impl TestDatabase {
    /// Creates an empty database of the kind that the environment names.
    pub(crate) async fn empty() -> Self {
        if is_on_postgres() { Self::on_postgres(None).await } else { Self::Sqlite { folder: folder() } }
    }

    /// Creates a copy of a template.
    pub(crate) async fn copy(content: &Content) -> Self {
        match content {
            Content::Sqlite(bytes) => {
                let folder = folder();
                std::fs::write(file_in(&folder), bytes).expect("cannot write a database");
                Self::Sqlite { folder }
            }
            Content::Postgres(Self::Postgres { name, .. }) => Self::on_postgres(Some(name)).await,
            Content::Postgres(Self::Sqlite { .. }) => panic!("a SQLite template on PostgreSQL"),
        }
    }

    /// Whether databases are cleaned up even if their tests do not.
    pub(crate) fn are_dropped_by_xtask() -> bool {
        !is_on_postgres() || std::env::var_os(PREFIX_VARIABLE).is_some()
    }

    /// The value for `--database-url`.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite://{}", file_in(folder).display()),
            Self::Postgres { server, name } => {
                let mut url = server.clone();
                url.set_path(name);
                url.into()
            }
        }
    }

    /// The file of a SQLite database.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite { folder } => Some(file_in(folder)),
            Self::Postgres { .. } => None,
        }
    }

    /// Makes PostgreSQL refuse changes, as a standby does, or accept them again, and ends its connections. Returns
    /// whether it could: SQLite cannot.
    pub(crate) async fn set_read_only(&self, is_read_only: bool) -> bool {
        let Self::Postgres { server, name } = self else { return false };
        let set = format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = {is_read_only}");
        execute(server, &set).await;
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        execute(server, &end).await;
        true
    }

    async fn on_postgres(template: Option<&str>) -> Self {
        let url = std::env::var(URL_VARIABLE);
        let url = url.unwrap_or_else(|_| panic!("{URL_VARIABLE} must name a PostgreSQL server"));
        let server = Url::parse(&url).unwrap_or_else(|error| panic!("{URL_VARIABLE} is not a URL: {error}"));
        let name = random_name();
        let template = match template {
            Some(template) => format!(" TEMPLATE \"{template}\"{}", strategy(&server).await),
            None => String::new(),
        };
        execute(&server, &format!("CREATE DATABASE \"{name}\"{template}")).await;
        Self::Postgres { server, name }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Self::Postgres { server, name } = self else { return };
        // `drop` cannot block on the test's own runtime.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let statement = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
                runtime.expect("cannot create a runtime").block_on(execute(server, &statement));
            });
        });
    }
}

/// Whether the tests run on PostgreSQL, as the environment says; otherwise they do on SQLite.
pub fn is_on_postgres() -> bool {
    match std::env::var(DATABASE_VARIABLE).as_deref() {
        Err(_) | Ok("sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("{DATABASE_VARIABLE} must be sqlite or postgres, not {other}"),
    }
}

fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("denizen_test_").rand_bytes(12).tempdir();
    folder.expect("cannot create a temporary folder")
}

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("denizen.db")
}

fn random_name() -> String {
    let prefix = std::env::var(PREFIX_VARIABLE).unwrap_or_else(|_| "denizen_test_".to_owned());
    format!("{prefix}{}", RandomIds.uuid().simple())
}

/// Returns how to copy a database: by copying its files if the server does not sync them to disk. PostgreSQL 14 has no
/// such option.
async fn strategy(server: &Url) -> &'static str {
    static STRATEGY: OnceCell<&str> = OnceCell::const_new();
    let ask = async || {
        let settings = "SELECT current_setting('server_version_num')::int >= 150000 AND current_setting('fsync') = 'off'";
        let (client, connection) = connect(server).await;
        let row = client.query_one(settings, &[]).await;
        drop(client);
        let _ = connection.await;
        if row.is_ok_and(|row| row.get(0)) { " STRATEGY file_copy" } else { "" }
    };
    STRATEGY.get_or_init(ask).await
}

async fn execute(server: &Url, statement: &str) {
    let (client, connection) = connect(server).await;
    let done = client.batch_execute(statement).await;
    done.unwrap_or_else(|error| panic!("{statement} failed: {error:?}"));
    drop(client);
    let _ = connection.await;
}

async fn connect(server: &Url) -> (Client, JoinHandle<Result<(), tokio_postgres::Error>>) {
    let (client, connection) = tokio_postgres::connect(server.as_str(), NoTls)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to {URL_VARIABLE}: {error}"));
    (client, tokio::spawn(connection))
}
