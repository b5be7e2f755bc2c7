//! Opens the database for all commands, and updates its schema if requested.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use denizen_persistence::{ConnectError, Database, migrations};

use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// How long to wait before the next attempt to reach the database.
const PAUSE: Duration = Duration::from_millis(250);

/// Connects to the database, creating a missing embedded one.
pub(crate) async fn connect(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    if let Some(folder) = settings.embedded_folder() {
        make_folder(folder)?;
    }
    if let Some(file) = settings.sqlite_file() {
        make_file(&file)?;
    }
    Ok(Database::connect_with(&settings.options()).await?)
}

/// Connects like [`connect`], and waits for a database that cannot be reached yet, with one line in the log.
pub(crate) async fn connect_within(settings: &DatabaseSettings, wait: Duration) -> anyhow::Result<Database> {
    let began = Instant::now();
    let mut attempt = connect(settings).await;
    if let Some(reason) = attempt.as_ref().err().filter(|error| is_unreachable(error) && !wait.is_zero()) {
        tracing::info!(%reason, ?wait, "waiting for the database");
    }
    while attempt.as_ref().is_err_and(is_unreachable) && began.elapsed() < wait {
        tokio::time::sleep(PAUSE).await;
        attempt = connect(settings).await;
    }
    attempt
}

fn is_unreachable(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ConnectError::Unreachable { .. }))
}

/// Connects to an existing directory whose schema this version supports. Creates and migrates nothing: a command with
/// the wrong folder must not create a directory there.
pub(crate) async fn open(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    let database = connect_existing(settings).await?;
    require_current_schema(&database).await?;
    Ok(database)
}

/// Connects to an existing database, whatever it contains.
pub(crate) async fn connect_existing(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    settings.embedded_folder().map_or(Ok(()), require_no_file)?;
    if let Some(file) = settings.sqlite_file().filter(|file| !file.exists()) {
        let file = file.display();
        bail!("there is no database at {file}; start the server once or run `denizen migrate`");
    }
    Ok(Database::connect_with(&settings.options()).await?)
}

/// Updates the schema, and logs the migrations.
pub(crate) async fn migrate(database: &Database) -> anyhow::Result<()> {
    for name in migrations::run(database).await.map_err(reason)? {
        tracing::info!(name, "migrated the database");
    }
    Ok(())
}

/// Fails unless the schema is exactly the one of this version.
pub(crate) async fn require_current_schema(database: &Database) -> anyhow::Result<()> {
    let migrations = migrations::status(database).await.map_err(reason)?;
    if let Some(newer) = migrations.iter().find(|migration| !migration.known) {
        bail!(
            "the database was made by a newer version of Denizen (it has the migration {}); start that version, or restore a backup",
            newer.name
        );
    }
    let missing = migrations.iter().filter(|migration| !migration.applied).count();
    let all = migrations.len();
    ensure!(missing == 0, "the database lacks {missing} of {all} migrations; run `denizen migrate` first");
    Ok(())
}

/// Creates the data folder, only for this user.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    require_no_file(folder)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot create the data folder {}", folder.display()))
}

fn require_no_file(folder: &Path) -> anyhow::Result<()> {
    ensure!(!folder.is_file(), "the data folder {} is a file", folder.display());
    Ok(())
}

/// Creates the database file, accessible only to this user, since it holds personal data. SQLite treats an empty file
/// as an empty database. Creating it here gives clearer errors, and SQLite's other files get the same permissions.
fn make_file(file: &Path) -> anyhow::Result<()> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("cannot write the database file {}", file.display()))?;
    Ok(())
}
