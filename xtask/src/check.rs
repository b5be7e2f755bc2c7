//! `cargo xtask check`: what a change must keep, besides passing the tests.

mod layers;
mod rooms;
mod text;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::{codegen, command, migrate};

/// One check: what it is called, and what fails if it does not hold.
type Check = (&'static str, fn() -> Result<()>);

const CHECKS: [Check; 8] = [
    ("format", format),
    ("clippy", clippy),
    ("layers", layers::check),
    ("rooms", rooms::check),
    ("documentation", documentation),
    ("migrations", migrations),
    ("generated files", codegen::check),
    ("left-overs", text::check),
];

/// Runs all checks, and fails if any does.
pub(crate) fn run() -> Result<()> {
    let failed: Vec<&str> = CHECKS.into_iter().filter(|check| !holds(*check)).map(|(name, _)| name).collect();
    if failed.is_empty() {
        println!("all {} checks passed", CHECKS.len());
        return Ok(());
    }
    bail!("{} of {} checks failed: {}", failed.len(), CHECKS.len(), failed.join(", "))
}

fn holds((name, check): Check) -> bool {
    let started = Instant::now();
    let outcome = check();
    let seconds = started.elapsed().as_secs_f32();
    match &outcome {
        Ok(()) => println!("✓ {name} ({seconds:.1} s)"),
        Err(error) => println!("✗ {name} ({seconds:.1} s)\n{error:#}"),
    }
    outcome.is_ok()
}

/// Fails with everything that was found, one line each, if anything was.
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

/// Both databases have the same migrations, each with its two files.
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
