//! Uses the `denizen` program to describe databases and run migrations.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::command;

/// A table in the database.
#[derive(Debug, Deserialize)]
pub(crate) struct TableDescription {
    /// Its name.
    pub(crate) name: String,
    /// Its columns, in order.
    pub(crate) columns: Vec<ColumnDescription>,
    /// The columns of its primary key, in order.
    pub(crate) primary_key: Vec<String>,
}

/// A column in the database.
#[derive(Debug, Deserialize)]
pub(crate) struct ColumnDescription {
    /// Its name.
    pub(crate) name: String,
    /// Its type as the database names it, such as `timestamptz` or `INTEGER`.
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

/// The workspace's `denizen` program.
#[derive(Debug)]
pub(crate) struct Denizen(PathBuf);

impl Denizen {
    /// Builds it, with the features and profile of all other builds.
    pub(crate) fn build() -> Result<Self> {
        command::run(command::cargo().args(["build", "--locked", "--workspace", "--bins"]))?;
        Self::built()
    }

    /// The program as already built.
    pub(crate) fn built() -> Result<Self> {
        Ok(Self(command::target()?.join("debug").join("denizen")))
    }

    /// Runs it and returns its output.
    pub(crate) fn output(&self, arguments: &[&str]) -> Result<String> {
        command::output(Command::new(&self.0).args(arguments))
    }

    /// Runs it with our own output.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<()> {
        command::run(Command::new(&self.0).args(arguments))
    }

    /// Migrates an empty database and describes the result.
    pub(crate) fn schema_of(&self, url: &str) -> Result<Schema> {
        self.output(&["migrate", "--json", "--database-url", url])?;
        let schema = self.output(&["schema", "--database-url", url])?;
        serde_json::from_str(&schema).context("cannot parse the output of `denizen schema`")
    }

    /// Migrates an empty SQLite database in a temporary folder and describes the result.
    pub(crate) fn schema_of_sqlite(&self) -> Result<Schema> {
        let folder = tempfile::tempdir()?;
        self.schema_of(&format!("sqlite://{}", folder.path().join("schema.db").display()))
    }
}
