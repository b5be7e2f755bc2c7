//! `denizen openapi`: prints the API's document, without a server.

use anyhow::Context as _;
use clap::Args;

use crate::output::print;

/// Print the OpenAPI document of the server
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen openapi > openapi.json")]
pub(crate) struct OpenapiCommand {
    /// Print JSON, which is always the format
    #[arg(long)]
    json: bool,
}

impl OpenapiCommand {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { json: _ } = self;
        let document =
            denizen_api::openapi().to_pretty_json().context("cannot print the OpenAPI document")?;
        print(&(document + "\n"))
    }
}
