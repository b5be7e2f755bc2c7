//! What is said to a new connection before it is used.

use std::time::Duration;

use crate::connect::SqliteSynchronous;

/// PostgreSQL: no statement runs longer than this, and times are exchanged in UTC.
pub(crate) fn postgres(statement_timeout: Duration) -> String {
    format!("SET statement_timeout = {}; SET TIME ZONE 'UTC'", statement_timeout.as_millis())
}

/// SQLite: readers go on beside the one writer (WAL), a busy database is waited for, foreign keys hold, and an answered
/// write is on disk.
pub(crate) fn sqlite(synchronous: SqliteSynchronous, writes: bool) -> String {
    let synchronous = match synchronous {
        SqliteSynchronous::Full => "FULL",
        SqliteSynchronous::Normal => "NORMAL",
    };
    let query_only = if writes { "OFF" } else { "ON" };
    // The time-out comes first, since changing the journal mode already needs the file to itself for a moment.
    format!(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
         PRAGMA foreign_keys = ON; PRAGMA query_only = {query_only}"
    )
}
