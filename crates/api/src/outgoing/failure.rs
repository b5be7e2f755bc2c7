//! Why a request was not answered.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::time::Duration;

use axum::http::HeaderName;
use rustls::CertificateError;

/// Why a request was not answered. The text is for whoever had it sent, who may be a stranger: it does not tell the
/// addresses of the operator's own hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureReason {
    /// The URL cannot be sent a request: it is none, has another scheme than http and https, or contains a password.
    InvalidRequest,
    /// The request has a header that only the client sets.
    ForbiddenHeader(HeaderName),
    /// The method would turn the connection into a tunnel.
    Tunnel,
    /// The URL contains an address that is not public.
    PrivateAddress(IpAddr),
    /// The host has an address that is not public.
    PrivateHost(String),
    /// The URL is http, and the operator has not opened the host's network for that.
    PlainText,
    /// The host has no address, or the name service cannot tell it.
    UnknownHost(String),
    /// Nobody listens at the host's port.
    Refused,
    /// No way leads to the host, or it does not accept the connection in time.
    Unreachable,
    /// The connection ended before the answer did.
    Closed,
    /// The host's certificate is not valid, for a reason that completes "the certificate …".
    Certificate(&'static str),
    /// The host and this server cannot agree on TLS.
    Tls,
    /// This machine knows no certificate authorities, so it cannot check any certificate.
    NoAuthorities,
    /// The answer is not HTTP, or its headers are too long.
    NotHttp,
    /// There was no answer within this time.
    TimedOut(Duration),
    /// Anything else.
    Other,
}

impl FailureReason {
    /// Finds the reason in the chain of an error's causes.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(reason) = Self::told_by(error) {
                return reason;
            }
            cause = error.source();
        }
        Self::Other
    }

    fn told_by(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(reason) = error.downcast_ref::<Self>() {
            Some(reason.clone())
        } else if let Some(error) = error.downcast_ref::<rustls::Error>() {
            Some(Self::of_tls(error))
        } else if let Some(error) = error.downcast_ref::<hyper::Error>() {
            Self::of_http(error)
        } else {
            error.downcast_ref().and_then(Self::of_io)
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use CertificateError::{
            Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
            NotValidYetContext, UnknownIssuer,
        };
        let rustls::Error::InvalidCertificate(error) = error else { return Self::Tls };
        Self::Certificate(match error {
            Expired | ExpiredContext { .. } => "has expired",
            NotValidYet | NotValidYetContext { .. } => "is not valid yet",
            UnknownIssuer => "comes from an authority that is not trusted",
            NotValidForName | NotValidForNameContext { .. } => "is for another host",
            _ => "is not valid",
        })
    }

    fn of_http(error: &hyper::Error) -> Option<Self> {
        if error.is_parse() {
            Some(Self::NotHttp)
        } else if error.is_incomplete_message() {
            Some(Self::Closed)
        } else {
            None
        }
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        // The source of such an error is that of the error inside, so the chain leaves it out.
        if let Some(reason) = error.get_ref().and_then(|inner| Self::told_by(inner)) {
            return Some(reason);
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => Some(Self::Refused),
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Some(Self::Closed),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut => {
                Some(Self::Unreachable)
            }
            _ => None,
        }
    }
}

impl Error for FailureReason {}

impl fmt::Display for FailureReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRequest => formatter.write_str("the URL is not valid"),
            Self::ForbiddenHeader(name) => write!(formatter, "the header {name} must not be set"),
            Self::Tunnel => formatter.write_str("the method CONNECT is not allowed"),
            Self::PrivateAddress(address) => write!(formatter, "the address {address} is not public"),
            // One text for both: which names there are inside is nobody's business.
            Self::PrivateHost(host) | Self::UnknownHost(host) => {
                write!(formatter, "the host {host} cannot be found, or has an address that is not public")
            }
            Self::PlainText => formatter.write_str("http is not allowed for this host, only https"),
            Self::Refused => formatter.write_str("the connection was refused"),
            Self::Unreachable => formatter.write_str("the host cannot be reached"),
            Self::Closed => formatter.write_str("the connection was closed without an answer"),
            Self::Certificate(flaw) => write!(formatter, "the certificate {flaw}"),
            Self::Tls => formatter.write_str("no secure connection could be made"),
            Self::NoAuthorities => {
                formatter.write_str("no certificate can be checked: the server knows no authorities")
            }
            Self::NotHttp => formatter.write_str("the answer is not HTTP"),
            Self::TimedOut(limit) => write!(formatter, "no answer within {} s", limit.as_secs_f64()),
            Self::Other => formatter.write_str("the connection failed"),
        }
    }
}
