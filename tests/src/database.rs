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

/// The variable with a prefix for databases on PostgreSQL. `cargo xtask test` drops the rest of them after the run.
const PREFIX_VARIABLE: &str = "DENIZEN_TEST_PREFIX";

/// A database of its own.
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
                std::fs::write(file_in(&folder), bytes).expect("a database can be written");
                Self::Sqlite { folder }
            }
            Content::Postgres(Self::Postgres { name, .. }) => Self::on_postgres(Some(name)).await,
            Content::Postgres(Self::Sqlite { .. }) => panic!("a file is no database on PostgreSQL"),
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

    /// Its file, if it is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite { folder } => Some(file_in(folder)),
            Self::Postgres { .. } => None,
        }
    }

    async fn on_postgres(template: Option<&str>) -> Self {
        let url = std::env::var(URL_VARIABLE);
        let url = url.unwrap_or_else(|_| panic!("{URL_VARIABLE} must name a PostgreSQL server"));
        let server = Url::parse(&url).unwrap_or_else(|error| panic!("{URL_VARIABLE} is no URL: {error}"));
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
        // `drop` cannot wait on the test's own runtime.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let statement = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
                runtime.expect("a runtime can be made").block_on(execute(server, &statement));
            });
        });
    }
}

fn is_on_postgres() -> bool {
    match std::env::var(DATABASE_VARIABLE).as_deref() {
        Err(_) | Ok("sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("{DATABASE_VARIABLE} is {other}, and must be sqlite or postgres"),
    }
}

fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("denizen_test_").rand_bytes(12).tempdir();
    folder.expect("a temporary folder can be made")
}

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("denizen.db")
}

fn random_name() -> String {
    let prefix = std::env::var(PREFIX_VARIABLE).unwrap_or_else(|_| "denizen_test_".to_owned());
    format!("{prefix}{}", RandomIds.uuid().simple())
}

/// How to copy a database: its files, if the server need not write them to the disk. PostgreSQL 14 knows no other way.
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
        .unwrap_or_else(|error| panic!("{URL_VARIABLE} cannot be reached: {error}"));
    (client, tokio::spawn(connection))
}
