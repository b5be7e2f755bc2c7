//! The Denizen server: configuration, start, stop, command line.
//!
//! # Recipes
//!
//! ## Adding a setting
//! Add one field to [`ServeSettings`]; it gets a flag, a variable and a key of the file.
//!
//! ## Adding a command
//! 1. Write `commands/<noun>.rs` with a clap struct and its `run`. If it needs the database, flatten
//!    [`DatabaseSettings`] and call `database::open`. Flatten `Output` and print the result with it.
//! 2. Add the variant to `Command` in `command_line.rs` and the arm in [`main`]'s `run`.
//!
//! ## Starting a server within a test
//! Create settings with [`ServeCommand::with_arguments`] and start with [`RunningServer::start`].

mod command_line;
mod commands;
mod database;
mod encryption_key;
mod first_start;
mod listener;
mod listing;
mod logging;
mod operator;
mod output;
mod reason;
mod running_server;
mod settings;
mod unavailable;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::CommandFactory as _;

use command_line::{Command, CommandLine};
pub use commands::ServeCommand;
pub use denizen_domain::{Clock, IdSource, ManualClock, RandomIds, SequentialIds, Source, Timestamp};
pub use running_server::RunningServer;
pub use settings::{
    DatabaseSettings, LogFormat, LogInSettings, PasswordSettings, ServeSettings, SigningKeySettings,
    Synchronous,
};

/// How long the process waits for busy threads before it exits.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Runs the program: parses the command line, runs the command, and prints errors as one sentence.
///
/// Exits with 0 on success, 1 if the command failed, and 2 for errors in the command line or a setting.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment: Vec<_> = std::env::vars_os().collect();
    let command_line = match CommandLine::read(&arguments, &environment) {
        Ok(command_line) => command_line,
        Err(error) => return usage(&error),
    };
    match run(command_line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(&error),
    }
}

fn run(command_line: CommandLine) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads of the server")?;
    let result = runtime.block_on(async {
        match command_line.command {
            Command::Serve(command) => command.run().await,
            Command::Workspaces(command) => command.run().await,
            Command::Keys(command) => command.run().await,
            Command::Accounts(command) => command.run().await,
            Command::Tokens(command) => command.run().await,
            Command::Flows(command) => command.run().await,
            Command::ExternalUsers(command) => command.run().await,
            Command::Audit(command) => command.run().await,
            Command::Events(command) => command.run().await,
            Command::Webhooks(command) => command.run().await,
            Command::Workflows(command) => command.run().await,
            Command::Jobs(command) => command.run().await,
            Command::SigningKeys(command) => command.run().await,
            Command::EncryptionKeys(command) => command.run().await,
            Command::Config(command) => command.run(),
            Command::Migrate(command) => command.run().await,
            Command::Doctor(command) => command.run().await,
            Command::Openapi(command) => command.run(),
            Command::Completions(command) => command.run(&mut CommandLine::command()),
            Command::Man(command) => command.run(CommandLine::command()),
            Command::Schema(command) => command.run().await,
        }
    });
    runtime.shutdown_timeout(LAST_WAIT);
    result
}

/// Prints clap's output: an error of the command line, or the requested help.
fn usage(error: &clap::Error) -> ExitCode {
    _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn failure(error: &anyhow::Error) -> ExitCode {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        return usage(error);
    }
    if output::reader_is_gone(error) {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
