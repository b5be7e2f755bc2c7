//! Measures what requests cost, each beside a yardstick in the same minute: `cargo xtask bench` builds and runs it.
//!
//! * [`mod@run`] does what [`arguments`] ask for.
//! * [`directory`] starts the server on a new database and fills it.
//! * [`cases`] lists the kinds of requests, [`studies`] what is not one kind of request, and [`measure`] measures both.
//! * [`yardstick`] holds what they are compared with.
//! * [`load`] sends requests with wrk, and [`process`] reads what they cost.
//! * [`report`] prints results, and [`plots`] draws them.
//!
//! # Adding a case
//! 1. Add it to [`cases::Case`], with its request, its yardstick and its goal. If it is not one kind of request, add it to
//!    [`studies::Study`] instead, with a module of its own in [`measure`].
//! 2. If no yardstick fits, write one in [`yardstick`]: the least that any server must do for the same bytes.

mod arguments;
mod cases;
mod directory;
mod load;
mod machine;
mod measure;
mod people;
mod plots;
mod process;
mod progress;
mod report;
mod run;
mod studies;
mod yardstick;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures what requests cost.
#[derive(Debug, Parser)]
#[command(disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the server
    Run(arguments::Arguments),
    /// Serve as a yardstick, until killed
    #[command(subcommand)]
    Yardstick(yardstick::Server),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(CommandLine::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Run(arguments) => run::run(&arguments).await,
        Command::Yardstick(yardstick) => yardstick.serve().await,
    }
}
