//! The settings of new connections.

use std::time::Duration;

/// When SQLite considers a write complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SqliteSynchronous {
    /// When it is on disk: an acknowledged write survives a power cut.
    #[default]
    Full,
    /// When the operating system has it: faster, but a power cut may undo the last writes.
    Normal,
}

/// Limits the time of statements, exchanges times in UTC, and disables incremental sorts. Every list has an index with
/// its complete order, workspace first. With incremental sorts, the planner would scan all workspaces by an index on
/// times.
pub(crate) fn postgres(statement_timeout: Duration) -> String {
    let milliseconds = statement_timeout.as_millis();
    format!("SET statement_timeout = {milliseconds}; SET TIME ZONE 'UTC'; SET enable_incremental_sort = off")
}

/// Lets readers continue beside the one writer (WAL), waits for a busy database, enforces foreign keys, and sets when
/// a write is complete.
pub(crate) fn sqlite(synchronous: SqliteSynchronous, writes: bool) -> String {
    let synchronous = match synchronous {
        SqliteSynchronous::Full => "FULL",
        SqliteSynchronous::Normal => "NORMAL",
    };
    let query_only = if writes { "OFF" } else { "ON" };
    // The time-out comes first, because changing the journal mode already needs an exclusive lock.
    format!(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
         PRAGMA foreign_keys = ON; PRAGMA query_only = {query_only}"
    )
}
