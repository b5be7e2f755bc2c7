//! `cargo xtask migrate`: making migrations, and running them on a database.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use denizen_domain::{Clock as _, SystemClock, Timestamp};
use denizen_persistence::{Database, migrations};

use crate::command;
use crate::database::{block_on, explained};

/// The folders of `migrations/`, each with the same migrations in its database's words.
pub(crate) const FOLDERS: [(&str, &str); 2] = [("postgres", "PostgreSQL"), ("sqlite", "SQLite")];

/// Make migrations, and run them on a database
#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Make an empty migration for both databases
    New {
        /// What it does, in lower case with underscores: `add_tiers`
        #[arg(value_parser = parse_name)]
        name: String,
    },
    /// Run all migrations that the database does not have yet
    Up(Target),
    /// Revert the newest migration
    Down(Target),
    /// Revert the newest migration and run it again, with any that are pending
    Redo(Target),
    /// List the migrations: `[x]` is applied, `[ ]` is pending, `[?]` is applied but not known to this version
    Status(Target),
}

/// The database to work on.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// `postgres://…` or `sqlite://…`
    #[arg(long, value_name = "URL", env = "DENIZEN_DATABASE_URL", hide_env_values = true)]
    #[arg(default_value = "sqlite://denizen-data/denizen.db")]
    database_url: String,
}

/// Runs the command.
pub(crate) fn run(command: Migrate) -> Result<()> {
    match command {
        Migrate::New { name } => new(&name),
        Migrate::Up(target) => block_on(async { up(&target.connect().await?).await }),
        Migrate::Down(target) => block_on(async { down(&target.connect().await?).await }),
        Migrate::Redo(target) => block_on(async {
            let database = target.connect().await?;
            down(&database).await?;
            up(&database).await
        }),
        Migrate::Status(target) => block_on(async { status(&target.connect().await?).await }),
    }
}

impl Target {
    /// Connects, to a file of SQLite's in a folder that is made if it is not there.
    async fn connect(&self) -> Result<Database> {
        let file = self.database_url.strip_prefix("sqlite://").map(Path::new);
        if let Some(folder) = file.and_then(Path::parent) {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(Database::connect(&self.database_url).await?)
    }
}

fn parse_name(name: &str) -> Result<String> {
    let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if name.is_empty() || !name.chars().all(allowed) {
        bail!("only a-z, 0-9 and _ are allowed");
    }
    Ok(name.to_owned())
}

fn new(name: &str) -> Result<()> {
    let migration = format!("{}_{name}", version(SystemClock.now()));
    for (folder, database) in FOLDERS {
        let path = command::root().join("migrations").join(folder).join(&migration);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        for (file, purpose) in [("up.sql", "what it changes"), ("down.sql", "back to what was before")] {
            let path = path.join(file);
            let header = format!("-- {name} on {database}: {purpose}.\n\n");
            std::fs::write(&path, header).with_context(|| format!("cannot write {}", path.display()))?;
            println!("migrations/{folder}/{migration}/{file}");
        }
    }
    println!("Now write them (migrations/README.md says how), then run `cargo xtask codegen`.");
    Ok(())
}

/// `2026-11-21T02:56:43.000000Z` as `2026-11-21-025643`.
fn version(now: Timestamp) -> String {
    let now = now.to_string();
    let (date, time) = now.split_once('T').unwrap_or((&now, ""));
    let digits: String = time.chars().filter(char::is_ascii_digit).take(6).collect();
    format!("{date}-{digits}")
}

async fn up(database: &Database) -> Result<()> {
    let applied = migrations::run(database).await.map_err(explained)?;
    for name in &applied {
        println!("applied {name}");
    }
    if applied.is_empty() {
        println!("nothing to apply");
    }
    Ok(())
}

async fn down(database: &Database) -> Result<()> {
    match migrations::revert_last(database).await.map_err(explained)? {
        Some(name) => println!("reverted {name}"),
        None => println!("nothing to revert"),
    }
    Ok(())
}

async fn status(database: &Database) -> Result<()> {
    for migration in migrations::status(database).await.map_err(explained)? {
        let mark = match (migration.applied, migration.known) {
            (true, true) => 'x',
            (true, false) => '?',
            (false, _) => ' ',
        };
        println!("[{mark}] {}", migration.name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, parse_name, version};

    #[test]
    fn the_version_of_a_migration_is_its_second() {
        let moment = Timestamp::from_unix_microseconds(1_795_229_803_123_456).unwrap();
        assert_eq!(version(moment), "2026-11-21-025643");
    }

    #[test]
    fn a_name_is_lower_case_with_underscores() {
        assert!(parse_name("add_tiers_2").is_ok());
        for bad in ["", "Add", "add tiers", "../add", "add-tiers"] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
    }
}
