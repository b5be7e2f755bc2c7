//! Runs `denizen-bench`, which measures the server, with what it needs.

use std::process::Command;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::postgres::Server;
use crate::{command, packages};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Users in the directory of each database
    #[arg(long, value_name = "NUMBER", default_value = "1000000", conflicts_with = "quick")]
    users: u64,
    /// Measure only these cases, such as `get` or `create`
    #[arg(long, value_name = "CASE")]
    case: Vec<String>,
    /// Measure only this database
    #[arg(long, value_name = "DATABASE")]
    only: Option<Database>,
    /// See whether everything works: few users, short measurements
    #[arg(long)]
    quick: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Cargo's profile to build with
    #[arg(long, value_name = "PROFILE", default_value = "release")]
    profile: String,
}

/// A database to measure on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Postgres,
    Sqlite,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { users, case, only, quick, json, profile } = arguments;
    install_wrk()?;
    let build = ["build", "--locked", "--workspace", "--bins", "--profile", profile];
    command::run(command::cargo().args(build))?;
    let programs = command::target()?.join(if profile == "dev" { "debug" } else { profile });
    let folder = tempfile::tempdir()?;

    let mut bench = Command::new(programs.join("denizen-bench"));
    bench.arg("run").arg("--denizen").arg(programs.join("denizen")).arg("--folder").arg(folder.path());
    if *quick {
        bench.args(["--users", "5000", "--rounds", "1", "--seconds", "1", "--connections", "16"]);
    } else {
        bench.args(["--users", &users.to_string()]);
    }
    bench.args(case.iter().flat_map(|case| ["--case", case]));
    bench.args(json.then_some("--json"));
    bench.args((*only == Some(Database::Postgres)).then_some("--no-sqlite"));
    if *only == Some(Database::Sqlite) {
        return command::run(&mut bench);
    }
    let postgres = Server::for_measurements()?;
    postgres.with_empty_database(|url| command::run(bench.args(["--postgres", url])))
}

/// Installs wrk, where it is missing and this user may.
fn install_wrk() -> Result<()> {
    if command::is_installed("wrk") {
        return Ok(());
    }
    if !packages::can_install() {
        bail!("wrk is needed, and there is none on this machine (Debian, Ubuntu: apt-get install wrk)");
    }
    eprintln!("Installing wrk, which is not on this machine …");
    packages::install(&["wrk"], "")
}
