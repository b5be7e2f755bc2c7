//! Writes all users to a file, with the columns that Flowra's list shows: `psql` from PostgreSQL, a loop from SQLite.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tokio::process::Command;

use super::shape::WHOLE_COLUMNS;

/// What was copied, and how long that took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Copied {
    pub(crate) users: u32,
    pub(crate) time: Duration,
}

impl Copied {
    /// Users a second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.users) / self.time.as_secs_f64()
    }
}

/// The users of the first workspace.
const OF_WORKSPACE: &str =
    "FROM external_users WHERE workspace_id = (SELECT workspace_id FROM external_users LIMIT 1)";

/// Copies from PostgreSQL.
pub(crate) async fn postgres(url: &str, file: &Path) -> Result<Copied> {
    psql_copy(url, &format!("(SELECT {WHOLE_COLUMNS} {OF_WORKSPACE}) TO '{}'", file.display())).await
}

/// Runs `\copy` in `psql`.
pub(super) async fn psql_copy(url: &str, what: &str) -> Result<Copied> {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", &format!("\\copy {what}"), url]);
    let started = Instant::now();
    let output = psql.stdin(Stdio::null()).kill_on_drop(true).output().await.context("cannot run psql")?;
    let time = started.elapsed();
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "psql failed: {printed}{complaint}");
    let users = printed.lines().find_map(|line| line.strip_prefix("COPY ")?.trim().parse().ok());
    Ok(Copied { users: users.with_context(|| format!("psql copied nothing: {printed}{complaint}"))?, time })
}

/// Copies from SQLite.
pub(crate) fn sqlite(database: &Path, file: &Path) -> Result<Copied> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let started = Instant::now();
    let connection = Connection::open_with_flags(database, flags)?;
    let mut select = connection.prepare(&format!("SELECT {WHOLE_COLUMNS} {OF_WORKSPACE}"))?;
    let columns = select.column_count();
    let mut output = BufWriter::new(File::create(file)?);
    let (mut rows, mut users) = (select.query([])?, 0);
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Null => {}
                ValueRef::Integer(number) => write!(output, "{number}")?,
                ValueRef::Real(number) => write!(output, "{number}")?,
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => output.write_all(bytes)?,
            }
            output.write_all(b"\t")?;
        }
        output.write_all(b"\n")?;
        users += 1;
    }
    output.flush()?;
    Ok(Copied { users, time: started.elapsed() })
}
