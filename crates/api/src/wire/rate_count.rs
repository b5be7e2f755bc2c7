//! A request's rate-limit count and the headers that report it.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use denizen_domain::Error;

/// The header with the number of requests that remain.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The header with the limit and its time window.
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The window of all limits, in seconds.
const WINDOW: u64 = 1;

/// The result of counting a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    /// The name of the limit.
    pub(crate) policy: &'static str,
    /// Requests allowed per second.
    pub(crate) limit: NonZeroU32,
    /// Requests that remain now.
    pub(crate) remaining: u32,
    /// Time until the next request is allowed, if this one was too many.
    pub(crate) wait: Option<Duration>,
}

impl Count {
    /// Fails with [`Error::RateLimited`] if the request was too many.
    pub(crate) fn verdict(&self) -> Result<(), Error> {
        match self.wait {
            None => Ok(()),
            Some(retry_after) => Err(Error::RateLimited {
                limit: self.limit.get(),
                window: Duration::from_secs(WINDOW),
                retry_after,
            }),
        }
    }

    /// Adds the headers of draft-ietf-httpapi-ratelimit-headers-11. The window is one second, the shortest that the
    /// format allows, so that the remainder always covers all of it.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        let Self { policy, limit, remaining, .. } = self;
        let texts = [
            (RATE_LIMIT_POLICY, format!("\"{policy}\";q={limit};w={WINDOW}")),
            (RATE_LIMIT, format!("\"{policy}\";r={remaining};t={WINDOW}")),
        ];
        for (name, text) in texts {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_follow_the_draft() {
        let mut headers = HeaderMap::new();
        let limit = NonZeroU32::new(100).unwrap();
        Count { policy: "address", limit, remaining: 7, wait: None }.add_to(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"address\";q=100;w=1");
        assert_eq!(headers["ratelimit"], "\"address\";r=7;t=1");
    }
}
