//! Converts database errors into the domain's.

use denizen_domain::{Conflict, Error, Result};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Converts a statement's error into the domain's, and adds the operation for the log.
pub(crate) trait OrError<T> {
    fn or_error(self, doing: &'static str) -> Result<T>;
}

impl<T> OrError<T> for Result<T, DieselError> {
    fn or_error(self, doing: &'static str) -> Result<T> {
        self.map_err(|error| from_diesel(&error, doing))
    }
}

fn from_diesel(error: &DieselError, doing: &str) -> Error {
    let context = format!("{doing}: {error}");
    match error {
        // Functions check names before they store them, so a violation is a race with another request.
        DieselError::DatabaseError(
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::SerializationFailure,
            _,
        ) => Error::Conflict(Conflict::ConcurrentChange),
        DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _,
        ) => Error::Unavailable(context),
        DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => Error::ReadOnly(context),
        DieselError::DatabaseError(_, information) => of_message(information.message(), context),
        // Rolling back fails after a commit that SQLite has undone by itself.
        DieselError::RollbackErrorOnCommit { commit_error, .. } => from_diesel(commit_error, doing),
        _ => Error::Internal(context),
    }
}

/// Tells further errors apart by the database's words: diesel has no variant for them, and does not pass on the code.
fn of_message(message: &str, context: String) -> Error {
    let says = |known: &[&str]| known.iter().any(|part| message.contains(part));
    if says(&DEADLOCK) {
        Error::Conflict(Conflict::ConcurrentChange)
    } else if says(&NO_CHANGES) {
        Error::ReadOnly(context)
    } else if says(&OUTAGE) {
        Error::Unavailable(context)
    } else {
        Error::Internal(context)
    }
}

const DEADLOCK: [&str; 1] = ["deadlock detected"];

/// The disk is full, or the database read-only.
const NO_CHANGES: [&str; 8] = [
    // SQLite
    "database or disk is full",
    "attempt to write a readonly database",
    // PostgreSQL
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "read-only transaction",
    "during recovery",
    "database is not accepting commands",
];

/// The database is overloaded, starting or stopping, or the machine has run out of something.
const OUTAGE: [&str; 17] = [
    // SQLite
    "database is locked",
    "disk I/O error",
    "unable to open database file",
    // PostgreSQL
    "statement timeout",
    "too many clients",
    "too many connections",
    "connection slots are reserved",
    "connection closed",
    "terminating connection",
    "the database system is",
    "conflict with recovery",
    "out of shared memory",
    "could not resize shared memory segment",
    "could not fork",
    "Input/output error",
    // Both
    "out of memory",
    "Too many open files",
];

/// Returns the error for a stored value that does not parse.
pub(crate) fn broken_row(
    table: &str,
    column: &str,
    id: impl std::fmt::Display,
    problem: impl std::fmt::Display,
) -> Error {
    Error::Internal(format!("{table}.{column} of {id} does not parse: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_are_no_faults_of_the_server() {
        let kind_of = |message: &str| match of_message(message, String::new()) {
            Error::ReadOnly(_) => "read-only",
            Error::Unavailable(_) => "unavailable",
            Error::Conflict(_) => "conflict",
            _ => "internal",
        };
        for (message, kind) in [
            ("database or disk is full", "read-only"),
            ("attempt to write a readonly database", "read-only"),
            ("could not extend file \"base/16384/16397\": No space left on device", "read-only"),
            (
                "could not write to file \"base/pgsql_tmp/pgsql_tmp99.0\": No space left on device",
                "read-only",
            ),
            ("cannot execute INSERT in a read-only transaction", "read-only"),
            ("cannot execute UPDATE during recovery", "read-only"),
            ("could not extend file \"base/1/2\": Disk quota exceeded", "read-only"),
            (
                "database is not accepting commands to avoid wraparound data loss in database \"users\"",
                "read-only",
            ),
            ("disk I/O error", "unavailable"),
            ("unable to open database file", "unavailable"),
            ("out of memory", "unavailable"),
            ("sorry, too many clients already", "unavailable"),
            ("too many connections for role \"denizen\"", "unavailable"),
            ("remaining connection slots are reserved for roles with the SUPERUSER attribute", "unavailable"),
            ("could not open file \"base/1/2\": Too many open files in system", "unavailable"),
            ("the database system is shutting down", "unavailable"),
            ("canceling statement due to conflict with recovery", "unavailable"),
            ("canceling statement due to statement timeout", "unavailable"),
            ("deadlock detected", "conflict"),
            ("column \"a\" does not exist", "internal"),
            ("database disk image is malformed", "internal"),
        ] {
            assert_eq!(kind_of(message), kind, "{message}");
        }
    }
}
