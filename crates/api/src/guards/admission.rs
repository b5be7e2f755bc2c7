//! Identifies the caller of a request once, and counts the request against a rate limit.

use std::sync::Arc;

use axum::http::request::Parts;

use super::rate_limits::{RateLimits, Requester};
use crate::access::Access;
use crate::access::identity::Identity;
use crate::wire::context::RequestContext;
use crate::wire::error::ApiError;

/// What admitting a request takes. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Admission {
    /// Finds the holder of a credential.
    pub(crate) access: Access,
    /// Counts requests.
    pub(crate) rate_limits: Arc<RateLimits>,
}

/// The outcome of identifying the caller, stored with the request.
#[derive(Clone)]
struct Known(Result<Identity, ApiError>);

impl Admission {
    /// Identifies the caller of a request by its credential, and counts the request. Fails without a credential in force, and
    /// where the caller has made too many requests.
    pub(crate) async fn identify(
        &self,
        parts: &Parts,
        context: &RequestContext,
    ) -> Result<Identity, ApiError> {
        if let Some(Known(known)) = parts.extensions.get() {
            return known.clone();
        }
        match Identity::find(&self.access, parts, context).await {
            Ok((identity, own_limit)) => {
                identity.note(context);
                self.rate_limits.count_caller(context, &requester(&identity), own_limit)?;
                Ok(identity)
            }
            Err(error) => {
                if !error.is_fault() {
                    self.rate_limits.count_address(context)?;
                }
                Err(error)
            }
        }
    }

    /// Does the same and stores the outcome with the request, so that no credential is looked up, no password hashed and no
    /// request counted twice.
    pub(crate) async fn settle(
        &self,
        parts: &mut Parts,
        context: &RequestContext,
    ) -> Result<Identity, ApiError> {
        let identity = self.identify(parts, context).await;
        parts.extensions.insert(Known(identity.clone()));
        identity
    }
}

/// Whose limit a caller's requests count against.
fn requester(identity: &Identity) -> Requester {
    match identity {
        Identity::Key(holder) => Requester::Key(holder.key_id),
        Identity::ExternalUser(user) => Requester::ExternalUser(user.id),
        Identity::Account(signed_in) => Requester::Account(signed_in.account.id),
        Identity::Person(person) => Requester::Account(person.account.id),
    }
}
