//! Keeps SQLite's write-ahead log short.
//!
//! SQLite copies the log into the database now and then, and begins it anew once no reader uses it. Under constant
//! reading, that moment may never come by itself, and the log would grow without end. Beyond a length, the writer
//! waits for it. That takes as long as one statement, because who begins to read meanwhile needs the database only.

use std::fs;
use std::path::{Path, PathBuf};

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection as _;

use super::in_place::{AsyncSqliteConnection, letting_others_run};
use super::settings::BUSY_TIMEOUT;

/// The length beyond which the log is emptied, in bytes: a little more than the `wal_autocheckpoint` of the settings, at
/// which SQLite tries to begin it anew.
const MAXIMUM_LENGTH: u64 = 20 * 1024 * 1024;

/// Waits for readers for a tenth of a second. Only another process reads longer, such as a backup.
const SHORT_BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 100";

/// The write-ahead log of a database.
#[derive(Debug)]
pub(crate) struct WriteAheadLog {
    file: PathBuf,
    /// The length beyond which the log is emptied next.
    limit: u64,
}

impl WriteAheadLog {
    /// Returns the log of an existing database. SQLite follows links before it names the log.
    pub(crate) fn of(database: &Path) -> Self {
        let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let mut file = database.into_os_string();
        file.push("-wal");
        Self { file: file.into(), limit: MAXIMUM_LENGTH }
    }

    /// Empties the log if it is too long. If a reader prevents that, tries again when the log has grown further.
    pub(crate) async fn shorten(&mut self, connection: &mut AsyncSqliteConnection) {
        let length = self.length();
        if length <= MAXIMUM_LENGTH {
            self.limit = MAXIMUM_LENGTH;
        }
        if length <= self.limit {
            return;
        }
        let empty = |connection: &mut SqliteConnection| {
            letting_others_run(|| {
                connection.batch_execute(SHORT_BUSY_TIMEOUT)?;
                let emptied = connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)");
                connection.batch_execute(BUSY_TIMEOUT)?;
                emptied
            })
        };
        if let Err(error) = connection.spawn_blocking(empty).await {
            tracing::warn!(cause = %error, "cannot empty SQLite's write-ahead log");
        }
        self.limit = self.length() + MAXIMUM_LENGTH;
    }

    fn length(&self) -> u64 {
        fs::metadata(&self.file).map_or(0, |metadata| metadata.len())
    }
}

#[cfg(test)]
mod tests {
    use diesel::Connection as _;
    use diesel_async::SimpleAsyncConnection as _;

    use super::*;
    use crate::connection::{Database, DbConnection};

    async fn grow(connection: &mut DbConnection) {
        for _ in 0..6 {
            connection.batch_execute("INSERT INTO notes VALUES (zeroblob(5000000))").await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_log_stays_short_unless_someone_reads_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.db");
        let database = Database::connect(&crate::sqlite_url(&file)).await.unwrap();
        let connection = &mut database.write().await.unwrap();
        connection.batch_execute("CREATE TABLE notes (note BLOB) STRICT").await.unwrap();
        let log = WriteAheadLog::of(&file);
        grow(connection).await;
        assert!(log.length() <= MAXIMUM_LENGTH, "{}", log.length());

        let mut reader = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        reader.batch_execute("BEGIN; SELECT count(*) FROM notes").unwrap();
        grow(connection).await;
        assert!(log.length() > MAXIMUM_LENGTH, "{}", log.length());
        reader.batch_execute("COMMIT").unwrap();
        grow(connection).await;
        assert!(log.length() <= MAXIMUM_LENGTH, "{}", log.length());
    }
}
