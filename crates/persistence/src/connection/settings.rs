//! What is said to a new connection before it is used.

use std::time::Duration;

/// When SQLite counts a write as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SqliteSynchronous {
    /// Once it is on the disk: an answered write survives a power cut.
    #[default]
    Full,
    /// Once the operating system has it: faster, and a power cut may take the last writes back.
    Normal,
}

/// PostgreSQL: no statement runs longer than this, times are exchanged in UTC, and an index gives the whole order of a list
/// or none of it. Every list has an index with its whole order, workspace first; one with the times of all workspaces gives
/// a part of it, and the planner would walk through everybody's rows for the few of one.
pub(crate) fn postgres(statement_timeout: Duration) -> String {
    let milliseconds = statement_timeout.as_millis();
    format!("SET statement_timeout = {milliseconds}; SET TIME ZONE 'UTC'; SET enable_incremental_sort = off")
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
