//! The developers' commands: `cargo xtask test | migrate | codegen | check`.
//!
//! | Command | What it does |
//! |---|---|
//! | `test` | every test there is, the server's on SQLite and on PostgreSQL |
//! | `migrate` | makes migrations, and runs them on a database |
//! | `codegen` | writes the files that are derived from the code and the migrations |
//! | `check` | what a change must pass besides the tests: format, lints, layers, rooms, docs, stale files |
//!
//! A command that needs PostgreSQL takes the server of `TEST_DATABASE_URL`, else starts a private one that is gone
//! when the command ends ([`postgres`]).
//!
//! # Adding a command
//! 1. Write a module with a function that returns `anyhow::Result`.
//! 2. Add a variant to [`Command`], with the help text as its doc comment, and a line to [`run`].
//! 3. Start programs through [`command`], so that an interrupt ends them too.

mod check;
mod codegen;
mod command;
mod database;
mod migrate;
mod postgres;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Denizen's commands for developers.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every test: unit, documentation and property tests, then the server's tests on SQLite and on PostgreSQL
    ///
    /// PostgreSQL is the server of `TEST_DATABASE_URL` (its user must be allowed to create databases), else a private
    /// temporary one made from the programs on this machine, which are installed first where that is allowed.
    /// The last line of the output says how many tests passed and how many failed.
    Test(test::Arguments),
    /// Make migrations, and run them on a database
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Write openapi.json (from the routes) and schema.rs (from the migrations)
    ///
    /// Also compares what the migrations of both databases make. Needs PostgreSQL, found as `test` finds it.
    Codegen(codegen::Arguments),
    /// Prove what a change must keep: format, lints, layers, documentation, generated files, migrations, no left-overs
    ///
    /// Runs all checks even if one fails. Needs PostgreSQL, found as `test` finds it.
    Check(check::Arguments),
}

fn main() -> ExitCode {
    run(CommandLine::parse().command).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: Command) -> Result<ExitCode> {
    if !matches!(command, Command::Migrate(_)) {
        command::clean_up_on_interrupt()?;
    }
    match command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Migrate(command) => migrate::run(command).map(|()| ExitCode::SUCCESS),
        Command::Codegen(arguments) => codegen::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Check(arguments) => check::run(&arguments).map(|()| ExitCode::SUCCESS),
    }
}
