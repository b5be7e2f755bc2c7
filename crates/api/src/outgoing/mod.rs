//! Sends requests to other systems, whose URLs may be chosen to reach what only this machine can: connections lead to
//! public addresses alone, or to networks that the operator has opened.

mod answer;
#[cfg(test)]
mod client_tests;
mod connector;
mod failure;
mod header;
mod network;
#[cfg(test)]
pub(crate) mod test_endpoint;
mod url;

use std::time::Duration;

use ::url::Url;
use axum::body::{Body, Bytes};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderValue, Method, Request};
use denizen_domain::Result;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ipnet::IpNet;
use rustls::RootCertStore;
use tokio::time::{Instant, timeout_at};

pub(crate) use self::answer::{OutgoingAnswer, OutgoingOutcome};
use self::connector::{Connector, LookUp};
pub(crate) use self::failure::FailureReason;
pub(crate) use self::header::check_header;
use self::network::Networks;
pub(crate) use self::url::check_url;

/// How long connecting takes at most, from the look-up of the host to the end of the TLS handshake.
const CONNECTING: Duration = Duration::from_secs(15);

/// How long a connection is kept for further requests to the same host.
const IDLE: Duration = Duration::from_secs(30);

/// How many such connections are kept for each host.
const IDLE_PER_HOST: usize = 2;

/// Maximum size of an answer's headers, and of what is read at once of its body, in bytes.
const BUFFER: usize = 16 * 1024;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("Denizen/", env!("CARGO_PKG_VERSION")));

/// A request to another system.
pub(crate) struct OutgoingRequest<'a> {
    /// The method. CONNECT is refused.
    pub(crate) method: Method,
    /// The URL, as [`check_url`] returns it.
    pub(crate) url: &'a str,
    /// The headers, as [`check_header`] returns them. Without a `User-Agent`, the server's own is sent.
    pub(crate) headers: HeaderMap,
    /// The body; empty if there is none.
    pub(crate) body: Bytes,
    /// The time of the request in seconds since 1970, with which a date in `Retry-After` is compared.
    pub(crate) sent_at: i64,
    /// Maximum time, from the look-up of the host to the end of what is read of the answer's body.
    pub(crate) limit: Duration,
    /// How much of the answer's body is read, in bytes.
    pub(crate) maximum_body: usize,
}

/// Sends requests. Follows no redirects, uses no proxy, and keeps no cookies. Clones share the connections.
#[derive(Clone)]
pub(crate) struct OutgoingClient(Client<Connector, Body>);

impl OutgoingClient {
    /// Creates a client that also connects to these networks, although they are not public, and without TLS. On a machine
    /// without certificate authorities, every https request fails.
    pub(crate) fn new(opened: &[IpNet]) -> Result<Self> {
        Self::with(opened, &connector::system_look_up(), connector::system_authorities(), CONNECTING)
    }

    fn with(
        opened: &[IpNet],
        look_up: &LookUp,
        authorities: RootCertStore,
        connecting: Duration,
    ) -> Result<Self> {
        let connector = Connector::new(&Networks::new(opened), look_up, authorities, connecting)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_max_buf_size(BUFFER)
            .build(connector);
        Ok(Self(client))
    }

    /// Sends a request once. An answer whose headers arrive in time counts, even if its body does not.
    pub(crate) async fn send(&self, request: OutgoingRequest<'_>) -> OutgoingAnswer {
        let start = Instant::now();
        let outcome = self.exchange(request, start).await.unwrap_or_else(OutgoingOutcome::Failed);
        OutgoingAnswer { outcome, duration: start.elapsed() }
    }

    async fn exchange(
        &self,
        request: OutgoingRequest<'_>,
        start: Instant,
    ) -> Result<OutgoingOutcome, FailureReason> {
        let (sent_at, limit, maximum_body) = (request.sent_at, request.limit, request.maximum_body);
        let deadline = start + limit;
        let response = timeout_at(deadline, self.0.request(checked(request)?)).await;
        let response = response.map_err(|_| FailureReason::TimedOut(limit))?;
        let response = response.map_err(|error| FailureReason::of(&error))?;
        let (head, rest) = response.into_parts();
        let mut body = Vec::new();
        let read = timeout_at(deadline, answer::read_beginning(rest, maximum_body, &mut body)).await;
        Ok(OutgoingOutcome::Answered {
            status: head.status.as_u16(),
            retry_after: answer::retry_after(&head.headers, sent_at),
            headers: head.headers,
            body,
            is_complete: read.unwrap_or(false),
        })
    }
}

/// Returns the request as the client takes it. Fails if it could reach further than its URL tells.
fn checked(request: OutgoingRequest<'_>) -> Result<Request<Body>, FailureReason> {
    let OutgoingRequest { method, url, mut headers, body, .. } = request;
    if method == Method::CONNECT {
        return Err(FailureReason::Tunnel);
    }
    if let Some(name) = headers.keys().find(|name| header::is_of_the_client(name)) {
        return Err(FailureReason::ForbiddenHeader(name.clone()));
    }
    headers.entry(USER_AGENT).or_insert(AGENT);
    // Other spellings of an address become the usual one, which the connector recognizes.
    let url = Url::parse(url).map_err(|_| FailureReason::InvalidRequest)?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    if !is_plain || !matches!(url.scheme(), "http" | "https") {
        return Err(FailureReason::InvalidRequest);
    }
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = method;
    *request.uri_mut() = url.as_str().parse().map_err(|_| FailureReason::InvalidRequest)?;
    *request.headers_mut() = headers;
    Ok(request)
}
