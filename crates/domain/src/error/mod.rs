//! The crate's one error type: a message for the caller, and a context for the log. Each kind of failure with details has a
//! file of its own.

mod bad_request;
mod conflict;
mod forbidden;
mod not_configured;
mod resource;
mod unauthenticated;

use std::fmt;
use std::time::Duration;

pub use self::bad_request::BadRequest;
pub use self::conflict::Conflict;
pub use self::forbidden::Forbidden;
pub use self::not_configured::NotConfigured;
pub use self::resource::Resource;
pub use self::unauthenticated::Unauthenticated;
use crate::primitives::{EventPosition, Violations};

/// The result of every fallible function of the directory.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. The caller can correct every error except [`Internal`](Error::Internal),
/// [`Unavailable`](Error::Unavailable) and [`ReadOnly`](Error::ReadOnly), and may see its message.
///
/// ```
/// use denizen_domain::{Error, Resource, Slug, Violations};
///
/// let mut violations = Violations::new();
/// let slug = violations.check("slug", Slug::parse("My Company"));
/// let error = violations.into_value(slug).unwrap_err();
/// assert_eq!(error.to_string(), "slug must consist of a to z, 0 to 9 and inner hyphens");
/// assert_eq!(Error::not_found(Resource::Tier, "gold").to_string(), "Tier not found.");
/// ```
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the body break their rules.
    #[error("{0}")]
    Invalid(Violations),
    /// The request is malformed: invalid JSON, an invalid parameter, or a broken cursor.
    #[error("{0}")]
    BadRequest(BadRequest),
    /// The request carries no valid credential.
    #[error("{0}")]
    Unauthenticated(Unauthenticated),
    /// The caller is known but lacks the right.
    #[error("{0}")]
    Forbidden(Forbidden),
    /// The caller's workspace has no such object.
    #[error("{resource} not found.")]
    NotFound {
        /// The kind of object.
        resource: Resource,
        /// The name that the request used, if it helps the caller.
        id: Option<String>,
    },
    /// The request conflicts with the current state.
    #[error("{0}")]
    Conflict(Conflict),
    /// The object has changed since the caller read it.
    #[error("The object has changed since it was read. Read it again, then retry.")]
    PreconditionFailed,
    /// The feed has no such position any more, or not yet.
    #[error(
        "The feed begins after position {begins_after} and ends at {ends_at}. Note its end with after=latest, read the \
        lists anew, then follow the feed from there."
    )]
    PositionGone {
        /// The last position that was removed. Reading may begin after it.
        begins_after: EventPosition,
        /// The last position of all.
        ends_at: EventPosition,
    },
    /// The caller sent too many requests of this kind, or too many that failed.
    #[error("Too many requests. Try again later.")]
    RateLimited {
        /// The most requests allowed.
        limit: u32,
        /// The time window that the limit applies to.
        window: Duration,
        /// How long to wait before the next request.
        retry_after: Duration,
    },
    /// The server cannot answer now: the database is unreachable or too slow. A retry may succeed.
    #[error("The service is temporarily unavailable.")]
    Unavailable(String),
    /// The database stores no changes now: its disk is full, or it is read-only. It still answers reads.
    #[error("The service cannot store changes at the moment.")]
    ReadOnly(String),
    /// The operation needs a setting that the operator has not made.
    #[error("{0}")]
    NotConfigured(NotConfigured),
    /// The server has a fault.
    #[error("Something went wrong on the server.")]
    Internal(String),
}

impl Error {
    /// Returns the error for a missing object with this id.
    pub fn not_found(resource: Resource, id: impl fmt::Display) -> Self {
        Self::NotFound { resource, id: Some(id.to_string()) }
    }

    /// Returns the details for the log; empty for errors that the caller causes.
    pub fn context(&self) -> &str {
        match self {
            Self::Unavailable(context) | Self::ReadOnly(context) | Self::Internal(context) => context,
            _ => "",
        }
    }
}

impl Violations {
    /// Returns a required value, or [`Error::Invalid`] if any field is broken. The value may be `None` only if its own
    /// violation was added.
    pub fn into_value<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) => self.into_result(value),
            None => Err(Error::Invalid(self)),
        }
    }

    /// Returns the value, or [`Error::Invalid`] if any field is broken.
    pub fn into_result<T>(self, value: T) -> Result<T, Error> {
        if self.is_empty() { Ok(value) } else { Err(Error::Invalid(self)) }
    }
}
