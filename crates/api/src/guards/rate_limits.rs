//! How many requests a second a caller may make, and an address whose caller nobody knows.
//!
//! Whoever is known counts for themselves: a key, an account, an external user with an access token. Everything else counts
//! for the address that it comes from: requests without a credential or with one that is not in force, and whatever asks for
//! none. A request counts once. Health and metrics never count: whoever watches over the server is not to be told to wait.
//!
//! Each server counts for itself, in memory. What is kept of a caller goes within seconds after their last request.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use denizen_domain::{AccountId, ApiKeyId, Clock, Error, ExternalUserId, Timestamp};
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter, clock};
use utoipa::openapi::OpenApi;

use crate::access::client_address;
use crate::options::RequestLimits;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiError;
use crate::wire::rate_count::Count;

/// How many requesters are kept at least before those who are idle are looked for.
const FEW: usize = 1_024;

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Requester {
    /// A key.
    Key(ApiKeyId),
    /// An account, whatever it shows for itself.
    Account(AccountId),
    /// An external user with an access token.
    ExternalUser(ExternalUserId),
    /// An address, as [`client_address::counted_as`] has it.
    Address(String),
}

impl Requester {
    /// The name of the limit, in headers and metrics.
    fn policy(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Account(_) => "account",
            Self::ExternalUser(_) => "user",
            Self::Address(_) => "address",
        }
    }
}

/// The requests of this server, counted.
#[derive(Debug)]
pub(crate) struct RateLimits {
    defaults: RequestLimits,
    clock: SteadyClock,
    /// One counter for each limit that there is: the settings' own and those of workspaces.
    counters: RwLock<HashMap<NonZeroU32, Arc<Counter>>>,
}

impl RateLimits {
    /// Nothing is counted yet.
    pub(crate) fn new(defaults: RequestLimits, clock: Arc<dyn Clock>) -> Self {
        Self { defaults, clock: SteadyClock::new(clock), counters: RwLock::default() }
    }

    /// Counts a request of a caller who is known, with the limit of their own workspace, where it sets one. Fails with
    /// [`Error::RateLimited`].
    pub(crate) fn count_caller(
        &self,
        context: &RequestContext,
        caller: &Requester,
        own_limit: Option<u32>,
    ) -> Result<(), Error> {
        self.count(context, caller, own_limit.unwrap_or(self.defaults.per_caller))
    }

    /// Counts a request for the address that it comes from. Fails with [`Error::RateLimited`].
    pub(crate) fn count_address(&self, context: &RequestContext) -> Result<(), Error> {
        let address = Requester::Address(client_address::counted_as(context.client_address));
        self.count(context, &address, self.defaults.per_address)
    }

    /// Forgets those who have been idle long enough to be as good as new.
    pub(crate) fn forget_idle(&self) {
        let mut counters = self.counters.write().unwrap_or_else(PoisonError::into_inner);
        counters.retain(|_, counter| {
            counter.forget_idle();
            counter.requesters.shrink_to_fit();
            !counter.requesters.is_empty()
        });
    }

    /// A request that was counted is not counted again.
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

/// Counts the requests of all who have the same limit.
#[derive(Debug)]
struct Counter {
    limit: NonZeroU32,
    requesters: RateLimiter<Requester, HashMapStateStore<Requester>, SteadyClock, StateInformationMiddleware>,
    /// At how many requesters the idle ones are looked for.
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

    /// Strangers come from as many addresses as they like. Whenever there are twice as many requesters as were busy the last
    /// time, those who are idle are forgotten, so that memory goes by the requests of about a second.
    fn keep_few(&self) {
        let many = self.many.load(Ordering::Relaxed);
        // Whoever takes the mark away looks, and the others go on meanwhile.
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

/// The directory's clock as time that passes. Where it is set back, time stands still for a moment; otherwise whoever had
/// just used up their limit would have to wait for the old hour to come again.
#[derive(Debug, Clone)]
struct SteadyClock {
    clock: Arc<dyn Clock>,
    reading: Arc<Mutex<Reading>>,
}

/// What the clock showed last, and how much time had passed by then.
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

/// The operations that ask who calls, and count their callers themselves.
#[derive(Debug, Clone)]
pub(crate) struct SecuredOperations(Arc<HashSet<(Method, String)>>);

impl SecuredOperations {
    /// Those of the document that name a credential.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let operations = document.paths.paths.iter().flat_map(|(path, item)| {
            let operations = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::DELETE, &item.delete),
                (Method::PATCH, &item.patch),
            ];
            let is_secured = |security: &Vec<_>| !security.is_empty();
            operations.into_iter().filter_map(move |(method, operation)| {
                let security = operation.as_ref()?.security.as_ref();
                security.is_some_and(is_secured).then(|| (method, path.clone()))
            })
        });
        Self(Arc::new(operations.collect()))
    }

    fn contain(&self, method: &Method, path: &str) -> bool {
        // axum answers HEAD with what answers GET.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.contains(&(method.clone(), path.to_owned()))
    }
}

/// Whether nobody is ever counted at this path.
pub(crate) fn is_free(path: &str) -> bool {
    matches!(path, "/health/live" | "/health/ready" | "/metrics")
}

/// Counts what asks for no credential for the address that it comes from: operations that are open to all, pages, and paths
/// and methods that there are not.
pub(crate) async fn count_open(
    State((limits, secured)): State<(Arc<RateLimits>, SecuredOperations)>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if !is_free(path) && !secured.contain(request.method(), path) {
        let context = request.extensions().get::<Context>().map(|Context(context)| context);
        context.map_or(Ok(()), |context| limits.count_address(context))?;
    }
    Ok(next.run(request).await)
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
    fn a_limit_is_met_and_comes_back_bit_by_bit() {
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
    fn whoever_is_idle_is_forgotten() {
        let clock = Arc::new(ManualClock::at(moment(0)));
        let defaults = RequestLimits { per_caller: 1, per_address: 1 };
        let limits = RateLimits::new(defaults, clock.clone());
        let counter = limits.counter(limit(1));
        for number in 0..10 * FEW {
            counter.count(&address(number));
            clock.advance(Duration::from_millis(10));
        }
        assert!(counter.requesters.len() <= FEW, "{}", counter.requesters.len());
        assert!(counter.count(&address(10 * FEW - 1)).wait.is_some(), "whoever is busy is not forgotten");
        clock.advance(Duration::from_secs(2));
        limits.forget_idle();
        assert!(limits.counters.read().unwrap().is_empty());
    }

    #[test]
    fn nobody_waits_because_the_clock_was_set_back() {
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
