//! How a request stands with its rate limit, and the headers that say so.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use denizen_domain::Error;

/// The header that says how many more requests may come at once.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The header that says how many requests there may be within what time.
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What all limits count in, in seconds.
const WINDOW: u64 = 1;

/// What counting a request has come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    /// The name of the limit.
    pub(crate) policy: &'static str,
    /// How many requests a second there may be.
    pub(crate) limit: NonZeroU32,
    /// How many more requests may come at once.
    pub(crate) remaining: u32,
    /// How long it is until the next one may come, where this one was too many.
    pub(crate) wait: Option<Duration>,
}

impl Count {
    /// Fails with [`Error::RateLimited`] where the request was too many.
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

    /// Says it in the headers of the answer, in the words of draft-ietf-httpapi-ratelimit-headers-11. The window is as short
    /// as seconds can tell, so that what is left is always for the whole of it.
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
    fn headers_are_lists_of_the_draft() {
        let mut headers = HeaderMap::new();
        let limit = NonZeroU32::new(100).unwrap();
        Count { policy: "address", limit, remaining: 7, wait: None }.add_to(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"address\";q=100;w=1");
        assert_eq!(headers["ratelimit"], "\"address\";r=7;t=1");
    }
}
