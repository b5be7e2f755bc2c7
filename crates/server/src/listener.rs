//! Accepts connections, limits them, and ends without cutting a request that was accepted.
//!
//! axum's own `serve` has no time-out for slow headers, no limit of connections and no drain that waits for what the
//! system has accepted already; that is why the loop is here.

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

/// How long a draining server leaves idle connections open, so that a request that is on its way finds somebody.
/// Such a request is answered, and its answer says that the connection closes.
const IDLE_GRACE: Duration = Duration::from_secs(1);

/// How long clients that are half connected when the server stops have to finish: a round trip.
const HANDSHAKE_TIME: Duration = Duration::from_millis(100);

/// How long the refusal of one connection may take.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// How many connections are being refused at the same time; what comes beyond is closed without a word.
const REFUSALS: usize = 1_000;

/// How long accepting pauses when the system has no file descriptors or memory left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The limits of a listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How many connections are open at the same time.
    pub(crate) connections: usize,
    /// How long a client may take for the head of a request, and how long an idle connection stays.
    pub(crate) header_timeout: Duration,
    /// How long a request may take.
    pub(crate) request_timeout: Duration,
}

/// Who answers: the application once it is there, and somebody else until then.
#[derive(Clone)]
pub(crate) struct Answers {
    /// The application.
    pub(crate) application: Arc<SetOnce<Router>>,
    /// What answers as long as there is no application.
    pub(crate) until_then: Router,
}

impl Answers {
    /// Answers that never change.
    pub(crate) fn always(router: Router) -> Self {
        Self { application: Arc::new(SetOnce::new()), until_then: router }
    }

    fn current(&self) -> Router {
        self.application.get().unwrap_or(&self.until_then).clone()
    }
}

/// What the connections of a listener are told, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// All is well.
    Serving,
    /// No new connections; the next answer on each connection is its last.
    Draining,
    /// Idle connections close, busy ones finish.
    Closing,
    /// The time is up.
    Ended,
}

/// A bound port that nobody accepts on yet; clients that connect wait.
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Takes the port. Port 0 takes any free one.
    pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpListener::bind(address).await.map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => anyhow!("cannot listen on {address}: another program uses this port"),
            ErrorKind::AddrNotAvailable => {
                anyhow!("cannot listen on {address}: this machine has no such address")
            }
            ErrorKind::PermissionDenied => {
                anyhow!("cannot listen on {address}: this user may not use the port")
            }
            _ => anyhow!("cannot listen on {address}: {error}"),
        })?;
        let address = socket.local_addr().context("cannot read the address of the listening socket")?;
        Ok(Self { socket, address })
    }

    /// The address that was bound, with the real port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts connections in the background until the result is drained or dropped. Connections above the limit
    /// get one answer of `refusal` and are closed.
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

/// A port that is being served. Dropping it cuts all connections.
pub(crate) struct Listening {
    phase: watch::Sender<Phase>,
}

impl Listening {
    /// Takes what the system has accepted already, stops accepting, and waits until every request is answered, for
    /// as long as `patience`. What is left then is cut, and the result is `false`.
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

/// The loop that accepts. Every connection holds a receiver of the phases, so that "no receiver" means "all done".
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

    /// Takes every connection that the system has accepted on the server's behalf, or is about to; their clients may
    /// have sent a request already, and closing the socket would cut it.
    async fn admit_last(&self, socket: TcpListener) {
        if let Err(error) = newcomers::turn_away(&socket) {
            tracing::debug!(%error, "new clients cannot be kept from connecting while the server stops");
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

/// A connection in the gauge of those that are open. It leaves the same gauge that it entered, so that connections from
/// before there were metrics are never taken off.
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

/// Lets an error of accepting pass. Most concern one client that is gone already; without file descriptors or memory
/// the next attempt would fail at once, so it waits.
async fn pause_after(error: &io::Error) {
    let of_one_client =
        [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset, ErrorKind::ConnectionRefused];
    if !of_one_client.contains(&error.kind()) {
        tracing::error!(%error, "cannot accept connections; trying again");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
