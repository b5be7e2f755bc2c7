//! Connects to PostgreSQL, in plain text or over TLS.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::error::DbError;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

/// Opens connections as the URL's `sslmode` says: `disable` (the default), `require`, `verify-ca` or `verify-full`.
/// The last three are equal: with TLS, the server's certificate is always verified, against `sslrootcert` (a PEM file)
/// or the system's authorities.
#[derive(Clone)]
pub(crate) struct Connector {
    url: Url,
    tls: Option<MakeRustlsConnect>,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("sslmode must be disable, require, verify-ca or verify-full, not {0}")]
    UnknownMode(String),
    #[error("the root certificates in {path} cannot be read: {reason}")]
    RootCertificates { path: String, reason: String },
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

impl Connector {
    pub(crate) fn for_url(url: &Url) -> Result<Self, TlsError> {
        let parameter =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let tls = match parameter("sslmode").as_deref() {
            None | Some("disable" | "prefer" | "allow") => None,
            Some("require" | "verify-ca" | "verify-full") => {
                Some(tls_with(parameter("sslrootcert").as_deref())?)
            }
            Some(other) => return Err(TlsError::UnknownMode(other.to_owned())),
        };
        Ok(Self { url: with_mode(url, tls.is_some()), tls })
    }

    /// Returns the URL for the driver, which supports fewer modes.
    pub(crate) fn plain_url(&self) -> String {
        self.url.to_string()
    }

    pub(crate) async fn connect(&self, url: &str) -> ConnectionResult<AsyncPgConnection> {
        match self.tls.clone() {
            Some(tls) => establish(url, tls).await,
            None => establish(url, NoTls).await,
        }
    }
}

/// Connects like diesel's own `establish`, but keeps the cause of a failure.
async fn establish<T>(url: &str, tls: T) -> ConnectionResult<AsyncPgConnection>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + Unpin + 'static,
{
    let (client, connection) = tokio_postgres::connect(url, tls)
        .await
        .map_err(|error| ConnectionError::BadConnection(reason_of(&error)))?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

/// The defaults that notice an unreachable host within seconds. Otherwise, a connection waits as long as the operating
/// system does.
const PATIENCE: [(&str, &str); 3] =
    [("connect_timeout", "5"), ("keepalives_idle", "15"), ("tcp_user_timeout", "15")];

fn with_mode(url: &Url, tls: bool) -> Url {
    let kept: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(key, _)| key != "sslmode" && key != "sslrootcert").collect();
    let unsaid = PATIENCE.iter().filter(|(key, _)| !kept.iter().any(|(said, _)| said == key));
    let mut url = url.clone();
    let mode = if tls { "require" } else { "disable" };
    url.query_pairs_mut().clear().extend_pairs(&kept).extend_pairs(unsaid).append_pair("sslmode", mode);
    url
}

fn tls_with(root_certificates: Option<&str>) -> Result<MakeRustlsConnect, TlsError> {
    let mut roots = RootCertStore::empty();
    match root_certificates {
        Some(path) => add_file(&mut roots, path)?,
        None => {
            let _skipped = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn add_file(roots: &mut RootCertStore, path: &str) -> Result<(), TlsError> {
    let unreadable = |reason: String| TlsError::RootCertificates { path: path.to_owned(), reason };
    for certificate in
        CertificateDer::pem_file_iter(Path::new(path)).map_err(|error| unreadable(error.to_string()))?
    {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate)?;
    }
    if roots.is_empty() { Err(unreadable("it holds none".to_owned())) } else { Ok(()) }
}

/// Returns the last cause in the chain, because the driver's own message only names the kind of error.
fn reason_of(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if let Some(said) = cause.downcast_ref::<DbError>() {
        return said.message().to_owned();
    }
    match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(kind @ (ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::TimedOut)) => {
            kind.to_string()
        }
        _ => cause.to_string(),
    }
}
