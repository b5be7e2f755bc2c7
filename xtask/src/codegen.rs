//! `cargo xtask codegen`: generates files from the code and the migrations.

mod schema;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::command;
use crate::database::{Denizen, TableDescription};
use crate::postgres::Server;

/// Command options.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail with the name of each stale file
    #[arg(long)]
    check: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.check { check() } else { write() }
}

/// Fails with the names of stale files, and if the databases differ.
pub(crate) fn check() -> Result<()> {
    let mut complaints = Vec::new();
    let generated = generate()?;
    for file in generated.files {
        if std::fs::read_to_string(command::root().join(file.path)).ok().as_ref() != Some(&file.content) {
            complaints.push(format!("{} is stale: run `cargo xtask codegen`", file.path));
        }
    }
    complaints.extend(generated.differences);
    fail_with(&complaints)
}

fn write() -> Result<()> {
    let generated = generate()?;
    for file in generated.files {
        let path: PathBuf = command::root().join(file.path);
        std::fs::write(&path, file.content).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", file.path);
    }
    fail_with(&generated.differences)
}

fn fail_with(complaints: &[String]) -> Result<()> {
    if complaints.is_empty() {
        return Ok(());
    }
    bail!("{}", complaints.join("\n"))
}

struct Generated {
    files: [File; 2],
    /// Differences between the tables of both databases.
    differences: Vec<String>,
}

struct File {
    /// Relative to the repository root.
    path: &'static str,
    content: String,
}

fn generate() -> Result<Generated> {
    let denizen = Denizen::build()?;
    let (postgres, sqlite) = tables_of_both_databases(&denizen)?;
    let openapi = denizen.output(&["openapi"])?;
    let schema = rustfmt(&schema::render(&postgres)?)?;
    Ok(Generated {
        files: [
            File { path: "crates/api/openapi.json", content: openapi },
            File { path: "crates/persistence/src/schema.rs", content: schema },
        ],
        differences: schema::differences(&postgres, &sqlite),
    })
}

/// The tables that the migrations create on PostgreSQL and on SQLite.
fn tables_of_both_databases(denizen: &Denizen) -> Result<(Vec<TableDescription>, Vec<TableDescription>)> {
    let postgres =
        Server::obtain()?.with_empty_database(|url| denizen.schema_of(url)).context("PostgreSQL")?;
    let sqlite = denizen.schema_of_sqlite().context("SQLite")?;
    Ok((postgres.tables, sqlite.tables))
}

/// Formats code in the workspace's style.
fn rustfmt(code: &str) -> Result<String> {
    let mut command = Command::new("rustfmt");
    command.args(["--edition", "2024", "--emit", "stdout"]).current_dir(command::root());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start rustfmt")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(code.as_bytes()).context("cannot write to rustfmt")?;
    }
    let output = child.wait_with_output().context("cannot read from rustfmt")?;
    if !output.status.success() {
        bail!("rustfmt failed ({})", output.status);
    }
    String::from_utf8(output.stdout).context("rustfmt writes UTF-8")
}
