//! What went wrong with a request, as handlers and extractors say it.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use denizen_domain::{BadRequest, Error, Unauthenticated, Violation, Violations};

/// The error of a handler. The envelope is made around it on the way out, where the request is known.
#[derive(Debug, Clone)]
pub(crate) enum ApiError {
    /// What happened, in the directory's words.
    Domain(Arc<Error>),
    /// The body is larger than the server takes.
    PayloadTooLarge {
        /// The most bytes that it takes.
        limit: usize,
    },
    /// The body is announced as something that the operation does not read.
    UnsupportedMediaType,
    /// The idempotency key is not to be had for this request.
    Idempotency {
        /// The key.
        key: String,
        /// Why not.
        misuse: Misuse,
    },
}

/// The result of a handler.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// Whether this is what went wrong.
    pub(crate) fn is(&self, reason: Unauthenticated) -> bool {
        match self {
            Self::Domain(error) => matches!(**error, Error::Unauthenticated(other) if other == reason),
            _ => false,
        }
    }

    /// Whether the caller has no part in it.
    pub(crate) fn is_fault(&self) -> bool {
        matches!(self, Self::Domain(error) if matches!(**error, Error::Unavailable(_) | Error::Internal(_)))
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

/// Why an idempotency key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misuse {
    /// The caller has sent it with another request.
    OtherRequest,
    /// The caller has sent it with another credential, which alone opens the answer.
    OtherCredential,
    /// The request that it came with is under way.
    InUse,
}

/// The error of one broken parameter.
pub(crate) fn invalid(parameter: &str, violation: Violation) -> Error {
    Error::BadRequest(BadRequest::InvalidParameters(Violations::of(parameter, violation)))
}
