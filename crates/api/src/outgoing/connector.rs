//! Connects to hosts, whose addresses are checked between the look-up and the connection.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use axum::BoxError;
use axum::http::Uri;
use axum::http::uri::Scheme;
use denizen_domain::{Error, Result};
use futures_util::future::BoxFuture;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tower::{Service, ServiceExt as _};

use super::failure::FailureReason;
use super::network::Networks;

/// Finds the addresses of a host.
pub(super) type LookUp = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// How many names are looked up at a time. The operating system keeps a thread for each, for as long as it likes, and others need
/// threads, too.
const LOOK_UPS: usize = 32;

/// Asks the operating system.
pub(super) fn system_look_up() -> LookUp {
    let permits = Arc::new(Semaphore::new(LOOK_UPS));
    Arc::new(move |host| {
        let permits = Arc::clone(&permits);
        Box::pin(async move {
            let permit = permits.acquire_owned().await.map_err(io::Error::other)?;
            let found = spawn_blocking(move || {
                let _until_the_thread_is_free = permit;
                (host.as_str(), 0).to_socket_addrs()
            });
            Ok(found.await.map_err(io::Error::other)??.map(|address| address.ip()).collect())
        })
    })
}

/// The certificate authorities of this machine, or of the file in `SSL_CERT_FILE`.
pub(super) fn system_authorities() -> RootCertStore {
    let mut authorities = RootCertStore::empty();
    let _skipped = authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    authorities
}

/// Opens connections to admitted addresses, and fails with a [`FailureReason`] otherwise.
#[derive(Clone)]
pub(super) struct Connector {
    plain: HttpsConnector<HttpConnector<Resolver>>,
    secure: HttpsConnector<HttpConnector<Resolver>>,
    networks: Networks,
    has_authorities: bool,
    limit: Duration,
}

impl Connector {
    /// Creates a connector, of which no connection takes longer than the limit.
    pub(super) fn new(
        networks: &Networks,
        look_up: &LookUp,
        authorities: RootCertStore,
        limit: Duration,
    ) -> Result<Self> {
        let has_authorities = !authorities.is_empty();
        let tls = tls_with(authorities)?;
        let connector = |is_secure| {
            let resolver = Resolver { look_up: look_up.clone(), networks: networks.clone(), is_secure };
            let mut http = HttpConnector::new_with_resolver(resolver);
            http.enforce_http(false);
            http.set_nodelay(true);
            http.set_connect_timeout(Some(limit));
            let https = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http();
            https.enable_http1().wrap_connector(http)
        };
        let (plain, secure) = (connector(false), connector(true));
        Ok(Self { plain, secure, networks: networks.clone(), has_authorities, limit })
    }

    /// Checks what the resolver is never asked about: an address in the URL, and whether certificates can be checked.
    fn check(&self, uri: &Uri, is_secure: bool) -> Result<(), FailureReason> {
        let host = uri.host().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        if let Some(address) = address {
            check_addresses(&self.networks, &[address], is_secure, || {
                FailureReason::PrivateAddress(address)
            })?;
        }
        if is_secure && !self.has_authorities { Err(FailureReason::NoAuthorities) } else { Ok(()) }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let is_secure = uri.scheme() == Some(&Scheme::HTTPS);
        if let Err(reason) = self.check(&uri, is_secure) {
            return Box::pin(async { Err(reason.into()) });
        }
        let connector = if is_secure { self.secure.clone() } else { self.plain.clone() };
        let limit = self.limit;
        // The client can go on connecting for later requests after the one that began it has ended, so that one's limit
        // does not suffice.
        Box::pin(async move {
            let connected = tokio::time::timeout(limit, connector.oneshot(uri)).await;
            connected.map_err(|_| FailureReason::TimedOut(limit))?
        })
    }
}

/// Looks up names. It returns only checked addresses, and they are what is connected to: nothing looks a name up again.
#[derive(Clone)]
struct Resolver {
    look_up: LookUp,
    networks: Networks,
    is_secure: bool,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = FailureReason;
    type Future = BoxFuture<'static, Result<Self::Response, FailureReason>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FailureReason>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (Self { networks, is_secure, .. }, host) = (self.clone(), name.as_str().to_owned());
        let found = (self.look_up)(host.clone());
        Box::pin(async move {
            let addresses = found.await.ok().filter(|addresses| !addresses.is_empty());
            let addresses = addresses.ok_or_else(|| FailureReason::UnknownHost(host.clone()))?;
            check_addresses(&networks, &addresses, is_secure, || FailureReason::PrivateHost(host))?;
            // The connector fills in the port.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(addresses.collect::<Vec<_>>().into_iter())
        })
    }
}

/// Fails unless all addresses are admitted. A host with public and other addresses is refused, not reached at the public
/// ones: either its owner tries to get inside, or wants to be reached there, and would get requests only at times.
fn check_addresses(
    networks: &Networks,
    addresses: &[IpAddr],
    is_secure: bool,
    refused: impl FnOnce() -> FailureReason,
) -> Result<(), FailureReason> {
    match addresses.iter().find(|address| !networks.admit(**address, is_secure)) {
        None => Ok(()),
        Some(address) if networks.admit(*address, true) => Err(FailureReason::PlainText),
        Some(address) => {
            let reason = refused();
            tracing::debug!(%address, "did not connect: {reason}");
            Err(reason)
        }
    }
}

fn tls_with(authorities: RootCertStore) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| Error::Internal(format!("cannot set up TLS: {error}")))?;
    Ok(versions.with_root_certificates(authorities).with_no_client_auth())
}
