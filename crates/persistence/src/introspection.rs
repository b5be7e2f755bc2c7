//! Queries about the database itself: its version, time, size and tables.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Error, Result, Timestamp};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::RunQueryDsl;

use crate::connection::{Backend, Database, DbConnection, OrError as _, on_backend};

/// A table in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDescription {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<ColumnDescription>,
    /// The columns of its primary key, in order.
    pub primary_key: Vec<String>,
}

/// A column in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDescription {
    /// Its name.
    pub name: String,
    /// Its type as the database names it, such as `timestamptz` or `INTEGER`.
    pub sql_type: String,
    /// Whether it is nullable.
    pub nullable: bool,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    sql_type: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = BigInt)]
    key_position: i64,
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct TruthRow {
    #[diesel(sql_type = Bool)]
    value: bool,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// Returns the tables by name, except the one that records migrations.
#[boxed]
pub async fn describe(database: &Database) -> Result<Vec<TableDescription>> {
    let connection = &mut database.read().await?;
    let query = diesel::sql_query(match connection.backend() {
        Backend::Postgres => POSTGRES_COLUMNS,
        Backend::Sqlite => SQLITE_COLUMNS,
    });
    let rows = on_backend!(connection, |conn| query.load::<ColumnRow>(conn).await)
        .or_error("describe the tables")?;
    Ok(tables_of(rows))
}

/// Returns whether a table exists.
#[boxed]
pub async fn has_table(connection: &mut DbConnection, name: &str) -> Result<bool> {
    let query = diesel::sql_query(match connection.backend() {
        Backend::Postgres => "SELECT to_regclass($1) IS NOT NULL AS value",
        Backend::Sqlite => {
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?) AS value"
        }
    });
    let query = query.bind::<Text, _>(name);
    let row = on_backend!(connection, |conn| query.get_result::<TruthRow>(conn).await);
    Ok(row.or_error("look for a table")?.value)
}

/// Returns the version of the database server or library, such as `15.18`.
#[boxed]
pub async fn version(connection: &mut DbConnection) -> Result<String> {
    let query = diesel::sql_query(match connection.backend() {
        Backend::Postgres => "SELECT current_setting('server_version') AS value",
        Backend::Sqlite => "SELECT sqlite_version() AS value",
    });
    let row = on_backend!(connection, |conn| query.get_result::<TextRow>(conn).await);
    Ok(row.or_error("ask for the version of the database")?.value)
}

/// Returns the version of TLS that encrypts the connection, such as `TLSv1.3`; `None` if it is in plain text, or in this
/// process.
#[boxed]
pub async fn encryption(connection: &mut DbConnection) -> Result<Option<String>> {
    let query = diesel::sql_query(match connection.backend() {
        Backend::Postgres => "SELECT version AS value FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl",
        Backend::Sqlite => "SELECT '' AS value WHERE false",
    });
    let row = on_backend!(connection, |conn| query.get_result::<TextRow>(conn).await.optional());
    Ok(row.or_error("ask whether the connection is encrypted")?.map(|row| row.value))
}

/// Returns the time of the database server. For SQLite, this is the local time.
#[boxed]
pub async fn time(connection: &mut DbConnection) -> Result<Timestamp> {
    let query = diesel::sql_query(match connection.backend() {
        Backend::Postgres => "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS value",
        Backend::Sqlite => "SELECT CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER) AS value",
    });
    let row = on_backend!(connection, |conn| query.get_result::<NumberRow>(conn).await);
    let microseconds = row.or_error("ask the database for its time")?.value;
    Timestamp::from_unix_microseconds(microseconds)
        .ok_or_else(|| Error::Internal("the time of the database is out of range".to_owned()))
}

/// Returns the size of the database on disk, in bytes.
#[boxed]
pub async fn size(connection: &mut DbConnection) -> Result<i64> {
    let query = diesel::sql_query(match connection.backend() {
        Backend::Postgres => "SELECT pg_database_size(current_database()) AS value",
        Backend::Sqlite => {
            "SELECT page_count * page_size AS value FROM pragma_page_count(), pragma_page_size()"
        }
    });
    let row = on_backend!(connection, |conn| query.get_result::<NumberRow>(conn).await);
    Ok(row.or_error("ask for the size of the database")?.value)
}

/// Fails unless the database responds.
#[boxed]
pub async fn ping(connection: &mut DbConnection) -> Result<()> {
    let query = diesel::sql_query("SELECT 1");
    on_backend!(connection, |conn| query.execute(conn).await).or_error("ask the database for anything")?;
    Ok(())
}

/// Fails with [`Error::ReadOnly`] if the database accepts no changes, as a standby of PostgreSQL does. Writes nothing.
#[boxed]
pub async fn require_writable(connection: &mut DbConnection) -> Result<()> {
    let query = diesel::sql_query(match connection.backend() {
        Backend::Postgres => "SELECT current_setting('transaction_read_only') = 'on' AS value",
        // Only a write tells.
        Backend::Sqlite => "SELECT FALSE AS value",
    });
    let row = on_backend!(connection, |conn| query.get_result::<TruthRow>(conn).await);
    if row.or_error("ask whether the database is read-only")?.value {
        return Err(Error::ReadOnly("the database is read-only".to_owned()));
    }
    Ok(())
}

const POSTGRES_COLUMNS: &str = "
    SELECT c.table_name::text, c.column_name::text, c.udt_name::text AS sql_type, c.is_nullable = 'YES' AS nullable,
           coalesce(k.ordinal_position, 0)::bigint AS key_position
    FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    LEFT JOIN information_schema.table_constraints p
        ON p.table_schema = c.table_schema AND p.table_name = c.table_name AND p.constraint_type = 'PRIMARY KEY'
    LEFT JOIN information_schema.key_column_usage k
        ON k.table_schema = p.table_schema AND k.constraint_name = p.constraint_name AND k.column_name = c.column_name
    WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name NOT LIKE '\\_\\_%'
    ORDER BY c.table_name, c.ordinal_position";

const SQLITE_COLUMNS: &str = "
    SELECT t.name AS table_name, c.name AS column_name, c.type AS sql_type, c.\"notnull\" = 0 AS nullable,
           CAST(c.pk AS INTEGER) AS key_position
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY t.name, c.cid";

fn tables_of(rows: Vec<ColumnRow>) -> Vec<TableDescription> {
    let mut tables: Vec<TableDescription> = Vec::new();
    let mut key: Vec<(i64, String)> = Vec::new();
    for row in rows {
        let ColumnRow { table_name, column_name, sql_type, nullable, key_position } = row;
        if tables.last().is_none_or(|table| table.name != table_name) {
            close(&mut tables, &mut key);
            tables.push(TableDescription { name: table_name, columns: Vec::new(), primary_key: Vec::new() });
        }
        if key_position > 0 {
            key.push((key_position, column_name.clone()));
        }
        if let Some(table) = tables.last_mut() {
            table.columns.push(ColumnDescription { name: column_name, sql_type, nullable });
        }
    }
    close(&mut tables, &mut key);
    tables
}

fn close(tables: &mut [TableDescription], key: &mut Vec<(i64, String)>) {
    key.sort();
    if let Some(table) = tables.last_mut() {
        table.primary_key = key.drain(..).map(|(_, column)| column).collect();
    }
}
