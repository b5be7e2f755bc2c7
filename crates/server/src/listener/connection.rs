//! Serves one connection from beginning to end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::activity::{Activity, TrackedBody};
use super::stream::ClientStream;
use super::{Answers, Phase};

/// How often silent HTTP/2 clients are pinged to see if they are alive.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(30);

/// Shared state of a listener's connections.
pub(super) struct Connections {
    http: auto::Builder<TokioExecutor>,
    answers: Answers,
    idle_timeout: Duration,
    busy_timeout: Duration,
}

impl Connections {
    /// Creates connections with these responses. A client has `header_timeout` for the head of each request. A client
    /// that does not read its response is dropped after being stuck longer than a request may take.
    pub(super) fn new(answers: Answers, header_timeout: Duration, request_timeout: Duration) -> Self {
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout);
        http.http2().timer(TokioTimer::new()).keep_alive_interval(HTTP2_PING_INTERVAL);
        Self { http, answers, idle_timeout: header_timeout, busy_timeout: header_timeout + request_timeout }
    }

    /// Limits each connection to one request.
    pub(super) fn single_request(mut self) -> Self {
        self.http.http1().keep_alive(false);
        self
    }

    /// Serves one connection until the client, a time-out or the listener ends it.
    ///
    /// From [`Phase::Draining`] on, HTTP/1 responses announce that they are the last. From [`Phase::Closing`] on, idle
    /// connections close and busy ones finish. A connection that is quiet too long is first shut down gracefully, then
    /// cut if it stays quiet.
    pub(super) async fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        mut phases: watch::Receiver<Phase>,
    ) {
        let activity = Activity::new();
        let client = Arc::new(Client {
            peer,
            answers: self.answers.clone(),
            activity: Arc::clone(&activity),
            phases: phases.clone(),
        });
        let service = service_fn(move |request| Arc::clone(&client).answer(request));
        let stream = TokioIo::new(ClientStream::new(stream));
        let mut connection = pin!(self.http.serve_connection(stream, service));
        let (mut awaited, mut asked_to_end) = (Phase::Closing, false);
        loop {
            tokio::select! {
                result = connection.as_mut() => return report(peer, result),
                phase = reached(&mut phases, awaited) => match phase {
                    Phase::Ended => return,
                    _ => awaited = Phase::Ended,
                },
                () = activity.quiet(self.idle_timeout, self.busy_timeout) => {
                    if asked_to_end {
                        return;
                    }
                }
            }
            asked_to_end = true;
            activity.touch();
            connection.as_mut().graceful_shutdown();
        }
    }
}

/// Waits for a phase or a later one; a dropped listener has ended.
async fn reached(phases: &mut watch::Receiver<Phase>, awaited: Phase) -> Phase {
    phases.wait_for(|phase| *phase >= awaited).await.map_or(Phase::Ended, |phase| *phase)
}

/// Logs how a connection ended, at debug level: clients often break connections.
fn report(peer: SocketAddr, result: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = result {
        tracing::debug!(%peer, error, "a connection ended early");
    }
}

/// The peer of one connection, and the responses to its requests.
struct Client {
    peer: SocketAddr,
    answers: Answers,
    activity: Arc<Activity>,
    phases: watch::Receiver<Phase>,
}

impl Client {
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<TrackedBody>, Infallible> {
        let in_progress = self.activity.begin();
        let version = request.version();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let request = denizen_api::without_trailing_slash(request);
        let mut response = self.answers.current().oneshot(request).await?;
        if version < Version::HTTP_2 && *self.phases.borrow() > Phase::Serving {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| TrackedBody::new(body, in_progress)))
    }
}
