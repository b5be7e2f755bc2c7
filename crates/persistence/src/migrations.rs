//! Schema migrations, embedded in the binary.

use std::collections::{BTreeMap, BTreeSet};

use async_recursion::async_recursion as boxed;
use denizen_domain::{Error, Result};
use diesel::backend::Backend as DieselBackend;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryableByName, SqliteConnection};
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::{Backend, Database, DbConnection, OrError as _, SqliteAccess, on_backend};
use crate::introspection;

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// The advisory lock that servers hold while they migrate a PostgreSQL database; any unused number. It only prevents
/// errors: each migration records itself in its own transaction.
const MIGRATION_LOCK: i64 = 0x64_65_6e_69_7a_65_6e;

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its name, which begins with a date.
    pub name: String,
    /// Whether the database has applied it.
    pub applied: bool,
    /// Whether this binary contains it. If not, the database belongs to a newer version.
    pub known: bool,
}

/// Applies the pending migrations and returns their names. PostgreSQL runs each in its own transaction, SQLite all in
/// one. Fails without changes if the schema belongs to a newer version.
#[boxed]
pub async fn run(database: &Database) -> Result<Vec<String>> {
    perform(database, Action::Run).await
}

/// Reverts the last applied migration and returns its name. `None` if none is applied.
#[boxed]
pub async fn revert_last(database: &Database) -> Result<Option<String>> {
    Ok(perform(database, Action::RevertLast).await?.pop())
}

/// Lists all migrations that this binary or the database knows, oldest first. Read-only, and does not wait for a
/// running migration.
#[boxed]
pub async fn status(database: &Database) -> Result<Vec<MigrationStatus>> {
    let connection = &mut database.read().await?;
    let known = match connection.backend() {
        Backend::Postgres => known_names::<Pg>(&POSTGRES)?,
        Backend::Sqlite => known_names::<Sqlite>(&SQLITE)?,
    };
    let applied = recorded_versions(connection).await?;
    let versions: BTreeSet<&String> = known.keys().chain(&applied).collect();
    let status = |version: &String| MigrationStatus {
        name: name_of(&known, version),
        applied: applied.contains(version),
        known: known.contains_key(version),
    };
    Ok(versions.into_iter().map(status).collect())
}

/// The names of migrations by version, which is what the database records.
type Names = BTreeMap<String, String>;

#[derive(Debug, Clone, Copy)]
enum Action {
    Run,
    RevertLast,
}

async fn perform(database: &Database, action: Action) -> Result<Vec<String>> {
    match database.write().await? {
        DbConnection::Postgres(leased) => perform_on_postgres(leased.into_object(), action).await,
        DbConnection::Sqlite(leased) => perform_on_sqlite(*leased.into_object(), action).await,
    }
}

/// diesel's migrations are synchronous, so they run on a thread that may block.
async fn perform_on_postgres(
    mut connection: Object<AsyncPgConnection>,
    action: Action,
) -> Result<Vec<String>> {
    lock(&mut connection).await?;
    let work = move || {
        let mut harness = AsyncMigrationHarness::new(connection);
        let outcome = act(&mut harness, || POSTGRES, action);
        (outcome, harness.into_inner())
    };
    let finished = tokio::task::spawn_blocking(work).await;
    let (outcome, mut connection) =
        finished.map_err(|error| Error::Internal(format!("the migrations stopped: {error}")))?;
    unlock(&mut connection).await?;
    match outcome {
        Err(error) if RIGHTS_ARE_MISSING.iter().any(|sign| error.context().contains(sign)) => {
            let missing = missing_rights(&mut connection).await;
            Err(missing.ok().flatten().map_or(error, Error::Internal))
        }
        outcome => outcome,
    }
}

/// What PostgreSQL says if the role may not create something, or not even use the schema.
const RIGHTS_ARE_MISSING: [&str; 2] = ["permission denied", "no schema has been selected"];

/// The rights of the role that migrates.
#[derive(QueryableByName)]
struct Rights {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    database: String,
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Bool)]
    may_create_tables: bool,
    #[diesel(sql_type = Bool)]
    may_create_extensions: bool,
}

const RIGHTS: &str = "
    SELECT quote_ident(current_user) AS role, quote_ident(current_database()) AS database, quote_ident(schema) AS schema,
        has_schema_privilege(schema, 'USAGE') AND has_schema_privilege(schema, 'CREATE') AS may_create_tables,
        has_database_privilege(current_database(), 'CREATE')
            OR (SELECT count(*) FROM pg_extension WHERE extname IN ('pg_trgm', 'btree_gin')) = 2 AS may_create_extensions
    FROM coalesce(current_schema(), 'public') AS schema";

/// Says which rights the role lacks for the migrations, and how to grant them. `None` if it has them all.
async fn missing_rights(connection: &mut AsyncPgConnection) -> Result<Option<String>> {
    let rights: Rights = diesel::sql_query(RIGHTS).get_result(connection).await.or_error("look up rights")?;
    let Rights { role, database, schema, may_create_tables, may_create_extensions } = rights;
    let extensions = ("extensions", format!("GRANT CREATE ON DATABASE {database} TO {role};"));
    let tables = ("tables", format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};"));
    let rights = [(may_create_extensions, extensions), (may_create_tables, tables)];
    let (things, grants): (Vec<_>, Vec<_>) =
        rights.into_iter().filter_map(|(is_held, missing)| (!is_held).then_some(missing)).unzip();
    Ok((!things.is_empty()).then(|| {
        format!(
            "the role {role} may not create {} in the database {database}; its owner grants that there: {}",
            things.join(" and "),
            grants.join(" ")
        )
    }))
}

