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
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::ReadOnlyTransaction
            | DatabaseErrorKind::UnableToSendCommand,
            _,
        ) => Error::Unavailable(context),
        DieselError::DatabaseError(_, information) if is_deadlock(information.message()) => {
            Error::Conflict(Conflict::ConcurrentChange)
        }
        DieselError::DatabaseError(_, information) if is_overload(information.message()) => {
            Error::Unavailable(context)
        }
        _ => Error::Internal(context),
    }
}

/// diesel has no variant for these, and does not pass on the driver's code.
fn is_deadlock(message: &str) -> bool {
    message.contains("deadlock detected")
}

fn is_overload(message: &str) -> bool {
    let known = [
        "statement timeout",
        "database is locked",
        "too many clients",
        "connection slots are reserved",
        "connection closed",
        "terminating connection",
        "the database system is",
        "conflict with recovery",
    ];
    known.iter().any(|part| message.contains(part))
}

/// Returns the error for a stored value that does not parse.
pub(crate) fn broken_row(
    table: &str,
    column: &str,
    id: impl std::fmt::Display,
    problem: impl std::fmt::Display,
) -> Error {
    Error::Internal(format!("{table}.{column} of {id} does not parse: {problem}"))
}
