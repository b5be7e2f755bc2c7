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

/// How long SQLite waits for another process that writes.
pub(crate) const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 5000";

/// Sets up a connection to SQLite:
///
/// * `busy_timeout`: waits for other processes that write. It comes first, because changing the journal mode already needs
///   an exclusive lock.
/// * `journal_mode = WAL`: readers continue beside the one writer.
/// * `synchronous`: when a write is complete.
/// * `foreign_keys`: enforces them.
/// * `cache_size`, in KiB: the memory of a connection for pages of the file, used as needed. Writing invalidates the pages
///   of readers, not the writer's own, which needs the inner pages of all indexes.
/// * `wal_autocheckpoint`, in pages of 4 KiB: copies the log into the database every 16 MiB instead of 4, because a page
///   that changes often is copied once each time. `journal_size_limit`, in bytes: a log that grew longer is cut to as
///   much.
/// * `query_only`: readers change nothing.
///
/// The file is not mapped into memory (`mmap_size`): a disk error would end the process instead of failing a statement.
pub(crate) fn sqlite(synchronous: SqliteSynchronous, writes: bool) -> String {
    let synchronous = match synchronous {
        SqliteSynchronous::Full => "FULL",
        SqliteSynchronous::Normal => "NORMAL",
    };
    let (cache_kibibytes, query_only) = if writes { (65_536, "OFF") } else { (16_384, "ON") };
    format!(
        "{BUSY_TIMEOUT}; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; \
         PRAGMA cache_size = -{cache_kibibytes}; PRAGMA wal_autocheckpoint = 4000; \
         PRAGMA journal_size_limit = 16777216; PRAGMA query_only = {query_only}"
    )
}
