//! `cargo xtask migrate`: creates migrations, and runs them on a database.

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};

use crate::command;
use crate::database::Denizen;

/// The folders of `migrations/`, each with the same migrations for its database.
pub(crate) const FOLDERS: [(&str, &str); 2] = [("postgres", "PostgreSQL"), ("sqlite", "SQLite")];

/// Create migrations, and run them on a database
#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Create an empty migration for both databases
    New {
        /// Name in lower case with underscores: `add_tiers`
        #[arg(value_parser = parse_name)]
        name: String,
    },
    /// Run all pending migrations
    Up(Target),
    /// Revert the newest migration
    Down(Target),
    /// Revert the newest migration and run it again, with all pending ones
    Redo(Target),
    /// List the migrations: `[x]` is applied, `[ ]` is pending, `[?]` is applied but unknown to this version
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
        Migrate::Up(target) => target.migrate(&[&[]]),
        Migrate::Down(target) => target.migrate(&[&["--revert"]]),
        Migrate::Redo(target) => target.migrate(&[&["--revert"], &[]]),
        Migrate::Status(target) => target.migrate(&[&["--status"]]),
    }
}

impl Target {
    /// Runs `denizen migrate` on the database, once with each of these options.
    fn migrate(&self, runs: &[&[&str]]) -> Result<()> {
        let denizen = Denizen::build()?;
        for options in runs {
            denizen.run(&[&["migrate", "--database-url", self.database_url.as_str()], *options].concat())?;
        }
        Ok(())
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
    let migration = format!("{}_{name}", version());
    for (folder, database) in FOLDERS {
        let path = command::root().join("migrations").join(folder).join(&migration);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
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

/// Returns the version for a new migration, such as `2026-11-21-025643`.
#[expect(clippy::disallowed_methods, reason = "a migration is named after the moment its author made it")]
fn version() -> String {
    chrono::Utc::now().format("%Y-%m-%d-%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::parse_name;

    #[test]
    fn requires_lower_case_names_with_underscores() {
        assert!(parse_name("add_tiers_2").is_ok());
        for bad in ["", "Add", "add tiers", "../add", "add-tiers"] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
    }
}
