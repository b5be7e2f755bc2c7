//! `cargo xtask check`: checks besides the tests that a change must pass.

mod dependencies;
mod layers;
mod published;
mod rooms;
mod text;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{codegen, command, migrate};

/// A check: its name, and a function that fails if it does not hold.
type Check = (&'static str, fn() -> Result<()>);

const CHECKS: [Check; 11] = [
    ("format", format),
    ("clippy", clippy),
    ("layers", layers::check),
    ("rooms", rooms::check),
    ("dependencies", dependencies::check),
    ("documentation", documentation),
    ("features", published::builds_without_features),
    ("package", published::can_be_published),
    ("migrations", migrations),
    ("generated-files", codegen::check),
    ("left-overs", text::check),
];

/// Which checks to run, and what to print.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print how long each check took, longest first
    #[arg(long)]
    timings: bool,
    /// Run only these checks
    #[arg(value_name = "CHECK", value_parser = CHECKS.map(|(name, _)| name))]
    only: Vec<String>,
}

/// Runs the requested checks, or all, and fails if any fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let is_wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let checks: Vec<Check> = CHECKS.into_iter().filter(|(name, _)| is_wanted(name)).collect();
    let outcomes: Vec<Outcome> = checks.into_iter().map(outcome).collect();
    if arguments.timings {
        print_timings(&outcomes);
    }
    let failed: Vec<&str> =
        outcomes.iter().filter(|outcome| !outcome.holds).map(|outcome| outcome.name).collect();
    if failed.is_empty() {
        println!("all {} checks passed", outcomes.len());
        return Ok(());
    }
    bail!("{} of {} checks failed: {}", failed.len(), outcomes.len(), failed.join(", "))
}

/// The result of a check.
struct Outcome {
    name: &'static str,
    holds: bool,
    time: Duration,
}

fn outcome((name, check): Check) -> Outcome {
    let started = Instant::now();
    let outcome = check();
    let time = started.elapsed();
    let seconds = time.as_secs_f32();
    match &outcome {
        Ok(()) => println!("✓ {name} ({seconds:.1} s)"),
        Err(error) => println!("✗ {name} ({seconds:.1} s)\n{error:#}"),
    }
    Outcome { name, holds: outcome.is_ok(), time }
}

fn print_timings(outcomes: &[Outcome]) {
    let total: Duration = outcomes.iter().map(|outcome| outcome.time).sum();
    let mut longest: Vec<&Outcome> = outcomes.iter().collect();
    longest.sort_by_key(|outcome| std::cmp::Reverse(outcome.time));
    println!("\n{:<16} {:>8} {:>6}", "check", "seconds", "share");
    for Outcome { name, time, .. } in longest {
        let share = 100.0 * time.as_secs_f32() / total.as_secs_f32().max(f32::EPSILON);
        println!("{name:<16} {:>8.1} {share:>5.0}%", time.as_secs_f32());
    }
    println!("{:<16} {:>8.1}\n", "all", total.as_secs_f32());
}

/// Fails with all complaints, one per line, if there are any.
fn none_found(complaints: &[String]) -> Result<()> {
    if complaints.is_empty() {
        return Ok(());
    }
    bail!("{}", complaints.join("\n"))
}

fn format() -> Result<()> {
    command::run(command::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    let mut cargo = command::cargo();
    command::run(cargo.args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn documentation() -> Result<()> {
    let mut cargo = command::cargo();
    cargo.args(["doc", "--locked", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    command::run(&mut cargo)
}

/// Both databases have the same migrations, each with two files.
fn migrations() -> Result<()> {
    let root = command::root().join("migrations");
    let mut complaints = Vec::new();
    let mut names = BTreeSet::new();
    for (folder, _) in migrate::FOLDERS {
        names.extend(folders_in(&root.join(folder))?);
    }
    for name in &names {
        for (folder, _) in migrate::FOLDERS {
            for file in ["up.sql", "down.sql"] {
                let path = Path::new(folder).join(name).join(file);
                if !root.join(&path).is_file() {
                    complaints.push(format!("migrations/{} is missing", path.display()));
                }
            }
        }
    }
    if names.is_empty() {
        complaints.push("there are no migrations".to_owned());
    }
    none_found(&complaints)
}

fn folders_in(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    Ok(folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}
