//! What is wrong with the form of a request.

use std::fmt;

use crate::primitives::Violations;

/// Why a request is malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadRequest {
    /// The body is not JSON, not of the expected JSON type, or cannot be read as JSON. Contains the parser's message.
    InvalidJson(String),
    /// Parameters of the query, the headers or the path break their rules; never empty.
    InvalidParameters(Violations),
    /// The request contradicts itself; never empty.
    Contradiction(Violations),
}

impl BadRequest {
    /// Returns the broken fields, if the error is about fields.
    pub fn violations(&self) -> Option<&Violations> {
        match self {
            Self::InvalidJson(_) => None,
            Self::InvalidParameters(violations) | Self::Contradiction(violations) => Some(violations),
        }
    }
}

impl fmt::Display for BadRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidJson(message) => formatter.write_str(message),
            Self::InvalidParameters(violations) | Self::Contradiction(violations) => {
                violations.fmt(formatter)
            }
        }
    }
}
