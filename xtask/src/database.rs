//! The `denizen` program as a tool: what its databases look like, and their migrations.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::command;

/// A table as it is in the database.
#[derive(Debug, Deserialize)]
pub(crate) struct TableDescription {
    /// Its name.
    pub(crate) name: String,
    /// Its columns, in their order.
    pub(crate) columns: Vec<ColumnDescription>,
    /// The columns of its primary key, in their order.
    pub(crate) primary_key: Vec<String>,
}

/// A column as it is in the database.
#[derive(Debug, Deserialize)]
pub(crate) struct ColumnDescription {
    /// Its name.
    pub(crate) name: String,
    /// Its type in the database's own words, such as `timestamptz` or `INTEGER`.
    pub(crate) sql_type: String,
    /// Whether it may be null.
    pub(crate) nullable: bool,
}

/// A migrated database.
#[derive(Debug, Deserialize)]
pub(crate) struct Schema {
    /// The version of the database server or library.
    pub(crate) version: String,
    /// Its tables.
    pub(crate) tables: Vec<TableDescription>,
}

/// The `denizen` of this workspace.
#[derive(Debug)]
pub(crate) struct Denizen(PathBuf);

impl Denizen {
    /// Builds it, with the features and the profile that everything else is built with.
    pub(crate) fn build() -> Result<Self> {
        command::run(command::cargo().args(["build", "--locked", "--workspace", "--bins"]))?;
        Self::built()
    }

    /// The one that was built before.
    pub(crate) fn built() -> Result<Self> {
        Ok(Self(command::target()?.join("debug").join("denizen")))
    }

    /// Runs it, and returns what it prints.
    pub(crate) fn output(&self, arguments: &[&str]) -> Result<String> {
        command::output(Command::new(&self.0).args(arguments))
    }

    /// Runs it, with its output as our own.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<()> {
        command::run(Command::new(&self.0).args(arguments))
    }

    /// Migrates an empty database, and describes what it then holds.
    pub(crate) fn schema_of(&self, url: &str) -> Result<Schema> {
        self.output(&["migrate", "--json", "--database-url", url])?;
        let schema = self.output(&["schema", "--database-url", url])?;
        serde_json::from_str(&schema).context("cannot read what `denizen schema` prints")
    }

    /// Migrates an empty database of SQLite's in a temporary folder, and describes what it then holds.
    pub(crate) fn schema_of_sqlite(&self) -> Result<Schema> {
        let folder = tempfile::tempdir()?;
        self.schema_of(&format!("sqlite://{}", folder.path().join("schema.db").display()))
    }
}
