//! Accepts and limits connections, and stops without cutting accepted requests.
//!
//! This replaces axum's `serve`, which has no header time-out, no connection limit, and no drain that waits for
//! connections in the system's backlog.

mod activity;
mod connection;
mod newcomers;
mod refusals;
mod stream;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, SetOnce, watch};
use tokio::time::timeout;

use connection::Connections;
use refusals::RefusalLog;

/// How long a draining server keeps idle connections open for requests already on their way. Such requests are
/// answered, and the response announces that the connection closes.
const IDLE_GRACE: Duration = Duration::from_secs(1);

/// How long clients in the middle of the TCP handshake may finish at a stop: a round trip.
const HANDSHAKE_TIME: Duration = Duration::from_millis(100);

/// How long refusing one connection may take.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// How many connections are refused at the same time; further ones are closed without a response.
const REFUSALS: usize = 1_000;

/// How long accepting pauses if the system lacks file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The limits of a listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Maximum open connections.
    pub(crate) connections: usize,
    /// Maximum time for a request's head, and for an idle connection.
    pub(crate) header_timeout: Duration,
    /// Maximum time of a request.
    pub(crate) request_timeout: Duration,
}

/// Responds to requests: the application, and a substitute until it is set.
#[derive(Clone)]
pub(crate) struct Answers {
    /// The application.
    pub(crate) application: Arc<SetOnce<Router>>,
    /// Responds until the application is set.
    pub(crate) until_then: Router,
}

impl Answers {
    /// Responses that never change.
    pub(crate) fn always(router: Router) -> Self {
        Self { application: Arc::new(SetOnce::new()), until_then: router }
    }

    fn current(&self) -> Router {
        self.application.get().unwrap_or(&self.until_then).clone()
    }
}

/// The phases of a listener, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Normal operation.
    Serving,
    /// No new connections; each connection gets one last response.
    Draining,
    /// Idle connections close, busy ones finish.
    Closing,
    /// Time is up.
    Ended,
}

/// A bound port that is not accepting yet; connecting clients wait.
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds the port. Port 0 takes any free one.
    pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpListener::bind(address).await.map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => {
                anyhow!("--listen {address}: address in use: another program uses this port")
            }
            ErrorKind::AddrNotAvailable => {
                anyhow!("--listen {address}: address not available: this machine has no such address")
            }
            ErrorKind::PermissionDenied => {
                anyhow!("--listen {address}: permission denied: this user may not use the port")
            }
            _ => anyhow!("--listen {address}: {error}"),
        })?;
        let address = socket.local_addr().context("cannot read the address of the listening socket")?;
        Ok(Self { socket, address })
    }

    /// Returns the bound address, with the real port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts connections in the background until the result is drained or dropped. Connections above the limit get
    /// one response from `refusal` and are closed.
    pub(crate) fn start(self, answers: Answers, refusal: Router, limits: Limits) -> Listening {
        let (phase, phases) = watch::channel(Phase::Serving);
        let connections = |answers| Connections::new(answers, limits.header_timeout, limits.request_timeout);
        let acceptor = Acceptor {
            served: Arc::new(connections(answers)),
            refused: Arc::new(connections(Answers::always(refusal)).single_request()),
            places: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            refusals: Arc::new(Semaphore::new(REFUSALS)),
            refusal_log: RefusalLog::default(),
            phases,
        };
        tokio::spawn(acceptor.run(self.socket));
        Listening { phase }
    }
}

/// A served port. Dropping it cuts all connections.
pub(crate) struct Listening {
    phase: watch::Sender<Phase>,
}

impl Listening {
    /// Accepts the connections in the system's backlog, stops accepting, and waits up to `patience` until every request
    /// is answered. Then cuts the remaining ones and returns `false`.
    pub(crate) async fn drain(self, patience: Duration) -> bool {
        self.phase.send_replace(Phase::Draining);
        let grace = IDLE_GRACE.min(patience);
        if timeout(grace, self.phase.closed()).await.is_ok() {
            return true;
        }
        self.phase.send_replace(Phase::Closing);
        if timeout(patience.saturating_sub(grace), self.phase.closed()).await.is_ok() {
            return true;
        }
        self.phase.send_replace(Phase::Ended);
        false
    }
}

/// The accept loop. Every connection holds a receiver of the phases, so "no receiver" means "all done".
struct Acceptor {
    served: Arc<Connections>,
    refused: Arc<Connections>,
    places: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    refusal_log: RefusalLog,
    phases: watch::Receiver<Phase>,
}

impl Acceptor {
    async fn run(self, socket: TcpListener) {
        let mut phases = self.phases.clone();
        let draining = tokio::select! {
            never = self.admit_all(&socket) => match never {},
            changed = phases.changed() => changed.is_ok(),
        };
        if draining {
            self.admit_last(socket).await;
        }
    }

    async fn admit_all(&self, socket: &TcpListener) -> Infallible {
        loop {
            match socket.accept().await {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) => pause_after(&error).await,
            }
        }
    }

    /// Accepts every connection in the system's backlog or in a handshake. Their clients may have sent a request, which
    /// closing the socket would cut.
    async fn admit_last(&self, socket: TcpListener) {
        if let Err(error) = newcomers::turn_away(&socket) {
            tracing::debug!(%error, "cannot keep new clients from connecting during the stop");
        }
        _ = timeout(HANDSHAKE_TIME, self.admit_all(&socket)).await;
        let Ok(socket) = socket.into_std() else { return };
        while let Ok((stream, peer)) = socket.accept() {
            if stream.set_nonblocking(true).is_ok()
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                self.admit(stream, peer);
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "a connection ended before it was served");
            return;
        }
        let phases = self.phases.clone();
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            let (connections, counted) = (Arc::clone(&self.served), CountedConnection::new());
            tokio::spawn(async move {
                connections.serve(stream, peer, phases).await;
                drop((counted, place));
            });
            return;
        }
        self.refusal_log.note(peer);
        if let Ok(place) = Arc::clone(&self.refusals).try_acquire_owned() {
            let connections = Arc::clone(&self.refused);
            tokio::spawn(async move {
                _ = timeout(REFUSAL_TIME, connections.serve(stream, peer, phases)).await;
                drop(place);
            });
        }
    }
}

/// Counts an open connection. It decrements the same gauge that it incremented, so connections from before the metrics
/// recorder are never subtracted.
struct CountedConnection(metrics::Gauge);

impl CountedConnection {
    fn new() -> Self {
        let gauge = metrics::gauge!("denizen_connections_open");
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// Handles an error of accepting. Most concern one client that is gone. Without file descriptors or memory the next
/// attempt would fail at once, so it pauses.
async fn pause_after(error: &io::Error) {
    let of_one_client =
        [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset, ErrorKind::ConnectionRefused];
    if !of_one_client.contains(&error.kind()) {
        tracing::error!(%error, "cannot accept connections; trying again");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
