//! Rate limits in requests per second, for callers and for addresses of unknown callers.
//!
//! Known callers count for themselves: a key, an account, or an external user with an access token. All other requests
//! count for their address: without a credential, with an invalid one, or for operations that need none. Each request
//! counts once. Health and metrics never count, so that monitoring is never refused.
//!
//! Each server counts for itself, in memory. A caller's state is dropped within seconds of its last request.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use denizen_domain::{AccountId, ApiKeyId, Clock, Error, ExternalUserId, Timestamp};
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter, clock};
use utoipa::openapi::OpenApi;

use super::operations::Operations;
use crate::access::client_address;
use crate::options::RequestLimits;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiError;
use crate::wire::rate_count::Count;

/// How many requesters are kept before idle ones are removed.
const FEW: usize = 1_024;

/// Requesters that share a count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Requester {
    /// A key.
    Key(ApiKeyId),
    /// An account, with any credential.
    Account(AccountId),
    /// An external user with an access token.
    ExternalUser(ExternalUserId),
    /// An address, as [`client_address::counted_as`] returns it.
    Address(String),
}

impl Requester {
    /// Returns the limit's name in headers and metrics.
    fn policy(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Account(_) => "account",
            Self::ExternalUser(_) => "user",
            Self::Address(_) => "address",
        }
    }
}

/// The request counters of this server.
#[derive(Debug)]
pub(crate) struct RateLimits {
    defaults: RequestLimits,
    clock: SteadyClock,
    /// One counter per limit: those of the settings and those of workspaces.
    counters: RwLock<HashMap<NonZeroU32, Arc<Counter>>>,
}

impl RateLimits {
    /// Creates empty counters.
    pub(crate) fn new(defaults: RequestLimits, clock: Arc<dyn Clock>) -> Self {
        Self { defaults, clock: SteadyClock::new(clock), counters: RwLock::default() }
    }

    /// Counts a request of a known caller, with the limit of its workspace if set. Fails with [`Error::RateLimited`].
    pub(crate) fn count_caller(
        &self,
        context: &RequestContext,
        caller: &Requester,
        own_limit: Option<u32>,
    ) -> Result<(), Error> {
        self.count(context, caller, own_limit.unwrap_or(self.defaults.per_caller))
    }

    /// Counts a request for its address. Fails with [`Error::RateLimited`].
    pub(crate) fn count_address(&self, context: &RequestContext) -> Result<(), Error> {
        let address = Requester::Address(client_address::counted_as(context.client_address));
        self.count(context, &address, self.defaults.per_address)
    }

    /// Removes requesters whose idle time has restored their full limit.
    pub(crate) fn forget_idle(&self) {
        let mut counters = self.counters.write().unwrap_or_else(PoisonError::into_inner);
        counters.retain(|_, counter| {
            counter.forget_idle();
            counter.requesters.shrink_to_fit();
            !counter.requesters.is_empty()
        });
    }

    /// Counts a request, but only once.
    fn count(&self, context: &RequestContext, requester: &Requester, limit: u32) -> Result<(), Error> {
        let Some(limit) = NonZeroU32::new(limit) else { return Ok(()) };
        context.count.get_or_init(|| self.counter(limit).count(requester)).verdict()
    }

    fn counter(&self, limit: NonZeroU32) -> Arc<Counter> {
        if let Some(counter) = self.counters.read().unwrap_or_else(PoisonError::into_inner).get(&limit) {
            return Arc::clone(counter);
        }
        let mut counters = self.counters.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(counters.entry(limit).or_insert_with(|| Arc::new(Counter::new(limit, self.clock.clone()))))
    }
}

/// Counts requests of all requesters with the same limit.
#[derive(Debug)]
struct Counter {
    limit: NonZeroU32,
    requesters: RateLimiter<Requester, HashMapStateStore<Requester>, SteadyClock, StateInformationMiddleware>,
    /// Number of requesters that triggers removal of idle ones.
    many: AtomicUsize,
}

impl Counter {
    fn new(limit: NonZeroU32, clock: SteadyClock) -> Self {
        let requesters = RateLimiter::hashmap_with_clock(Quota::per_second(limit), clock).with_middleware();
        Self { limit, requesters, many: AtomicUsize::new(FEW) }
    }

    fn count(&self, requester: &Requester) -> Count {
        let policy = requester.policy();
        let outcome = self.requesters.check_key(requester);
        self.keep_few();
        match outcome {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Count { policy, limit: self.limit, remaining, wait: None }
            }
            Err(refusal) => {
                metrics::counter!("denizen_rate_limited_total", "policy" => policy).increment(1);
                let wait = refusal.wait_time_from(self.requesters.clock().now());
                Count { policy, limit: self.limit, remaining: 0, wait: Some(wait) }
            }
        }
    }

    /// Strangers can use any number of addresses. Whenever the number of requesters doubles, idle ones are removed, so
    /// that memory use follows the requests of about one second.
    fn keep_few(&self) {
        let many = self.many.load(Ordering::Relaxed);
        // Only the thread that swaps the mark cleans up; the others go on.
        let is_first =
            || self.many.compare_exchange(many, usize::MAX, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if self.requesters.len() >= many && is_first() {
            self.forget_idle();
        }
    }

    fn forget_idle(&self) {
        self.requesters.retain_recent();
        self.many.store((2 * self.requesters.len()).max(FEW), Ordering::Relaxed);
    }
}

