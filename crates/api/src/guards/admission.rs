//! Identifies the caller of a request once, and counts the request for a rate limit.

use std::sync::Arc;

use axum::http::request::Parts;

use super::rate_limits::{RateLimits, Requester};
use crate::access::Access;
use crate::access::identity::Identity;
use crate::wire::context::RequestContext;
use crate::wire::error::ApiError;

/// Shared state for admitting requests. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Admission {
    /// Finds the holder of a credential.
    pub(crate) access: Access,
    /// Counts requests.
    pub(crate) rate_limits: Arc<RateLimits>,
}

/// The stored outcome of identifying the caller.
#[derive(Clone)]
struct Known(Result<Identity, ApiError>);

impl Admission {
    /// Identifies the caller by its credential and counts the request. Fails without a valid credential or if the
    /// caller made too many requests.
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

    /// Like [`identify`](Self::identify), but stores the outcome in the request, so that nothing is looked up, hashed
    /// or counted twice.
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

/// Returns whose limit the requests count for.
fn requester(identity: &Identity) -> Requester {
    match identity {
        Identity::Key(holder) => Requester::Key(holder.key_id),
        Identity::ExternalUser(user) => Requester::ExternalUser(user.id),
        Identity::Account(signed_in) => Requester::Account(signed_in.account.id),
        Identity::Person(person) => Requester::Account(person.account.id),
    }
}
