//! Commands for developers: `cargo xtask test | migrate | codegen | check | bench`.
//!
//! | Command | What it does |
//! |---|---|
//! | `test` | runs all tests, the server's on SQLite and on PostgreSQL |
//! | `migrate` | creates migrations, and runs them on a database |
//! | `codegen` | generates files from the code and the migrations |
//! | `bench` | measures what requests cost, beside yardsticks |
//! | `check` | checks all but the tests: format, lints, layers, rooms, docs, stale files |
//!
//! Commands that need PostgreSQL use the server of `TEST_DATABASE_URL`, or else start a private one until they end
//! ([`postgres`]).
//!
//! # Adding a command
//! 1. Write a module with a function that returns `anyhow::Result`.
//! 2. Add a variant to [`Command`], with the help text as its doc comment, and a line to [`run`].
//! 3. Start programs through [`command`], so that an interrupt ends them too.

mod bench;
mod check;
mod codegen;
mod command;
mod database;
mod migrate;
mod packages;
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
    /// Run all tests: unit, documentation and property tests, then the server's tests on SQLite and on PostgreSQL
    ///
    /// Uses the PostgreSQL server of `TEST_DATABASE_URL` (its user must be allowed to create databases), or else a
    /// private temporary one from the programs on this machine, which are installed first where that is allowed. The
    /// last line of the output says how many tests passed and failed.
    Test(test::Arguments),
    /// Create migrations, and run them on a database
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Generate openapi.json (from the routes) and schema.rs (from the migrations)
    ///
    /// Also compares the tables of both databases. Needs PostgreSQL, like `test`.
    Codegen(codegen::Arguments),
    /// Check a change: format, lints, layers, documentation, generated files, migrations, no left-overs
    ///
    /// Runs all checks even if one fails. Needs PostgreSQL, like `test`.
    Check(check::Arguments),
    /// Measure what requests cost, each beside a yardstick in the same minute
    ///
    /// Builds everything with the profile `release`, starts a private PostgreSQL with its own settings and a server on
    /// each database, fills them with users, and prints tables with ratios and goals. Takes more than an hour, with
    /// `--quick` a minute. Needs wrk, which is installed where that is allowed. Run nothing else meanwhile.
    Bench(bench::Arguments),
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
        Command::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
    }
}
