//! `denizen completions`: prints what completes commands and flags in a shell.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::output::print;

/// Print a script that completes commands and flags in a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen completions bash > /etc/bash_completion.d/denizen")]
pub(crate) struct CompletionsCommand {
    /// The shell
    shell: Shell,
}

impl CompletionsCommand {
    pub(crate) fn run(self, command: &mut Command) -> anyhow::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "denizen", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
