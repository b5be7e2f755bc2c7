//! Connects to PostgreSQL, in plain text or over TLS.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme, WantsVerifier,
};
use tokio_postgres::error::DbError;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

/// Opens connections as the URL's `sslmode` says:
///
/// * `prefer`, the default: over TLS, unless the server speaks none. The certificate is verified only with `sslrootcert` (a
///   PEM file): most servers have one that nobody has signed.
/// * `require`, `verify-ca` and `verify-full`, which are equal: over TLS, and the certificate is verified against
///   `sslrootcert` or the system's authorities.
/// * `disable` and `allow`: in plain text.
#[derive(Clone)]
pub(crate) struct Connector {
    url: Url,
    tls: Option<MakeRustlsConnect>,
    mode: Mode,
}

/// The modes of the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    Prefer,
    Require,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
        }
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("sslmode must be disable, prefer, require, verify-ca or verify-full, not {0}")]
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
        let roots = parameter("sslrootcert");
        let (mode, tls) = match parameter("sslmode").as_deref() {
            Some("disable" | "allow") => (Mode::Disable, None),
            None | Some("prefer") if roots.is_none() => (Mode::Prefer, Some(tls_with_any_certificate()?)),
            None | Some("prefer") => (Mode::Prefer, Some(tls_with(roots.as_deref())?)),
            Some("require" | "verify-ca" | "verify-full") => {
                (Mode::Require, Some(tls_with(roots.as_deref())?))
            }
            Some(other) => return Err(TlsError::UnknownMode(other.to_owned())),
        };
        Ok(Self { url: with_defaults(url, mode), tls, mode })
    }

    /// Returns the URL for the driver, which supports fewer modes.
    pub(crate) fn plain_url(&self) -> String {
        self.url.to_string()
    }

    pub(crate) async fn connect(&self, url: &str) -> ConnectionResult<AsyncPgConnection> {
        match self.tls.clone() {
            Some(tls) if self.mode == Mode::Prefer => establish(url, tls, OR_PLAIN).await,
            Some(tls) => establish(url, tls, "").await,
            None => establish(url, NoTls, "").await,
        }
    }
}

/// What to do about a server whose TLS does not work, if nobody has asked for TLS.
const OR_PLAIN: &str = " (sslmode=disable connects without TLS)";

/// Connects like diesel's own `establish`, but keeps the cause of a failure, with some advice if it is in TLS.
async fn establish<T>(url: &str, tls: T, advice: &str) -> ConnectionResult<AsyncPgConnection>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + Unpin + 'static,
{
    let (client, connection) = tokio_postgres::connect(url, tls).await.map_err(|error| {
        let is_in_tls = error.to_string().starts_with("error performing TLS handshake");
        ConnectionError::BadConnection(reason_of(&error) + if is_in_tls { advice } else { "" })
    })?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

/// The name of connections in the lists of the database, and the defaults that notice an unreachable host within seconds.
/// Otherwise, a connection waits as long as the operating system does.
const DEFAULTS: [(&str, &str); 4] = [
    ("application_name", concat!("denizen ", env!("CARGO_PKG_VERSION"))),
    ("connect_timeout", "5"),
    ("keepalives_idle", "15"),
    ("tcp_user_timeout", "15"),
];

fn with_defaults(url: &Url, mode: Mode) -> Url {
    let kept: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(key, _)| key != "sslmode" && key != "sslrootcert").collect();
    let unsaid = DEFAULTS.iter().filter(|(key, _)| !kept.iter().any(|(said, _)| said == key));
    let mut url = url.clone();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(&kept)
        .extend_pairs(unsaid)
        .append_pair("sslmode", mode.name());
    // The driver does not read a plus as a blank.
    let query = url.query().map(|query| query.replace('+', "%20"));
    url.set_query(query.as_deref());
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
    let config = tls()?.with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn tls_with_any_certificate() -> Result<MakeRustlsConnect, TlsError> {
    let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
    let verifier = Arc::new(AnyCertificate(algorithms));
    let config = tls()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn tls() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

/// Accepts any certificate, if the server has its private key: the connection is encrypted, but with whom is not known.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    /// What a client of PostgreSQL sends to ask for TLS.
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];

    /// What begins a TLS handshake.
    const HANDSHAKE: u8 = 0x16;

    /// Pretends to be a server of PostgreSQL: answers the question for TLS, and returns what the client sends next.
    async fn sent_after(answer: u8, parameters: &str) -> (Vec<u8>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://me@{}/users{parameters}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let asked = read(&mut client);
            if asked != SSL_REQUEST {
                return asked;
            }
            client.write_all(&[answer]).unwrap();
            read(&mut client)
        });
        let connector = Connector::for_url(&Url::parse(&url).unwrap()).unwrap();
        let error = connector.connect(&connector.plain_url()).await.err().unwrap();
        (server.join().unwrap(), error.to_string())
    }

    fn read(client: &mut TcpStream) -> Vec<u8> {
        let mut buffer = [0; 1024];
        let length = client.read(&mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    /// Returns whether a message begins a session in plain text.
    fn is_plain(message: &[u8]) -> bool {
        message.windows(10).any(|part| part == b"user\0me\0da")
    }

    #[tokio::test]
    async fn a_connection_is_plain_only_if_the_server_speaks_no_tls() {
        for parameters in ["", "?sslmode=prefer"] {
            let (message, error) = sent_after(b'S', parameters).await;
            assert_eq!(message[0], HANDSHAKE, "{parameters}");
            assert!(error.ends_with("(sslmode=disable connects without TLS)"), "{error}");
            assert!(is_plain(&sent_after(b'N', parameters).await.0), "{parameters}");
        }
    }

    #[tokio::test]
    async fn a_mode_can_demand_or_forbid_tls() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let parameters = format!("?sslmode={mode}");
            assert_eq!(sent_after(b'S', &parameters).await.0[0], HANDSHAKE, "{mode}");
            let (message, error) = sent_after(b'N', &parameters).await;
            assert_eq!((message, error.as_str()), (vec![], "server does not support TLS"), "{mode}");
        }
        for mode in ["disable", "allow"] {
            assert!(is_plain(&sent_after(b'S', &format!("?sslmode={mode}")).await.0), "{mode}");
        }
    }

    #[tokio::test]
    async fn a_connection_has_the_name_of_the_program_unless_the_url_has_one() {
        let named = |message: Vec<u8>, name: &str| {
            let expected = format!("application_name\0{name}\0");
            message.windows(expected.len()).any(|part| part == expected.as_bytes())
        };
        let default = sent_after(b'N', "").await.0;
        assert!(named(default, concat!("denizen ", env!("CARGO_PKG_VERSION"))));
        assert!(named(sent_after(b'N', "?application_name=my+users").await.0, "my users"));
    }
}
