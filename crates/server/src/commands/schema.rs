//! `denizen schema`: prints the database's tables as JSON, for `cargo xtask codegen`.

use clap::Args;
use denizen_persistence::introspection::{self, ColumnDescription, TableDescription};
use serde::Serialize;

use crate::database;
use crate::output::print;
use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// Print the tables of the database as JSON, for code generation
#[derive(Debug, Args)]
pub(crate) struct SchemaCommand {
    #[command(flatten)]
    database: DatabaseSettings,
}

/// The schema of a database.
#[derive(Serialize)]
struct Schema {
    /// The version of the database server or library.
    version: String,
    tables: Vec<Table>,
}

#[derive(Serialize)]
struct Table {
    name: String,
    columns: Vec<Column>,
    primary_key: Vec<String>,
}

#[derive(Serialize)]
struct Column {
    name: String,
    sql_type: String,
    nullable: bool,
}

impl SchemaCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let database = database::connect_existing(&self.database).await?;
        let version = introspection::version(&mut database.read().await.map_err(reason)?).await;
        let tables = introspection::describe(&database).await.map_err(reason)?;
        let tables = tables.into_iter().map(Table::from).collect();
        let schema = Schema { version: version.map_err(reason)?, tables };
        print(&(serde_json::to_string_pretty(&schema)? + "\n"))
    }
}

impl From<TableDescription> for Table {
    fn from(table: TableDescription) -> Self {
        let TableDescription { name, columns, primary_key } = table;
        Self { name, columns: columns.into_iter().map(Column::from).collect(), primary_key }
    }
}

impl From<ColumnDescription> for Column {
    fn from(column: ColumnDescription) -> Self {
        let ColumnDescription { name, sql_type, nullable } = column;
        Self { name, sql_type, nullable }
    }
}
