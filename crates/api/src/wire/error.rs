//! Errors of handlers and extractors.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use denizen_domain::{BadRequest, Error, Unauthenticated, Violation, Violations};

/// A handler's error. The middleware adds the envelope, since it knows the request.
#[derive(Debug, Clone)]
pub(crate) enum ApiError {
    /// An error of the directory.
    Domain(Arc<Error>),
    /// The body exceeds the maximum size.
    PayloadTooLarge {
        /// The maximum in bytes.
        limit: usize,
    },
    /// The operation does not accept the body's form.
    UnsupportedMediaType(Unsupported),
    /// The idempotency key cannot be used.
    Idempotency {
        /// The key.
        key: String,
        /// The reason.
        misuse: Misuse,
    },
}

/// The result of a handler.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// Returns whether this is the reason.
    pub(crate) fn is(&self, reason: Unauthenticated) -> bool {
        match self {
            Self::Domain(error) => matches!(**error, Error::Unauthenticated(other) if other == reason),
            _ => false,
        }
    }

    /// Whether the caller is not to blame.
    pub(crate) fn is_fault(&self) -> bool {
        let is_own = |error: &Error| matches!(error, Error::NotConfigured(_) | Error::Internal(_));
        self.is_outage() || matches!(self, Self::Domain(error) if is_own(error))
    }

    /// Whether the cause lies outside the server.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Domain(error) if matches!(**error, Error::Unavailable(_) | Error::ReadOnly(_)))
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Domain(Arc::new(error))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What about the form of a body is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unsupported {
    /// The `Content-Type`.
    Type,
    /// The charset in the `Content-Type`.
    Charset(String),
    /// The `Content-Encoding`.
    Encoding(String),
}

/// Why an idempotency key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misuse {
    /// The caller sent it with another request.
    OtherRequest,
    /// The caller sent it with another credential, which alone opens the response.
    OtherCredential,
    /// Its first request is still running.
    InUse,
}

/// An error for one invalid parameter.
pub(crate) fn invalid(parameter: &str, violation: Violation) -> Error {
    Error::BadRequest(BadRequest::InvalidParameters(Violations::of(parameter, violation)))
}
