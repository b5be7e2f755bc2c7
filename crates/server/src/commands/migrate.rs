//! `denizen migrate`: updates the database's schema.

use clap::Args;
use denizen_persistence::migrations::{self, MigrationStatus};
use serde::Serialize;

use crate::database;
use crate::output::{Output, yes_or_no};
use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// Update the schema of the database; an embedded database is created if it is missing
///
/// `denizen serve` does the same when it starts, unless told not to.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen migrate --database-url postgres://denizen@localhost/denizen")]
pub(crate) struct MigrateCommand {
    /// List the migrations and whether they are applied; change nothing
    #[arg(long)]
    status: bool,

    /// Revert the newest migration; the data in its tables is lost
    #[arg(long, conflicts_with = "status", hide = true)]
    revert: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

/// The result of applying.
#[derive(Serialize)]
struct Migrated {
    applied: Vec<String>,
}

/// The result of a revert.
#[derive(Serialize)]
struct Reverted {
    reverted: Option<String>,
}

/// A migration in the output of `--status`.
#[derive(Serialize)]
struct Migration {
    name: String,
    applied: bool,
    known: bool,
}

impl MigrateCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match (self.status, self.revert) {
            (true, _) => self.show_status().await,
            (_, true) => self.revert().await,
            _ => self.migrate().await,
        }
    }

    async fn migrate(self) -> anyhow::Result<()> {
        let database = database::connect(&self.database).await?;
        let applied = migrations::run(&database).await.map_err(reason)?;
        let mut fields: Vec<_> = applied.iter().map(|name| ("applied", name.clone())).collect();
        if applied.is_empty() {
            fields.push(("applied", "nothing: the schema is up to date".to_owned()));
        }
        self.output.object(&Migrated { applied }, &fields)
    }

    async fn revert(self) -> anyhow::Result<()> {
        let database = database::connect_existing(&self.database).await?;
        let reverted = migrations::revert_last(&database).await.map_err(reason)?;
        let shown = reverted.clone().unwrap_or_else(|| "nothing: no migration is applied".to_owned());
        self.output.object(&Reverted { reverted }, &[("reverted", shown)])
    }

    async fn show_status(self) -> anyhow::Result<()> {
        let database = database::connect_existing(&self.database).await?;
        let migrations = migrations::status(&database).await.map_err(reason)?;
        let migrations: Vec<_> = migrations.into_iter().map(Migration::from).collect();
        self.output.list(&migrations, &["NAME", "APPLIED", "KNOWN"], |Migration { name, applied, known }| {
            vec![name.clone(), yes_or_no(*applied), yes_or_no(*known)]
        })
    }
}

impl From<MigrationStatus> for Migration {
    fn from(status: MigrationStatus) -> Self {
        let MigrationStatus { name, applied, known } = status;
        Self { name, applied, known }
    }
}
