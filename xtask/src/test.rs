//! `cargo xtask test`: runs all tests, the server's on both databases, and counts them.

mod counts;
mod languages;

use std::num::NonZero;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};

use crate::command;
use crate::database::Denizen;
use crate::postgres::{Server, URL_VARIABLE};
use counts::Counts;

/// The variable that selects the database of the server's tests: `sqlite` or `postgres`.
const DATABASE_VARIABLE: &str = "DENIZEN_TEST_DATABASE";

/// The variable that gives the server's tests a prefix for the databases that they make on PostgreSQL. What is left of
/// them is dropped after the run.
const PREFIX_VARIABLE: &str = "DENIZEN_TEST_PREFIX";

/// The variable that says how many tests run at a time, which the test programs read.
const THREADS_VARIABLE: &str = "RUST_TEST_THREADS";

/// Which tests to run.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Test the server only on this database; with a filter, leave out the unit tests, too
    #[arg(long, value_enum, value_name = "DATABASE")]
    only: Option<Database>,
    /// Arguments for the test programs: a part of the test names, or options
    #[arg(last = true, value_name = "FILTER")]
    filter: Vec<String>,
}

impl Arguments {
    /// Whether they ask for a part of the server's tests alone, which is quick to build and run.
    fn are_narrow(&self) -> bool {
        self.only.is_some() && !self.filter.is_empty()
    }
}

/// A database to test on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

/// Runs the command. Returns a failure unless all requested tests ran and passed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let started = Instant::now();
    let harness = Harness::start(arguments)?;
    let targets = Targets::of_workspace()?;
    // Build everything at once with the same features, so that nothing is built twice.
    let mut build = command::cargo();
    build.args(["build", "--locked", "--workspace"]);
    if arguments.are_narrow() {
        build.args(["--bin", "denizen"]).args(&targets.servers);
    } else {
        languages::install();
        build.arg("--all-targets");
    }
    command::run(&mut build)?;

    let mut runs = Vec::new();
    if !arguments.are_narrow() {
        runs.push(harness.unit_tests(&targets)?);
    }
    for database in [Database::Sqlite, Database::Postgres] {
        if harness.covers(database) {
            runs.push(harness.server_tests(&targets, database)?);
        }
    }
    Ok(harness.report(&runs, started.elapsed()))
}

/// The test programs of the workspace, by kind.
struct Targets {
    /// `--test NAME` for programs without a server.
    units: Vec<String>,
    /// `--test NAME` for programs that start servers.
    servers: Vec<String>,
}

impl Targets {
    fn of_workspace() -> Result<Self> {
        let mut targets = Self { units: Vec::new(), servers: Vec::new() };
        let metadata = command::workspace_metadata()?;
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let programs =
                if package["name"] == "denizen-tests" { &mut targets.servers } else { &mut targets.units };
            for target in package["targets"].as_array().into_iter().flatten() {
                if target["kind"][0] == "test" {
                    let name = target["name"].as_str().context("a target without a name")?;
                    programs.extend(["--test".to_owned(), name.to_owned()]);
                }
            }
        }
        // Without names, `cargo test` would run all programs.
        ensure!(!targets.servers.is_empty(), "denizen-tests has no test program");
        Ok(targets)
    }
}

/// One or more runs of `cargo test` under one name.
struct Run {
    name: String,
    counts: Counts,
}

/// What is tested, and on what.
struct Harness<'a> {
    arguments: &'a Arguments,
    postgres: Option<Server>,
}

impl<'a> Harness<'a> {
    fn start(arguments: &'a Arguments) -> Result<Self> {
        let needed = arguments.only != Some(Database::Sqlite);
        Ok(Self { arguments, postgres: needed.then(Server::obtain).transpose()? })
    }

    fn covers(&self, database: Database) -> bool {
        self.arguments.only.is_none_or(|only| only == database)
    }

    /// Runs tests without a server: unit tests, documentation examples, and property tests.
    fn unit_tests(&self, targets: &Targets) -> Result<Run> {
        let mut programs = self.cargo_test();
        programs.args(["--lib", "--bins", "--examples"]).args(&targets.units);
        let mut documentation = self.cargo_test();
        documentation.arg("--doc");
        let counts = self.count(programs)? + self.count(documentation)?;
        Ok(self.finished("unit tests".to_owned(), counts))
    }

    /// Runs the server's tests on one database.
    fn server_tests(&self, targets: &Targets, database: Database) -> Result<Run> {
        let name = self.name(database)?;
        println!("\n── {name} ──");
        let mut programs = self.cargo_test();
        let value = database.to_possible_value().context("every database has a name")?;
        programs.args(&targets.servers).env(DATABASE_VARIABLE, value.get_name());
        if std::env::var_os(THREADS_VARIABLE).is_none() {
            // Half of the time, a test waits for its server.
            let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
            programs.env(THREADS_VARIABLE, (2 * processors).to_string());
        }
        let server = self.postgres.as_ref().filter(|_| database == Database::Postgres);
        let databases = server.map(Server::test_databases).transpose()?;
        if let Some(databases) = &databases {
            programs.env(PREFIX_VARIABLE, databases.prefix());
        }
        let counts = self.count(programs)?;
        Ok(self.finished(name, counts))
    }

    fn name(&self, database: Database) -> Result<String> {
        Ok(match (database, &self.postgres) {
            (Database::Sqlite, _) => format!("SQLite {}", Denizen::built()?.schema_of_sqlite()?.version),
            (Database::Postgres, Some(server)) => format!("PostgreSQL {}", server.version()?),
            (Database::Postgres, None) => "PostgreSQL".to_owned(),
        })
    }

    fn cargo_test(&self) -> Command {
        let mut command = command::cargo();
        command.args(["test", "--locked", "--workspace", "--no-fail-fast"]);
        command.env_remove(DATABASE_VARIABLE).env_remove(PREFIX_VARIABLE);
        match &self.postgres {
            Some(server) => command.env(URL_VARIABLE, server.url()),
            None => command.env_remove(URL_VARIABLE),
        };
        command
    }

    fn count(&self, mut command: Command) -> Result<Counts> {
        let mut counts = Counts::default();
        command.arg("--").args(&self.arguments.filter);
        let status = command::stream(&mut command, |line| counts.add_line(line))?;
        Ok(counts.with_outcome(status.success()))
    }

    /// Without a filter, a run without any test counts as failed.
    fn finished(&self, name: String, counts: Counts) -> Run {
        let counts = if self.arguments.filter.is_empty() { counts.or_nothing_ran() } else { counts };
        Run { name, counts }
    }

    /// Prints the counts, sums on the last line, and returns the exit code.
    fn report(&self, runs: &[Run], elapsed: Duration) -> ExitCode {
        println!();
        for run in runs {
            println!("{}: {}", run.name, run.counts.detailed());
        }
        for (database, name) in [(Database::Sqlite, "SQLite"), (Database::Postgres, "PostgreSQL")] {
            if !self.covers(database) {
                println!("{name}: NOT TESTED, because of --only");
            }
        }
        if self.arguments.are_narrow() {
            println!("unit tests: NOT RUN, because of --only and a filter");
        }
        for line in languages::untested() {
            println!("{line}");
        }
        println!("time taken: {} min {} s", elapsed.as_secs() / 60, elapsed.as_secs() % 60);
        let total = runs.iter().fold(Counts::default(), |sum, run| sum + run.counts).or_nothing_ran();
        println!("{total}");
        if total.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
