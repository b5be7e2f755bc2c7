//! Sends webhooks to endpoints.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::outgoing::{FailureReason, OutgoingAnswer, OutgoingClient, OutgoingOutcome, OutgoingRequest};

/// Maximum time of an attempt, from the look-up of the host to the beginning of the answer's body.
const LIMIT: Duration = Duration::from_secs(15);

/// How much of an answer's body is read, in bytes.
const MAXIMUM_BODY: usize = 1_024;

/// A message to an endpoint, with the headers of Standard Webhooks.
#[derive(Clone)]
pub(crate) struct Message<'a> {
    /// The endpoint's URL, as [`check_url`](crate::outgoing::check_url) returns it.
    pub(crate) url: &'a str,
    /// Value of `webhook-id`: the same for all attempts.
    pub(crate) id: &'a str,
    /// Value of `webhook-timestamp`: the time of this attempt, in seconds since 1970.
    pub(crate) sent_at: i64,
    /// Value of `webhook-signature`.
    pub(crate) signatures: &'a str,
    /// The JSON that the signatures are of.
    pub(crate) body: Bytes,
}

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

/// Sends a message once, within 15 seconds. A status that arrives in time counts, even if the body does not.
pub(crate) async fn post(client: &OutgoingClient, message: &Message<'_>) -> Answer {
    let Some(headers) = headers_of(message) else {
        return Answer { outcome: Outcome::Failed(FailureReason::InvalidRequest), duration: Duration::ZERO };
    };
    let request = OutgoingRequest {
        method: Method::POST,
        url: message.url,
        headers,
        body: message.body.clone(),
        sent_at: message.sent_at,
        limit: LIMIT,
        maximum_body: MAXIMUM_BODY,
    };
    let OutgoingAnswer { outcome, duration } = client.send(request).await;
    Answer { outcome: noted(outcome), duration }
}

fn noted(outcome: OutgoingOutcome) -> Outcome {
    match outcome {
        OutgoingOutcome::Answered { status, retry_after, body, .. } => {
            Outcome::Answered { status, retry_after, body: text_of(&body) }
        }
        OutgoingOutcome::Failed(reason) => Outcome::Failed(reason),
    }
}

fn headers_of(message: &Message<'_>) -> Option<HeaderMap> {
    Some(HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("webhook-id"), message.id.parse().ok()?),
        (HeaderName::from_static("webhook-timestamp"), message.sent_at.into()),
        (HeaderName::from_static("webhook-signature"), message.signatures.parse().ok()?),
    ]))
}

/// Returns the beginning of a body as text.
fn text_of(beginning: &[u8]) -> String {
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
    use ipnet::IpNet;

    use super::*;
    use crate::outgoing::test_endpoint::TestEndpoint;

    async fn post_to(endpoint: &TestEndpoint) -> Outcome {
        let this_machine: IpNet = "127.0.0.0/8".parse().unwrap();
        let client = OutgoingClient::new(&[this_machine]).unwrap();
        let url = endpoint.url("http", "127.0.0.1");
        let body = Bytes::from_static(br#"{"test":1}"#);
        let message =
            Message { url: &url, id: "msg_1", sent_at: 1_445_412_480, signatures: "v1,one v1,two", body };
        post(&client, &message).await.outcome
    }

    #[tokio::test]
    async fn a_message_arrives_with_its_headers() {
        let endpoint = TestEndpoint::answering("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine");
        let outcome = post_to(&endpoint).await;
        assert_eq!(outcome, Outcome::Answered { status: 200, retry_after: None, body: "fine".to_owned() });
        let request = endpoint.requests.recv().unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, r#"{"test":1}"#);
        let mut lines: Vec<_> = head.lines().collect();
        assert_eq!(lines.remove(0), "POST /hooks?a=b HTTP/1.1");
        lines.sort_unstable();
        let expected = [
            "content-length: 10".to_owned(),
            "content-type: application/json".to_owned(),
            format!("host: {}", endpoint.address),
            format!("user-agent: Denizen/{}", env!("CARGO_PKG_VERSION")),
            "webhook-id: msg_1".to_owned(),
            "webhook-signature: v1,one v1,two".to_owned(),
            "webhook-timestamp: 1445412480".to_owned(),
        ];
        assert_eq!(lines, expected);
    }

    #[tokio::test]
    async fn an_endpoint_can_ask_to_wait() {
        for (text, seconds) in [("90", 90), ("Wed, 21 Oct 2015 07:30:00 GMT", 120)] {
            let answer = format!("HTTP/1.1 503 Busy\r\nretry-after: {text}\r\ncontent-length: 0\r\n\r\n");
            let outcome = post_to(&TestEndpoint::answering(answer)).await;
            let retry_after = Some(Duration::from_secs(seconds));
            assert_eq!(outcome, Outcome::Answered { status: 503, retry_after, body: String::new() });
        }
    }

    #[tokio::test]
    async fn the_beginning_of_a_long_answer_is_kept() {
        let answer = format!("HTTP/1.1 500 Sorry\r\ncontent-length: 9000\r\n\r\n{}", "a".repeat(9_000));
        let outcome = post_to(&TestEndpoint::answering(answer)).await;
        let body = "a".repeat(1_024);
        assert_eq!(outcome, Outcome::Answered { status: 500, retry_after: None, body });
    }

    #[test]
    fn an_attempt_may_take_15_seconds() {
        assert_eq!(FailureReason::TimedOut(LIMIT).to_string(), "no answer within 15 s");
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
