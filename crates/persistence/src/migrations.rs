//! The schema, brought up to date by the migrations that are built into the binary.

use std::collections::BTreeSet;

use denizen_domain::{Error, Result};
use diesel::backend::Backend as DieselBackend;
use diesel::migration::{Migration, MigrationSource as _};
use diesel_async::{AsyncMigrationHarness, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::error::OrError as _;
use crate::{Database, DbConnection};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// The advisory lock that servers hold while they migrate one PostgreSQL database: any number that is used for nothing
/// else. It only saves the others from an error; a migration that ran is recorded in the transaction that ran it.
const MIGRATION_LOCK: i64 = 0x64_65_6e_69_7a_65_6e;

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its name, which begins with its date.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
    /// Whether this binary has it. A database with one that it does not know belongs to a newer version.
    pub known: bool,
}

/// Applies what is missing, each in its own transaction, and names it. Fails where the schema belongs to a newer
/// version, and then changes nothing.
pub async fn run(database: &Database) -> Result<Vec<String>> {
    match perform(database, Action::Run).await? {
        Outcome::Names(names) => Ok(names),
        Outcome::Status(_) => Ok(Vec::new()),
    }
}

/// Undoes the newest one that is applied and names it. `None` where none is.
pub async fn revert_last(database: &Database) -> Result<Option<String>> {
    match perform(database, Action::RevertLast).await? {
        Outcome::Names(mut names) => Ok(names.pop()),
        Outcome::Status(_) => Ok(None),
    }
}

/// All migrations that this binary or the database knows, oldest first.
pub async fn status(database: &Database) -> Result<Vec<MigrationStatus>> {
    match perform(database, Action::Status).await? {
        Outcome::Status(status) => Ok(status),
        Outcome::Names(_) => Ok(Vec::new()),
    }
}

#[derive(Debug, Clone, Copy)]
enum Action {
    Run,
    RevertLast,
    Status,
}

enum Outcome {
    Names(Vec<String>),
    Status(Vec<MigrationStatus>),
}

/// Migrations are diesel's own, and synchronous; they run on a thread that may block.
async fn perform(database: &Database, action: Action) -> Result<Outcome> {
    let mut connection = database.write().await?;
    lock(&mut connection).await?;
    let work = move || match connection {
        DbConnection::Postgres(object) => {
            let mut harness = AsyncMigrationHarness::new(*object);
            let outcome = act(&mut harness, || POSTGRES, action);
            (outcome, DbConnection::Postgres(Box::new(harness.into_inner())))
        }
        DbConnection::Sqlite(object) => {
            let mut harness = AsyncMigrationHarness::new(object);
            let outcome = act(&mut harness, || SQLITE, action);
            (outcome, DbConnection::Sqlite(harness.into_inner()))
        }
    };
    let finished = tokio::task::spawn_blocking(work).await;
    let (outcome, mut connection) =
        finished.map_err(|error| Error::Internal(format!("the migrations stopped: {error}")))?;
    unlock(&mut connection).await?;
    outcome
}

fn act<DB: DieselBackend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: fn() -> EmbeddedMigrations,
    action: Action,
) -> Result<Outcome> {
    match action {
        Action::Run => {
            let newer = status_of(harness, migrations)?.into_iter().find(|migration| !migration.known);
            if let Some(newer) = newer {
                return Err(newer_schema(&newer.name));
            }
            let applied = harness.run_pending_migrations(migrations()).map_err(failed)?;
            Ok(Outcome::Names(applied.into_iter().map(|version| version.to_string()).collect()))
        }
        Action::RevertLast => {
            if harness.applied_migrations().map_err(failed)?.is_empty() {
                return Ok(Outcome::Names(Vec::new()));
            }
            let reverted = harness.revert_last_migration(migrations()).map_err(failed)?;
            Ok(Outcome::Names(vec![reverted.to_string()]))
        }
        Action::Status => status_of(harness, migrations).map(Outcome::Status),
    }
}

fn status_of<DB: DieselBackend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: fn() -> EmbeddedMigrations,
) -> Result<Vec<MigrationStatus>> {
    let applied = harness.applied_migrations().map_err(failed)?;
    let applied: BTreeSet<String> = applied.into_iter().map(|version| version.to_string()).collect();
    let known: Vec<Box<dyn Migration<DB>>> = migrations().migrations().map_err(failed)?;
    let mut status: Vec<MigrationStatus> = known
        .iter()
        .map(|migration| {
            let applied = applied.contains(&migration.name().version().to_string());
            MigrationStatus { name: migration.name().to_string(), applied, known: true }
        })
        .collect();
    let known_versions: BTreeSet<String> =
        known.iter().map(|migration| migration.name().version().to_string()).collect();
    let unknown = applied.difference(&known_versions);
    status.extend(unknown.map(|version| MigrationStatus {
        name: version.clone(),
        applied: true,
        known: false,
    }));
    status.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(status)
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

/// Waits until no other server migrates the same database. Waiting and migrating may take longer than any statement of a
/// request, so that the time limit of statements is put aside until `unlock`.
async fn lock(connection: &mut DbConnection) -> Result<()> {
    let without_limit = "SELECT set_config('denizen.statement_timeout', current_setting('statement_timeout'), false), \
                         set_config('statement_timeout', '0', false)";
    run_on_postgres(connection, without_limit).await?;
    run_on_postgres(connection, &format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).await
}

async fn unlock(connection: &mut DbConnection) -> Result<()> {
    run_on_postgres(connection, &format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})")).await?;
    let with_limit =
        "SELECT set_config('statement_timeout', current_setting('denizen.statement_timeout'), false)";
    run_on_postgres(connection, with_limit).await
}

/// SQLite's own lock is enough, and its statements have no time limit.
async fn run_on_postgres(connection: &mut DbConnection, statement: &str) -> Result<()> {
    let DbConnection::Postgres(object) = connection else { return Ok(()) };
    diesel::sql_query(statement).execute(&mut ***object).await.or_error("lock or unlock the schema")?;
    Ok(())
}
