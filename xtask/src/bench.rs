//! Runs `denizen-bench`, which measures the server, with what it needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::postgres::Server;
use crate::{command, packages};

/// Where the plots of a whole run are kept.
const PLOTS: &str = "docs/performance";

/// What `--quick` measures: everything, in little time.
const QUICK: [&str; 10] =
    ["--users", "2000", "--sizes", "1000", "--rounds", "1", "--seconds", "0.1", "--connections", "16"];

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Users in the directory of each database
    #[arg(long, value_name = "NUMBER", default_value = "1000000", conflicts_with = "quick")]
    users: u64,
    /// Smaller sizes of the directory, at which each case is measured on the way [default: 1000,10000,100000]
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', conflicts_with = "quick")]
    sizes: Vec<u64>,
    /// Measure only these cases, such as `get` or `whole-list`
    #[arg(long, value_name = "CASE")]
    case: Vec<String>,
    /// Measure only this database
    #[arg(long, value_name = "DATABASE")]
    only: Option<Database>,
    /// See whether everything works: few users, short measurements
    #[arg(long)]
    quick: bool,
    /// Folder for plots [default: docs/performance, if everything is measured]
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
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

impl Arguments {
    /// Returns where plots go, if anywhere. A quick run draws them, too, and forgets them with its folder.
    fn plots(&self, folder: &Path) -> Option<PathBuf> {
        let is_everything = self.case.is_empty() && self.only.is_none();
        match &self.plots {
            Some(plots) => Some(plots.clone()),
            None if self.quick => Some(folder.join("plots")),
            None => is_everything.then(|| command::root().join(PLOTS)),
        }
    }

    /// Returns the command that measures in a folder.
    fn bench(&self, folder: &Path) -> Result<Command> {
        let Self { users, sizes, case, only, quick, json, profile, .. } = self;
        let programs = command::target()?.join(if profile == "dev" { "debug" } else { profile });
        let mut bench = Command::new(programs.join("denizen-bench"));
        bench.arg("run").arg("--denizen").arg(programs.join("denizen")).arg("--folder").arg(folder);
        if *quick {
            bench.args(QUICK);
        } else {
            bench.args(["--users", &users.to_string()]);
            bench.args(sizes.iter().flat_map(|size| ["--sizes".to_owned(), size.to_string()]));
        }
        if let Some(plots) = self.plots(folder) {
            bench.arg("--plots").arg(plots);
        }
        bench.args(case.iter().flat_map(|case| ["--case", case]));
        bench.args(json.then_some("--json"));
        bench.args((*only == Some(Database::Postgres)).then_some("--no-sqlite"));
        Ok(bench)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    install_wrk()?;
    let build = ["build", "--locked", "--workspace", "--bins", "--profile", &arguments.profile];
    command::run(command::cargo().args(build))?;
    // Beside the programs, which are on a disk. Folders for temporary files may be in memory.
    let folder = tempfile::tempdir_in(command::target()?)?;
    let mut bench = arguments.bench(folder.path())?;
    if arguments.only == Some(Database::Sqlite) {
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
