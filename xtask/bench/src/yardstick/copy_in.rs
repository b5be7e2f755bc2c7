//! Stores all users again, as the server stored them: into an identical table of PostgreSQL with one `COPY`, into an
//! identical SQLite database with a loop that commits every thousand.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use tokio_postgres::{Client, NoTls};

use super::copy_out::{Copied, psql_copy};
use crate::progress;

/// Users of a transaction on SQLite.
const BULK: usize = 1_000;

/// Copies into PostgreSQL.
pub(crate) async fn postgres(url: &str, folder: &Path) -> Result<Copied> {
    let file = folder.join("users.copy");
    progress::show("PostgreSQL: copying all users into another table");
    psql_copy(
        url,
        &format!("(SELECT * FROM external_users ORDER BY created_at, id) TO '{}'", file.display()),
    )
    .await?;
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    create_copies(&client).await?;
    let copied = psql_copy(url, &format!("copies FROM '{}'", file.display())).await?;
    client.batch_execute("DROP TABLE copies").await?;
    std::fs::remove_file(file)?;
    Ok(copied)
}

/// Creates a table like that of users, with its indexes, constraints, references and settings.
async fn create_copies(client: &Client) -> Result<()> {
    client.batch_execute("CREATE TABLE copies (LIKE external_users INCLUDING ALL)").await?;
    let additions = client
        .query(
            "SELECT format('ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) \
             FROM pg_constraint WHERE conrelid = 'external_users'::regclass AND contype = 'f' \
             UNION ALL SELECT format('SET (%s)', option) FROM pg_class, unnest(reloptions) AS option \
             WHERE oid = 'external_users'::regclass",
            &[],
        )
        .await?;
    for addition in additions {
        client.batch_execute(&format!("ALTER TABLE copies {}", addition.get::<_, String>(0))).await?;
    }
    Ok(())
}

/// Copies into a SQLite database.
pub(crate) fn sqlite(database: &Path, folder: &Path) -> Result<Copied> {
    let file = folder.join("copies.db");
    progress::show("SQLite: copying all users into another database");
    let source = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let copies = create_database(&source, database, &file)?;
    let mut select = source.prepare("SELECT * FROM external_users ORDER BY rowid")?;
    let marks = vec!["?"; select.column_count()].join(", ");
    let mut insert = copies.prepare(&format!("INSERT INTO external_users VALUES ({marks})"))?;
    let (columns, mut rows) = (select.column_count(), select.query([])?);
    let mut copied = Copied { users: 0, time: Duration::ZERO };
    loop {
        let mut batch = Vec::with_capacity(BULK);
        while batch.len() < BULK
            && let Some(row) = rows.next()?
        {
            batch.push((0..columns).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>()?);
        }
        if batch.is_empty() {
            break;
        }
        let started = Instant::now();
        copies.execute_batch("BEGIN IMMEDIATE")?;
        for values in &batch {
            insert.execute(params_from_iter(values))?;
        }
        copies.execute_batch("COMMIT")?;
        copied.time += started.elapsed();
        copied.users += u32::try_from(batch.len())?;
    }
    drop(insert);
    copies.close().map_err(|(_, error)| error)?;
    std::fs::remove_file(file)?;
    Ok(copied)
}

/// Creates a database with the source's schema and what users refer to, written to as the server writes.
fn create_database(source: &Connection, from: &Path, to: &Path) -> Result<Connection> {
    let copies = Connection::open(to)?;
    copies.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; \
         PRAGMA wal_autocheckpoint = 4000; PRAGMA foreign_keys = OFF",
    )?;
    let schema = texts(
        source,
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY rowid",
    )?;
    copies.execute_batch(&schema.join(";\n"))?;
    copies.execute("ATTACH ? AS source", [from.to_string_lossy()])?;
    for table in texts(source, "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list('external_users')")? {
        copies.execute(&format!("INSERT INTO main.{table} SELECT * FROM source.{table}"), [])?;
    }
    copies.execute_batch("DETACH source; PRAGMA foreign_keys = ON; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(copies)
}

fn texts(connection: &Connection, query: &str) -> Result<Vec<String>> {
    let mut statement = connection.prepare(query)?;
    let texts = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(texts)
}
