//! Metadata of a request.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{Extensions, HeaderName, HeaderValue};
use denizen_domain::{AccountNumber, Actor, Error, Origin, Source, Violations, WorkspaceId};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::contract::{Contract, lists_errors};
use super::error::ApiError;
use super::rate_count::Count;

/// The request id header, of requests and responses.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The response header with the account of a Flowdock request.
pub(crate) const FLOWDOCK_USER: HeaderName = HeaderName::from_static("flowdock-user");

/// The response header with the fields of a body that were ignored.
pub(crate) const IGNORED_FIELDS: HeaderName = HeaderName::from_static("x-ignored-fields");

/// The length from which [`IGNORED_FIELDS`] names no further field, in bytes.
const MAXIMUM_IGNORED_FIELDS: usize = 1024;

/// What stands encoded in [`IGNORED_FIELDS`].
const NOT_IN_NAMES: &AsciiSet = &CONTROLS.add(b' ').add(b',').add(b'%').add(b'"');

/// Metadata of a request.
#[derive(Debug)]
pub(crate) struct RequestContext {
    /// The client's `x-request-id`, or a new one.
    pub(crate) id: String,
    /// The contract of the request.
    pub(crate) contract: Contract,
    /// Whether errors stand in a list beside the envelope, too.
    pub(crate) lists_errors: bool,
    base: Base,
    base_url: OnceLock<String>,
    /// The client's address.
    pub(crate) client_address: IpAddr,
    /// The holder of the credential, once known.
    pub(crate) caller: OnceLock<CallerName>,
    /// The account number of the caller, if it is an account.
    pub(crate) account_number: OnceLock<AccountNumber>,
    /// The matched route pattern, once known.
    pub(crate) route: OnceLock<MatchedPath>,
    /// The error's cause, hidden from the caller.
    pub(crate) cause: OnceLock<String>,
    /// The result of counting for a rate limit, if counted.
    pub(crate) count: OnceLock<Count>,
    /// The names of the body's fields that were ignored.
    ignored_fields: OnceLock<Vec<String>>,
}

/// What a client calls the server.
#[derive(Debug)]
pub(crate) enum Base {
    /// The public URL that the operator set, without a slash at the end.
    Public(Arc<str>),
    /// The host that the request names, and whether it is asked by HTTPS.
    Named {
        /// The header `Host`.
        host: Option<HeaderValue>,
        /// The authority of the URL, if the request has a whole one.
        authority: Option<Authority>,
        /// Whether a trusted proxy reports HTTPS.
        is_secured: bool,
    },
}

impl fmt::Display for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, authority, is_secured) = match self {
            Self::Public(url) => return formatter.write_str(url),
            Self::Named { host, authority, is_secured } => (host, authority, is_secured),
        };
        // Links must not use an invalid host, or one with user info.
        let host = host.as_ref().and_then(|host| Authority::try_from(host.as_bytes()).ok());
        let host = host.as_ref().or(authority.as_ref()).map(Authority::as_str);
        let host = host.filter(|host| !host.contains('@')).unwrap_or("localhost");
        write!(formatter, "{}://{host}", if *is_secured { "https" } else { "http" })
    }
}

/// A caller's name for the log.
#[derive(Debug)]
pub(crate) struct CallerName {
    /// The workspace, if any.
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// Who it is.
    pub(crate) holder: Actor,
}

impl RequestContext {
    /// Records the caller and its workspace, if any.
    pub(crate) fn set_caller(&self, workspace_id: Option<WorkspaceId>, holder: Actor) {
        self.caller.get_or_init(|| CallerName { workspace_id, holder });
    }

    /// Records the caller's account number.
    pub(crate) fn set_account_number(&self, number: AccountNumber) {
        self.account_number.get_or_init(|| number);
    }

    /// Records the error's cause for the log.
    pub(crate) fn set_cause(&self, cause: &str) {
        if !cause.is_empty() {
            self.cause.get_or_init(|| cause.to_owned());
        }
    }

    /// Returns the violations of unknown fields if the contract refuses these. Otherwise notes that they are ignored.
    pub(crate) fn refused(&self, unknown: Violations) -> Violations {
        if !self.contract.ignores_unknown_fields() || unknown.is_empty() {
            return unknown;
        }
        let names = unknown.fields().iter().map(|field| field.field.clone());
        self.ignored_fields.get_or_init(|| names.collect());
        Violations::new()
    }

    /// Returns the header that names the ignored fields, if there are any: percent-encoded, with commas between them.
    pub(crate) fn ignored_fields(&self) -> Option<HeaderValue> {
        let mut header = String::new();
        for name in self.ignored_fields.get()? {
            let separator = if header.is_empty() { "" } else { ", " };
            let name = utf8_percent_encode(name, NOT_IN_NAMES);
            if header.len() < MAXIMUM_IGNORED_FIELDS {
                header.extend([separator, &name.to_string()]);
            }
        }
        HeaderValue::from_str(&header).ok()
    }

    /// Returns the origin of this request's changes.
    pub(crate) fn origin(&self, source: &Source, actor: Actor) -> Origin {
        Origin {
            source: source.clone(),
            actor,
            acting_for: None,
            request_id: Some(self.id.clone()),
            address: Some(self.client_address),
            operator: None,
        }
    }

    /// Returns the server's base URL as the client sees it: `http://host:port`.
    pub(crate) fn base_url(&self) -> &str {
        self.base_url.get_or_init(|| self.base.to_string())
    }

    /// Creates a context, with nothing else known yet.
    pub(crate) fn new(id: String, parts: &Parts, base: Base, client_address: IpAddr) -> Self {
        Self {
            id,
            contract: Contract::of(parts),
            lists_errors: lists_errors(parts.uri.path()),
            base,
            base_url: OnceLock::new(),
            client_address,
            caller: OnceLock::new(),
            account_number: OnceLock::new(),
            route: OnceLock::new(),
            cause: OnceLock::new(),
            count: OnceLock::new(),
            ignored_fields: OnceLock::new(),
        }
    }
}

/// Extracts the context.
#[derive(Debug, Clone)]
pub(crate) struct Context(pub(crate) Arc<RequestContext>);

impl Context {
    /// Returns the request's context. Every request has one.
    pub(crate) fn of(parts: &Parts) -> Result<Self, Error> {
        Self::in_extensions(&parts.extensions)
    }

    /// Like [`of`](Self::of), from the request's extensions.
    pub(crate) fn in_extensions(extensions: &Extensions) -> Result<Self, Error> {
        let missing = || Error::Internal("a handler runs outside a request".to_owned());
        extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(parts)?)
    }
}
