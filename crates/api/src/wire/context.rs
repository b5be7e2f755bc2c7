//! What is known of a request besides its content.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use denizen_domain::{AccountNumber, Actor, Error, Origin, Source, WorkspaceId};

use super::contract::Contract;
use super::error::ApiError;
use super::rate_count::Count;

/// The header that names a request, in and out.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header that names the account behind a request of the Flowdock contract.
pub(crate) const FLOWDOCK_USER: HeaderName = HeaderName::from_static("flowdock-user");

/// What is known of a request beside its content.
#[derive(Debug)]
pub(crate) struct RequestContext {
    /// The client's `x-request-id`, or a new one.
    pub(crate) id: String,
    /// The API that it speaks.
    pub(crate) contract: Contract,
    /// Where the server is, as the client sees it: `http://host:port`.
    pub(crate) base_url: String,
    /// Where the request comes from.
    pub(crate) client_address: IpAddr,
    /// Whose credential it carried, once that is known.
    pub(crate) caller: OnceLock<CallerName>,
    /// The number of the account whose credential it was, where it was an account's.
    pub(crate) account_number: OnceLock<AccountNumber>,
    /// The pattern of the path that it matched, once that is known.
    pub(crate) route: OnceLock<String>,
    /// What was wrong, where the caller is not told.
    pub(crate) cause: OnceLock<String>,
    /// What counting it for a rate limit has come to, where it was counted.
    pub(crate) count: OnceLock<Count>,
}

/// A caller as the log names it.
#[derive(Debug)]
pub(crate) struct CallerName {
    /// The workspace, where there is one.
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// Who it is.
    pub(crate) name: String,
}

impl RequestContext {
    /// Notes who is calling, and in which workspace, where it is in one.
    pub(crate) fn set_caller(&self, workspace_id: Option<WorkspaceId>, name: String) {
        self.caller.get_or_init(|| CallerName { workspace_id, name });
    }

    /// Notes which account is calling.
    pub(crate) fn set_account_number(&self, number: AccountNumber) {
        self.account_number.get_or_init(|| number);
    }

    /// Notes what was wrong, for the log.
    pub(crate) fn set_cause(&self, cause: &str) {
        if !cause.is_empty() {
            self.cause.get_or_init(|| cause.to_owned());
        }
    }

    /// Where a change comes from that this request makes.
    pub(crate) fn origin(&self, source: &Source, actor: Actor) -> Origin {
        Origin {
            source: source.clone(),
            actor,
            acting_for: None,
            request_id: Some(self.id.clone()),
            address: Some(self.client_address),
        }
    }

    /// A request of which nothing more is known yet.
    pub(crate) fn new(id: String, contract: Contract, base_url: String, client_address: IpAddr) -> Self {
        Self {
            id,
            contract,
            base_url,
            client_address,
            caller: OnceLock::new(),
            account_number: OnceLock::new(),
            route: OnceLock::new(),
            cause: OnceLock::new(),
            count: OnceLock::new(),
        }
    }
}

/// The context, for handlers.
#[derive(Debug, Clone)]
pub(crate) struct Context(pub(crate) Arc<RequestContext>);

impl Context {
    /// The context of a request. Every request has one.
    pub(crate) fn of(parts: &Parts) -> Result<Self, Error> {
        let missing = || Error::Internal("a handler runs outside of a request".to_owned());
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(parts)?)
    }
}
