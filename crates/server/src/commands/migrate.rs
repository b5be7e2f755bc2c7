//! `denizen migrate`: brings the database's schema up to date.

use clap::Args;
use denizen_persistence::migrations::{self, MigrationStatus};
use serde::Serialize;

use crate::database;
use crate::output::{Output, yes_or_no};
use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// Bring the schema of the database up to date; an embedded database is made if it is missing
///
/// `denizen serve` does the same on its start, unless it is told not to.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen migrate --database-url postgres://denizen@localhost/denizen")]
pub(crate) struct MigrateCommand {
    /// List the migrations and whether the database has them; change nothing
    #[arg(long)]
    status: bool,

    /// Revert the newest migration; what its tables hold is lost
    #[arg(long, conflicts_with = "status", hide = true)]
    revert: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

/// What was done.
#[derive(Serialize)]
struct Migrated {
    applied: Vec<String>,
}

/// What was undone.
#[derive(Serialize)]
struct Reverted {
    reverted: Option<String>,
}

/// A migration as `--status` lists it.
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
