//! The one error type: what happened, in the caller's words, with a context for the log.

use std::fmt;

use crate::{Scope, Violations};

/// The result of whatever the directory does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. Everything but [`Internal`](Error::Internal) and [`Unavailable`](Error::Unavailable) is the
/// caller's to mend and safe to show.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of a body break their rules.
    #[error("{0}")]
    Invalid(Violations),
    /// The request cannot be understood: not JSON, a parameter of the wrong form, a broken cursor.
    #[error("{0}")]
    BadRequest(BadRequest),
    /// No valid credential.
    #[error("{0}")]
    Unauthenticated(Unauthenticated),
    /// The caller is known and may not.
    #[error("{0}")]
    Forbidden(Forbidden),
    /// There is no such object in the caller's workspace.
    #[error("{resource} not found.")]
    NotFound {
        /// What was looked for.
        resource: Resource,
        /// How it was named, where that says anything.
        id: Option<String>,
    },
    /// The request contradicts what is there.
    #[error("{0}")]
    Conflict(Conflict),
    /// The server cannot answer now and may later: the database is out of reach or too slow.
    #[error("The service is temporarily unavailable.")]
    Unavailable(String),
    /// A fault of the server.
    #[error("Something went wrong on the server.")]
    Internal(String),
}

impl Error {
    /// Nothing with this id.
    pub fn not_found(resource: Resource, id: impl fmt::Display) -> Self {
        Self::NotFound { resource, id: Some(id.to_string()) }
    }

    /// What the log should hold beyond the message; empty for errors of the caller.
    pub fn context(&self) -> &str {
        match self {
            Self::Unavailable(context) | Self::Internal(context) => context,
            _ => "",
        }
    }
}

/// What can be looked for and not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// An external user.
    ExternalUser,
    /// A group of external users.
    ExternalUserGroup,
    /// A tier.
    Tier,
    /// A channel.
    Channel,
    /// A workspace.
    Workspace,
    /// An API key.
    ApiKey,
    /// A path that the server does not know.
    Path,
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ExternalUser => "External user",
            Self::ExternalUserGroup => "External user group",
            Self::Tier => "Tier",
            Self::Channel => "Channel",
            Self::Workspace => "Workspace",
            Self::ApiKey => "API key",
            Self::Path => "Path",
        })
    }
}

/// Why a request cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadRequest {
    /// The body is not JSON, or not of the JSON type that is asked for. Holds what the reader said.
    InvalidJson(String),
    /// Parameters of the query, a header or the path break their rules; never empty.
    InvalidParameters(Violations),
    /// The request contradicts itself; never empty.
    Contradiction(Violations),
}

impl BadRequest {
    /// The broken fields, where the error is about fields.
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

/// Why a credential is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// There is no key where one is expected.
    #[error("An API key must be sent, as x-api-key or Authorization.")]
    NoKey,
    /// One or both halves of a key are missing.
    #[error("Both x-notiflows-api-key and x-notiflows-secret-key must be sent.")]
    NoKeyPair,
    /// `Authorization` has a scheme that is not known.
    #[error("Authorization must hold an API key, alone or after Bearer.")]
    UnknownScheme,
    /// The credential cannot be one.
    #[error("The credential holds characters that no credential has.")]
    Unreadable,
    /// No key in force has this secret, or not together with this public half.
    #[error("The API key is unknown, expired or revoked.")]
    UnknownKey,
    /// The access token is not genuine, has ended, or its user is blocked or gone.
    #[error("The access token is invalid, expired or revoked.")]
    VoidToken,
}

/// Why a known caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The credential lacks a scope.
    #[error("The credential lacks the scope {0}.")]
    MissingScope(Scope),
    /// The external user is blocked.
    #[error("The external user is blocked.")]
    Blocked,
}

/// What a request contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another external user of the channel has this external id.
    #[error("An external user with this external id already exists in this channel.")]
    ExternalIdTaken,
    /// Another external user of the channel has this identifier, whatever its case.
    #[error("An external user with this identifier already exists in this channel.")]
    IdentifierTaken,
    /// The channel was removed and takes no new users.
    #[error("The channel is removed and takes no new external users.")]
    ChannelRemoved,
    /// The default channel cannot be removed.
    #[error("The default channel cannot be removed.")]
    DefaultChannel,
    /// The workspace has as many channels as it may.
    #[error("The workspace has as many channels as it may have.")]
    TooManyChannels,
    /// Another workspace has this slug.
    #[error("A workspace with this slug already exists.")]
    SlugTaken,
    /// Somebody else changed the same object at the same time; the request can be sent again.
    #[error("The object was changed by another request at the same time. Send the request again.")]
    ConcurrentChange,
}

impl Conflict {
    /// The kind, for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::ExternalIdTaken | Self::IdentifierTaken | Self::SlugTaken => "taken",
            Self::ChannelRemoved => "channel_removed",
            Self::DefaultChannel => "default_channel",
            Self::TooManyChannels => "limit_reached",
            Self::ConcurrentChange => "concurrent_change",
        }
    }

    /// The field that the conflict is about, where there is one.
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::ExternalIdTaken => Some("external_id"),
            Self::IdentifierTaken => Some("identifier"),
            Self::ChannelRemoved => Some("channel_id"),
            Self::SlugTaken => Some("slug"),
            Self::DefaultChannel | Self::TooManyChannels | Self::ConcurrentChange => None,
        }
    }
}