/// The directory's clock, made monotonic. When the clock is set back, time stands still for a moment; otherwise callers
/// at their limit would wait until the clock catches up.
#[derive(Debug, Clone)]
struct SteadyClock {
    clock: Arc<dyn Clock>,
    reading: Arc<Mutex<Reading>>,
}

/// The last clock value and the time passed until then.
#[derive(Debug)]
struct Reading {
    shown: Timestamp,
    passed: Duration,
}

impl SteadyClock {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let reading = Reading { shown: clock.now(), passed: Duration::ZERO };
        Self { clock, reading: Arc::new(Mutex::new(reading)) }
    }
}

impl clock::Clock for SteadyClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = self.clock.now();
        reading.passed = reading.passed.saturating_add(shown.since(reading.shown));
        reading.shown = shown;
        reading.passed
    }
}

/// Operations that require a credential and count their callers themselves.
#[derive(Debug, Clone)]
pub(crate) struct SecuredOperations(Operations);

impl SecuredOperations {
    /// Selects the operations that require a credential.
    pub(crate) fn of(document: &OpenApi) -> Self {
        Self(Operations::of(document, |_, operation| {
            operation.security.as_ref().is_some_and(|security| !security.is_empty())
        }))
    }
}

impl Deref for SecuredOperations {
    type Target = Operations;

    fn deref(&self) -> &Operations {
        &self.0
    }
}

/// Returns whether this path never counts.
pub(crate) fn is_free(path: &str) -> bool {
    matches!(path, "/health/live" | "/health/ready" | "/healthcheck" | "/metrics")
}

/// Counts requests that need no credential for their address: to public operations, pages, and unknown paths and
/// methods.
pub(crate) fn count_open(
    limits: &RateLimits,
    secured: &SecuredOperations,
    request: &Request,
) -> Result<(), ApiError> {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if !is_free(path) && !secured.contain(request.method(), path) {
        let context = request.extensions().get::<Context>().map(|Context(context)| context);
        context.map_or(Ok(()), |context| limits.count_address(context))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use denizen_domain::ManualClock;

    use super::*;

    fn limit(limit: u32) -> NonZeroU32 {
        NonZeroU32::new(limit).unwrap()
    }

    fn moment(microseconds: i64) -> Timestamp {
        Timestamp::from_unix_microseconds(microseconds).unwrap()
    }

    fn address(number: usize) -> Requester {
        Requester::Address(number.to_string())
    }

    #[test]
    fn a_used_up_limit_refills_gradually() {
        let clock = Arc::new(ManualClock::at(moment(0)));
        let counter = Counter::new(limit(4), SteadyClock::new(clock.clone()));
        let count = || counter.count(&address(1));
        assert_eq!([(); 4].map(|()| count().remaining), [3, 2, 1, 0]);
        assert_eq!(count().wait, Some(Duration::from_millis(250)));
        assert!(counter.count(&address(2)).verdict().is_ok());
        clock.advance(Duration::from_millis(249));
        assert!(matches!(
            count().verdict(),
            Err(Error::RateLimited { limit: 4, window, retry_after })
                if window == Duration::from_secs(1) && retry_after == Duration::from_millis(1)
        ));
        clock.advance(Duration::from_millis(1));
        assert!(count().verdict().is_ok());
        assert!(count().verdict().is_err());
        clock.advance(Duration::from_hours(1));
        assert_eq!(count().remaining, 3);
    }

    #[test]
    fn forgets_idle_requesters() {
        let clock = Arc::new(ManualClock::at(moment(0)));
        let defaults = RequestLimits { per_caller: 1, per_address: 1 };
        let limits = RateLimits::new(defaults, clock.clone());
        let counter = limits.counter(limit(1));
        for number in 0..10 * FEW {
            counter.count(&address(number));
            clock.advance(Duration::from_millis(10));
        }
        assert!(counter.requesters.len() <= FEW, "{}", counter.requesters.len());
        assert!(counter.count(&address(10 * FEW - 1)).wait.is_some(), "an active requester is kept");
        clock.advance(Duration::from_secs(2));
        limits.forget_idle();
        assert!(limits.counters.read().unwrap().is_empty());
    }

    #[test]
    fn setting_the_clock_back_blocks_nobody() {
        #[derive(Debug)]
        struct SettableClock(AtomicI64);

        impl Clock for SettableClock {
            fn now(&self) -> Timestamp {
                moment(self.0.load(Ordering::SeqCst))
            }
        }

        let clock = Arc::new(SettableClock(AtomicI64::new(7_200_000_000)));
        let counter = Counter::new(limit(1), SteadyClock::new(clock.clone()));
        assert!(counter.count(&address(1)).wait.is_none());
        clock.0.store(0, Ordering::SeqCst);
        assert!(counter.count(&address(1)).wait.is_some());
        clock.0.store(1_000_000, Ordering::SeqCst);
        assert!(counter.count(&address(1)).wait.is_none());
    }
}
