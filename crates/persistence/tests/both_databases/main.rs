//! Tests the crate's functions always on SQLite, and on PostgreSQL if `TEST_DATABASE_URL` names a server.

#![expect(clippy::unwrap_used, reason = "a test whose setup fails must fail")]

mod accounts;
mod connected_accounts;
mod encryption;
mod events;
mod executions;
mod external_users;
mod jobs;
mod numbered_pages;
mod older;
mod plans;
mod remembered_keys;
mod rights;
mod searches;
mod statements;
mod two_servers;

use std::sync::Arc;

use denizen_domain::{
    IdSource as _, ManualClock, Origin, RandomIds, SequentialIds, Slug, Source, Timestamp, WorkspaceId,
    WorkspaceName,
};
use denizen_persistence::{Backend, Cache, Database, DbConnection, migrations, workspaces};
use diesel_async::SimpleAsyncConnection as _;
use url::Url;

/// A migrated database with a workspace, and a manual clock.
pub(crate) struct Fixture {
    url: String,
    pub(crate) database: Database,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) origin: Origin,
    pub(crate) workspace_id: WorkspaceId,
}

impl Fixture {
    async fn on(url: &str) -> Self {
        let database = Database::connect(url).await.unwrap();
        migrations::run(&database).await.unwrap();
        let start = Timestamp::from_unix_microseconds(1_700_000_000_000_000).unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let source = Source { clock: clock.clone(), ids: Arc::new(SequentialIds::default()) };
        let origin = Origin::operator(source);
        let (slug, name) = (Slug::parse("acme").unwrap(), WorkspaceName::parse("Acme").unwrap());
        let mut connection = database.write().await.unwrap();
        let (workspace, _) = workspaces::create(&mut connection, &origin, &slug, &name).await.unwrap();
        Self { url: url.to_owned(), database, clock, origin, workspace_id: workspace.id }
    }

    /// Connects to the database as another server does.
    pub(crate) async fn another(&self) -> Database {
        Database::connect(&self.url).await.unwrap()
    }

    /// Returns an empty memory of the server.
    pub(crate) fn cache(&self) -> Cache {
        Cache::new(self.database.clone(), 1 << 20)
    }

    pub(crate) async fn write(&self) -> DbConnection {
        self.database.write().await.unwrap()
    }

    /// Runs SQL statements directly, as an older server without versions would.
    pub(crate) async fn execute(&self, statements: &str) {
        self.write().await.batch_execute(statements).await.unwrap();
    }

    /// Returns the beginning of 1970, as an SQL literal.
    pub(crate) fn epoch(&self) -> &'static str {
        match self.database.backend() {
            Backend::Postgres => "'epoch'",
            Backend::Sqlite => "0",
        }
    }
}

/// Runs a test on SQLite, and on PostgreSQL if a server is available.
pub(crate) async fn on_both(test: impl AsyncFn(&Fixture)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    test(&Fixture::on(&url).await).await;

    let Some(server) = server_of_postgres() else { return };
    let name = format!("denizen_test_{}", RandomIds.uuid().simple());
    on_server(&server, &format!("CREATE DATABASE {name}")).await;
    let mut url = Url::parse(&server).unwrap();
    url.set_path(&name);
    test(&Fixture::on(url.as_str()).await).await;
    on_server(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

/// Returns the URL of the server of PostgreSQL, or says that there is none.
pub(crate) fn server_of_postgres() -> Option<String> {
    let server = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    if server.is_none() {
        println!("PostgreSQL: NOT TESTED, because TEST_DATABASE_URL names no server");
    }
    server
}

/// Runs SQL statements on the database of a URL.
pub(crate) async fn on_server(server: &str, statement: &str) {
    let database = Database::connect(server).await.unwrap();
    let DbConnection::Postgres(mut connection) = database.write().await.unwrap() else {
        return;
    };
    connection.batch_execute(statement).await.unwrap();
}
