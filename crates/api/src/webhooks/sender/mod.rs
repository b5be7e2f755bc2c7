//! Sends webhooks to endpoints of others, whose URLs may be chosen to reach what only this machine can: connections lead
//! to public addresses alone, or to networks that the operator has opened.

mod answer;
mod connector;
mod endpoint_url;
mod failure;
mod network;
#[cfg(test)]
mod sender_tests;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use denizen_domain::Result;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ipnet::IpNet;
use rustls::RootCertStore;
use tokio::time::{Instant, timeout_at};
use url::Url;

pub(crate) use self::answer::{Answer, Outcome};
use self::connector::{Connector, LookUp};
pub(crate) use self::endpoint_url::check_url;
pub(crate) use self::failure::FailureReason;
use self::network::Networks;

/// Maximum time of an attempt, from the look-up of the host to the beginning of the answer's body.
const LIMIT: Duration = Duration::from_secs(15);

/// How long a connection is kept for further messages to the same host.
const IDLE: Duration = Duration::from_secs(30);

/// How many such connections are kept for each host.
const IDLE_PER_HOST: usize = 2;

/// Maximum size of an answer's headers, and of what is read at once of its body, in bytes.
const BUFFER: usize = 16 * 1024;

const AGENT: &str = concat!("Denizen/", env!("CARGO_PKG_VERSION"));

/// A message to an endpoint, with the headers of Standard Webhooks.
#[derive(Clone)]
pub(crate) struct Message<'a> {
    /// The endpoint's URL, as [`check_url`] returns it.
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

/// Sends webhooks. Follows no redirects, uses no proxy, and keeps no cookies. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Sender(Arc<Parts>);

struct Parts {
    client: Client<Connector, Body>,
    limit: Duration,
}

impl Sender {
    /// Creates a sender that also connects to these networks, although they are not public, and without TLS. On a machine
    /// without certificate authorities, every https request fails.
    pub(crate) fn new(opened: &[IpNet]) -> Result<Self> {
        Self::with(opened, &connector::system_look_up(), connector::system_authorities(), LIMIT)
    }

    fn with(opened: &[IpNet], look_up: &LookUp, authorities: RootCertStore, limit: Duration) -> Result<Self> {
        let connector = Connector::new(&Networks::new(opened), look_up, authorities, limit)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_max_buf_size(BUFFER)
            .build(connector);
        Ok(Self(Arc::new(Parts { client, limit })))
    }

    /// Sends a message once, within 15 seconds. A status that arrives in time counts, even if the body does not.
    pub(crate) async fn post(&self, message: &Message<'_>) -> Answer {
        let start = Instant::now();
        let outcome = match self.exchange(message, start + self.0.limit).await {
            Ok(answered) => answered,
            Err(reason) => Outcome::Failed(reason),
        };
        Answer { outcome, duration: start.elapsed() }
    }

    async fn exchange(&self, message: &Message<'_>, deadline: Instant) -> Result<Outcome, FailureReason> {
        let response = timeout_at(deadline, self.0.client.request(request(message)?)).await;
        let response = response.map_err(|_| FailureReason::TimedOut(self.0.limit))?;
        let response = response.map_err(|error| FailureReason::of(&error))?;
        let (head, body) = response.into_parts();
        let mut beginning = Vec::new();
        let _in_time = timeout_at(deadline, answer::read_beginning(body, &mut beginning)).await;
        Ok(Outcome::Answered {
            status: head.status.as_u16(),
            retry_after: answer::retry_after(&head.headers, message.sent_at),
            body: answer::text_of(&beginning),
        })
    }
}

fn request(message: &Message<'_>) -> Result<Request<Body>, FailureReason> {
    // Other spellings of an address become the usual one, which the connector recognizes.
    let url = Url::parse(message.url).map_err(|_| FailureReason::InvalidRequest)?;
    Request::post(url.as_str())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, AGENT)
        .header("webhook-id", message.id)
        .header("webhook-timestamp", message.sent_at)
        .header("webhook-signature", message.signatures)
        .body(Body::from(message.body.clone()))
        .map_err(|_| FailureReason::InvalidRequest)
}
