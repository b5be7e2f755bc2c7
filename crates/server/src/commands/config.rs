//! `denizen config`: shows the settings of the server.

use clap::{Args, Subcommand};

use crate::output::Output;
use crate::settings::sources::Effective;
use crate::settings::{DatabaseSettings, ServeSettings};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    Print(Box<PrintCommand>),
}

/// Show what `denizen serve` would use: all settings, and where each comes from
///
/// Takes the flags of `denizen serve`, its environment and its configuration file. Shows no secrets, and starts nothing.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen config print --config denizen.toml")]
pub(crate) struct PrintCommand {
    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,

    #[command(flatten)]
    serve: ServeSettings,

    /// The settings with their sources, which only the command line as a whole knows.
    #[arg(skip)]
    pub(crate) settings: Vec<Effective>,
}

impl ConfigCommand {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self::Print(command) = self;
        let PrintCommand { output, database: _, serve: _, settings } = *command;
        output.list(&settings, &["SETTING", "VALUE", "SOURCE"], Effective::cells)
    }
}
