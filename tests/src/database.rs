//! A database for one test, gone with it.

use std::path::Path;

use reqwest::Url;
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// The variable that says which database to test on.
const DATABASE_VARIABLE: &str = "DENIZEN_TEST_DATABASE";

/// The variable that names a PostgreSQL server.
const URL_VARIABLE: &str = "TEST_DATABASE_URL";

/// An empty database of its own.
pub(crate) enum TestDatabase {
    Sqlite { folder: TempDir },
    Postgres { server: Url, name: String },
}

impl TestDatabase {
    /// Makes the database that the environment asks for.
    pub(crate) async fn create() -> Self {
        let folder = tempfile::Builder::new().prefix("denizen_test_").rand_bytes(12).tempdir();
        let folder = folder.expect("a temporary folder can be made");
        match std::env::var(DATABASE_VARIABLE).as_deref() {
            Err(_) | Ok("sqlite") => Self::Sqlite { folder },
            Ok("postgres") => Self::create_on_postgres(&random_name(folder.path())).await,
            Ok(other) => panic!("{DATABASE_VARIABLE} is {other}, and must be sqlite or postgres"),
        }
    }

    /// What `--database-url` is given.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite://{}", folder.path().join("denizen.db").display()),
            Self::Postgres { server, name } => {
                let mut url = server.clone();
                url.set_path(name);
                url.into()
            }
        }
    }

    async fn create_on_postgres(name: &str) -> Self {
        let url = std::env::var(URL_VARIABLE);
        let url = url.unwrap_or_else(|_| panic!("{URL_VARIABLE} must name a PostgreSQL server"));
        let server = Url::parse(&url).unwrap_or_else(|error| panic!("{URL_VARIABLE} is no URL: {error}"));
        execute(&server, &format!("CREATE DATABASE \"{name}\"")).await;
        Self::Postgres { server, name: name.to_owned() }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Self::Postgres { server, name } = self else { return };
        // A drop cannot wait within the test's own runtime.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let statement = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
                runtime.expect("a runtime can be made").block_on(execute(server, &statement));
            });
        });
    }
}

/// The folder's name is random already.
fn random_name(folder: &Path) -> String {
    folder.file_name().expect("a temporary folder has a name").to_string_lossy().into_owned()
}

async fn execute(server: &Url, statement: &str) {
    let (client, connection) = tokio_postgres::connect(server.as_str(), NoTls)
        .await
        .unwrap_or_else(|error| panic!("{URL_VARIABLE} cannot be reached: {error}"));
    let connection = tokio::spawn(connection);
    let done = client.batch_execute(statement).await;
    done.unwrap_or_else(|error| panic!("{statement} failed: {error:?}"));
    drop(client);
    let _ = connection.await;
}