/// Runs everything in one transaction on SQLite, which takes the write lock first. Of two servers that start on one
/// file, the second waits, and finds nothing to do.
async fn perform_on_sqlite(mut access: SqliteAccess, action: Action) -> Result<Vec<String>> {
    access.begin().await.or_error("begin to migrate")?;
    let work = move |connection: &mut SqliteConnection| Ok(act::<Sqlite>(connection, || SQLITE, action));
    let pace = access.pace();
    let outcome = match access.enter().await {
        Ok(connection) => pace.run(connection.spawn_blocking(work)).await,
        Err(error) => Err(error),
    };
    let outcome = outcome.or_error("migrate").flatten();
    access.end(outcome.is_ok()).await.or_error("end the migrations")?;
    outcome
}

fn act<DB: DieselBackend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: fn() -> EmbeddedMigrations,
    action: Action,
) -> Result<Vec<String>> {
    let known = known_names::<DB>(&migrations())?;
    let applied = harness.applied_migrations().map_err(failed)?;
    let name = |version: MigrationVersion<'_>| name_of(&known, &version.to_string());
    match action {
        Action::Run => {
            let newer = applied.iter().find(|version| !known.contains_key(&version.to_string()));
            if let Some(newer) = newer {
                return Err(newer_schema(&newer.to_string()));
            }
            let versions = harness.run_pending_migrations(migrations()).map_err(failed)?;
            Ok(versions.into_iter().map(name).collect())
        }
        Action::RevertLast if applied.is_empty() => Ok(Vec::new()),
        Action::RevertLast => {
            let version = harness.revert_last_migration(migrations()).map_err(failed)?;
            Ok(vec![name(version)])
        }
    }
}

fn known_names<DB: DieselBackend>(migrations: &EmbeddedMigrations) -> Result<Names> {
    let migrations = MigrationSource::<DB>::migrations(migrations).map_err(failed)?;
    let named = migrations.iter().map(|migration| migration.name());
    Ok(named.map(|name| (name.version().to_string(), name.to_string())).collect())
}

/// Returns a migration's name, or the version if only a newer binary knows it.
fn name_of(known: &Names, version: &str) -> String {
    known.get(version).map_or(version, String::as_str).to_owned()
}

/// Returns the versions in diesel's table. diesel itself would create the table in order to read it.
async fn recorded_versions(connection: &mut DbConnection) -> Result<BTreeSet<String>> {
    if !introspection::has_table(connection, "__diesel_schema_migrations").await? {
        return Ok(BTreeSet::new());
    }
    let query = diesel::sql_query("SELECT version FROM __diesel_schema_migrations");
    let rows = on_backend!(connection, |conn| query.load::<VersionRow>(conn).await);
    Ok(rows.or_error("read which migrations ran")?.into_iter().map(|row| row.version).collect())
}

#[derive(QueryableByName)]
struct VersionRow {
    #[diesel(sql_type = Text)]
    version: String,
}

fn newer_schema(migration: &str) -> Error {
    Error::Internal(format!(
        "the database was made by a newer version of Denizen (it has the migration {migration}, which this version \
         does not know); start that version, or restore a backup"
    ))
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("a migration failed and was undone: {error}"))
}

/// Waits until no other server migrates the database. This may take longer than a request's statement, so the
/// statement time-out is off until `unlock`.
async fn lock(connection: &mut AsyncPgConnection) -> Result<()> {
    let without_limit = "SELECT set_config('denizen.statement_timeout', current_setting('statement_timeout'), false), \
                         set_config('statement_timeout', '0', false)";
    execute(connection, without_limit).await?;
    execute(connection, &format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).await
}

async fn unlock(connection: &mut AsyncPgConnection) -> Result<()> {
    execute(connection, &format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})")).await?;
    let with_limit =
        "SELECT set_config('statement_timeout', current_setting('denizen.statement_timeout'), false)";
    execute(connection, with_limit).await
}

async fn execute(connection: &mut AsyncPgConnection, statement: &str) -> Result<()> {
    diesel::sql_query(statement).execute(connection).await.or_error("lock or unlock the schema")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parallel_starts_migrate_a_new_file_once() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/denizen.db", folder.path().display());
        let connect = async || Database::connect(&url).await.unwrap();
        let servers = [connect().await, connect().await, connect().await];
        let [one, two, three] = servers.each_ref().map(run);
        let (one, two, three) = tokio::join!(one, two, three);
        let known: Vec<String> = known_names::<Sqlite>(&SQLITE).unwrap().into_values().collect();
        assert_eq!([one.unwrap(), two.unwrap(), three.unwrap()].concat(), known);
    }
    /// SQLite would check a deferred key when a group of writers commits, and fail them all.
    #[tokio::test]
    async fn sqlite_defers_no_foreign_key() {
        let folder = tempfile::tempdir().unwrap();
        let database =
            Database::connect(&crate::sqlite_url(&folder.path().join("denizen.db"))).await.unwrap();
        run(&database).await.unwrap();
        let connection = &mut database.read().await.unwrap();
        let deferred = "SELECT name AS version FROM sqlite_schema WHERE sql LIKE '%DEFERR%'";
        let query = diesel::sql_query(deferred);
        let deferred = on_backend!(connection, |conn| query.load::<VersionRow>(conn).await).unwrap();
        let deferred: Vec<_> = deferred.into_iter().map(|row| row.version).collect();
        assert_eq!(deferred, [""; 0]);
    }
}
