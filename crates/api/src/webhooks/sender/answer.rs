//! What an endpoint answers.

use std::time::Duration;

use axum::body::HttpBody;
use axum::http::HeaderMap;
use axum::http::header::RETRY_AFTER;
use chrono::DateTime;
use denizen_domain::WebhookEndpoint;
use http_body_util::BodyExt as _;

use super::failure::FailureReason;

/// How much of an answer's body is read, in bytes.
const MAXIMUM_BODY: usize = 1_024;

/// What came of sending a webhook once.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What happened.
    pub(crate) outcome: Outcome,
    /// How long it took.
    pub(crate) duration: Duration,
}

/// What happened to a webhook that was sent once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The endpoint answered, whether with success or not.
    Answered {
        /// The status code. 3xx is not followed.
        status: u16,
        /// How long the endpoint asks to wait before the next attempt; at most a day.
        retry_after: Option<Duration>,
        /// The beginning of the body: at most 1,024 bytes, without control characters.
        body: String,
    },
    /// There was no answer.
    Failed(FailureReason),
}

/// Reads how long an endpoint asks to wait: seconds, or an HTTP date, which is compared with the time of the request in
/// seconds since 1970.
pub(super) fn retry_after(headers: &HeaderMap, sent_at: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = if let Ok(seconds) = text.parse() {
        seconds
    } else {
        let date = DateTime::parse_from_rfc2822(text).ok()?;
        u64::try_from(date.timestamp().saturating_sub(sent_at)).unwrap_or(0)
    };
    Some(Duration::from_secs(seconds).min(WebhookEndpoint::LONGEST_RETRY_AFTER))
}

/// Reads the beginning of a body. Dropping the rest closes the connection, unless the rest has arrived already.
pub(super) async fn read_beginning(
    mut body: impl HttpBody<Data: AsRef<[u8]>> + Unpin,
    beginning: &mut Vec<u8>,
) {
    while beginning.len() < MAXIMUM_BODY {
        let Some(Ok(frame)) = body.frame().await else { break };
        if let Some(data) = frame.data_ref() {
            let room = MAXIMUM_BODY - beginning.len();
            beginning.extend(data.as_ref().iter().take(room));
        }
    }
}

/// Returns the beginning of a body as text.
pub(super) fn text_of(beginning: &[u8]) -> String {
    let text = String::from_utf8_lossy(beginning);
    let mut text: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    if beginning.len() == MAXIMUM_BODY {
        // What is left of a character that the limit cut through.
        text.truncate(text.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
    }
    text.truncate(text.floor_char_boundary(MAXIMUM_BODY));
    text
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

    #[test]
    fn the_text_of_a_body_has_no_control_characters_and_ends_with_a_whole_one() {
        assert_eq!(text_of(b"a\0b\x1b[31m\r\nc\xff"), "a b [31m  c\u{fffd}");
        let cut = [&[b'a'; MAXIMUM_BODY - 1][..], &"ä".as_bytes()[..1]].concat();
        assert_eq!(text_of(&cut), "a".repeat(MAXIMUM_BODY - 1));
        // Each of these bytes becomes a character of three.
        assert!(text_of(&[0xff; MAXIMUM_BODY - 1]).len() <= MAXIMUM_BODY);
    }
}
