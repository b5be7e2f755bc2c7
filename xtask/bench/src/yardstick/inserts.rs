//! The inserts that creating a user takes, and nothing else: into the same tables with the same indexes, one commit for
//! each user. `pgbench` sends them to PostgreSQL, a loop to SQLite.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tokio::process::Command;
use tokio_postgres::{NoTls, SimpleQueryMessage};
use uuid::Uuid;

/// The tables that a new user takes a row of, in the order of their references.
const TABLES: [&str; 3] = ["super_identities", "external_users", "audit_events"];

/// Returns how many users a second `pgbench` inserts with so many connections.
pub(crate) async fn postgres(url: &str, folder: &Path, connections: u32, duration: Duration) -> Result<f64> {
    let script = folder.join("inserts.sql");
    std::fs::write(&script, postgres_script(url).await?)?;
    let mut pgbench = Command::new("pgbench");
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--client", &connections.to_string()]);
    pgbench.args(["--time", &duration.as_secs().max(1).to_string(), "--file"]).arg(&script).arg(url);
    let output = pgbench.stdin(Stdio::null()).output().await.context("cannot run pgbench")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success() && !printed.contains("number of failed transactions: 1"),
        "{printed}{complaint}"
    );
    let rate = printed.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.with_context(|| format!("pgbench printed no rate: {printed}{complaint}"))
}

/// Returns how many users a second a loop inserts on one connection, each on disk before the next.
pub(crate) fn sqlite(file: &Path, duration: Duration) -> Result<f64> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
    )?;
    let rows = TABLES.iter().map(|table| template_of(&connection, table)).collect::<Result<Vec<_>>>()?;
    let (started, mut users) = (Instant::now(), 0_u32);
    while started.elapsed() < duration {
        let (user, person) = (new_id(), new_id());
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for (statement, columns) in &rows {
            let values = columns.iter().map(|(column, value)| replaced(column, value, user, person));
            connection.prepare_cached(statement)?.execute(params_from_iter(values))?;
        }
        connection.execute_batch("COMMIT")?;
        users += 1;
    }
    Ok(f64::from(users) / started.elapsed().as_secs_f64())
}

/// A column, after its table.
type Column = (&'static str, String);

/// What stands in a column of a new row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The id of the row itself.
    Own,
    /// The id of the person behind the user.
    Person,
    /// The customer's id, in whichever form.
    Name,
    /// What stands there in other rows.
    Same,
}

fn role(table: &str, column: &str) -> Role {
    match (table, column) {
        ("super_identities", "id") | ("external_users", "super_identity_id") => Role::Person,
        (_, "id") => Role::Own,
        ("super_identities" | "external_users", "external_id") | ("external_users", "username_folded") => {
            Role::Name
        }
        _ => Role::Same,
    }
}

async fn postgres_script(url: &str) -> Result<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let person = "gen_random_uuid()";
    let mut inserts = Vec::new();
    for table in TABLES {
        let filter = if table == "audit_events" { " WHERE workspace_id IS NOT NULL" } else { "" };
        let messages = client.simple_query(&format!("SELECT * FROM {table}{filter} LIMIT 1")).await?;
        let row = messages.into_iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let row = row.with_context(|| format!("{table} is empty"))?;
        let names: Vec<_> = row.columns().iter().map(|column| column.name().to_owned()).collect();
        let values = names.iter().enumerate().map(|(index, column)| match role(table, column) {
            Role::Own => "gen_random_uuid()".to_owned(),
            Role::Person if table == "super_identities" => person.to_owned(),
            Role::Person => "(SELECT id FROM person)".to_owned(),
            Role::Name => "gen_random_uuid()::text".to_owned(),
            Role::Same => row.get(index).map_or("NULL".to_owned(), literal),
        });
        let values: Vec<_> = values.collect();
        inserts.push((table, names.join(", "), values.join(", ")));
    }
    let [
        (_, person_columns, person_values),
        (_, user_columns, user_values),
        (_, event_columns, event_values),
    ] = <[_; 3]>::try_from(inserts).ok().context("three tables")?;
    let user_values = user_values.replace("(SELECT id FROM person)", ":person::uuid");
    Ok(format!(
        "BEGIN;\n\
         INSERT INTO super_identities ({person_columns}) VALUES ({person_values}) RETURNING id AS person \\gset\n\
         INSERT INTO external_users ({user_columns}) VALUES ({user_values});\n\
         INSERT INTO audit_events ({event_columns}) VALUES ({event_values});\n\
         COMMIT;\n"
    ))
}

/// Returns a literal without colons, which `pgbench` would take for variables.
fn literal(value: &str) -> String {
    format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\x3a"))
}

/// Returns the statement for a table's rows, and the values of one of them.
fn template_of(connection: &Connection, table: &'static str) -> Result<(String, Vec<(Column, Value)>)> {
    let filter = if table == "audit_events" { " WHERE workspace_id IS NOT NULL" } else { "" };
    let mut select = connection.prepare(&format!("SELECT * FROM {table}{filter} LIMIT 1"))?;
    let names: Vec<String> = select.column_names().into_iter().map(str::to_owned).collect();
    let values = select.query_row([], |row| {
        (0..names.len()).map(|index| row.get(index)).collect::<Result<Vec<Value>, _>>()
    })?;
    let marks = vec!["?"; names.len()].join(", ");
    let statement = format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(", "));
    let columns = names.into_iter().map(|name| (table, name)).zip(values).collect();
    Ok((statement, columns))
}

fn replaced((table, column): &Column, value: &Value, user: Uuid, person: Uuid) -> Value {
    match role(table, column) {
        Role::Own => Value::Blob(new_id().as_bytes().to_vec()),
        Role::Person => Value::Blob(person.as_bytes().to_vec()),
        Role::Name => Value::Text(user.to_string()),
        Role::Same => value.clone(),
    }
}

#[expect(clippy::disallowed_methods, reason = "nobody repeats a measurement with the same ids")]
fn new_id() -> Uuid {
    Uuid::new_v4()
}
