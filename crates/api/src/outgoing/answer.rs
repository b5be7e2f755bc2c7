//! What another system answers.

use std::time::Duration;

use axum::body::HttpBody;
use axum::http::HeaderMap;
use axum::http::header::RETRY_AFTER;
use chrono::DateTime;
use http_body_util::BodyExt as _;

use super::failure::FailureReason;

/// The longest wait that an answer can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// What came of a request.
#[derive(Debug)]
pub(crate) struct OutgoingAnswer {
    /// What happened.
    pub(crate) outcome: OutgoingOutcome,
    /// How long it took.
    pub(crate) duration: Duration,
}

/// What happened to a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OutgoingOutcome {
    /// The other system answered, whether with success or not.
    Answered {
        /// The status code. 3xx is not followed.
        status: u16,
        /// The headers.
        headers: HeaderMap,
        /// How long the other system asks to wait before the next request; at most a day.
        retry_after: Option<Duration>,
        /// The body as it was sent, or its beginning.
        body: Vec<u8>,
        /// Whether the body is whole: not longer than the maximum, and not cut by the limit of time or the end of the
        /// connection.
        is_complete: bool,
    },
    /// There was no answer.
    Failed(FailureReason),
}

/// Reads how long an answer asks to wait: seconds, or an HTTP date, which is compared with the time of the request in
/// seconds since 1970.
pub(super) fn retry_after(headers: &HeaderMap, sent_at: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = if let Ok(seconds) = text.parse() {
        seconds
    } else {
        let date = DateTime::parse_from_rfc2822(text).ok()?;
        u64::try_from(date.timestamp().saturating_sub(sent_at)).unwrap_or(0)
    };
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

/// Reads a body up to a maximum, and returns whether that is all of it. Dropping the rest closes the connection, unless the
/// rest has arrived already.
pub(super) async fn read_beginning(
    mut body: impl HttpBody<Data: AsRef<[u8]>> + Unpin,
    maximum: usize,
    beginning: &mut Vec<u8>,
) -> bool {
    while !body.is_end_stream() {
        match body.frame().await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => {
                let data = frame.data_ref().map(AsRef::as_ref).unwrap_or_default();
                let room = maximum - beginning.len();
                beginning.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    return false;
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_long_to_wait() {
        let now = DateTime::parse_from_rfc3339("2015-10-21T07:28:00Z").unwrap().timestamp();
        for (text, seconds) in [
            ("120", Some(120)),
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("Wed, 21 Oct 2015 07:30:00 GMT", Some(120)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("Wed, 21 Oct 2065 07:00:00 GMT", Some(86_400)),
            ("18446744073709551615", Some(86_400)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
