//! `denizen man`: prints or writes manual pages.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Command};
use clap_mangen::Man;

use crate::output::print;

/// Print the manual page of the program, or write those of all commands
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen man /usr/local/share/man/man1")]
pub(crate) struct ManCommand {
    /// Folder to write a page for each command into, such as `denizen-serve.1`; it must exist
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl ManCommand {
    pub(crate) fn run(self, command: Command) -> anyhow::Result<()> {
        if let Some(folder) = self.folder {
            let written = clap_mangen::generate_to(command, &folder);
            return written.with_context(|| format!("cannot write manual pages into {}", folder.display()));
        }
        let mut page = Vec::new();
        Man::new(command).render(&mut page).context("cannot write the manual page")?;
        print(&String::from_utf8_lossy(&page))
    }
}
