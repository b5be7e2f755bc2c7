//! Reads the credential of a request.

use axum::http::header::AsHeaderName;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use denizen_domain::{
    ApiKey, BadRequest, Error, Password, Reason, Secret, TokenKind, Unauthenticated, Violation, Violations,
};

use super::session_cookie;
use crate::wire::contract::Contract;

/// A credential as sent, not yet verified.
pub(crate) enum Credential {
    /// The secret half of a key.
    Key {
        /// The secret half.
        secret: Secret,
        /// See [`is_ambient`](Credential::is_ambient).
        is_ambient: bool,
    },
    /// Both halves of a key.
    KeyPair {
        /// The public half.
        public_key: String,
        /// The secret half.
        secret: Secret,
    },
    /// The access token of an external user.
    AccessToken(String),
    /// An account's token.
    AccountToken {
        /// The token.
        secret: Secret,
        /// See [`is_ambient`](Credential::is_ambient).
        is_ambient: bool,
    },
    /// An account's username and password (Basic).
    Password {
        /// The username.
        username: String,
        /// The password.
        password: Password,
    },
}

impl Credential {
    /// Returns whether a browser may have sent it without the user's intent: as a cookie, or as Basic, which browsers
    /// keep sending once entered, even for requests from pages of other sites.
    pub(crate) fn is_ambient(&self) -> bool {
        match self {
            Self::Key { is_ambient, .. } | Self::AccountToken { is_ambient, .. } => *is_ambient,
            Self::Password { .. } => true,
            Self::KeyPair { .. } | Self::AccessToken(_) => false,
        }
    }

    /// Returns the part only its holder knows.
    pub(crate) fn secret(&self) -> &str {
        match self {
            Self::Key { secret, .. } | Self::KeyPair { secret, .. } | Self::AccountToken { secret, .. } => {
                secret.expose()
            }
            Self::AccessToken(token) => token,
            Self::Password { password, .. } => password.expose(),
        }
    }

    /// Returns the credential from the headers that the contract uses. Fails with [`Error::Unauthenticated`] if it is
    /// missing or unreadable, and with [`Error::BadRequest`] if two headers contradict each other.
    pub(crate) fn of(headers: &HeaderMap, contract: Contract) -> Result<Self, Error> {
        match contract {
            Contract::Notiflows => pair(headers),
            Contract::FlowMate => match (header_secret(headers)?, session_cookie::read(headers)) {
                // Treat anything that is neither key nor token as an unknown token.
                (Some(Self::Key { secret, .. }), _)
                    if !secret.expose().starts_with(ApiKey::SECRET_PREFIX) =>
                {
                    require_scheme(headers)?;
                    Ok(Self::AccountToken { secret, is_ambient: false })
                }
                (Some(credential), _) => Ok(credential),
                (None, Some(secret)) => Ok(Self::AccountToken { secret, is_ambient: true }),
                (None, None) => Err(Error::Unauthenticated(Unauthenticated::NotLoggedIn)),
            },
            Contract::Flowdock | Contract::IncomingWebhooks => basic_or_bearer(headers),
            Contract::Flowra | Contract::Zaia | Contract::Operations => {
                require_one_meaning(headers, contract)?;
                header_secret(headers)?.ok_or(Error::Unauthenticated(Unauthenticated::NoKey))
            }
        }
    }
}

fn pair(headers: &HeaderMap) -> Result<Credential, Error> {
    let header = |name: &str| only(headers, name)?.ok_or(Error::Unauthenticated(Unauthenticated::NoKeyPair));
    let (public_key, secret) = (header("x-notiflows-api-key")?, header("x-notiflows-secret-key")?);
    Ok(Credential::KeyPair { public_key: public_key.to_owned(), secret: Secret::presented(secret) })
}

/// `x-api-key: K`, `Authorization: Bearer K`, `authorization: K`, or `Authorization: Basic` with a key as user name.
fn header_secret(headers: &HeaderMap) -> Result<Option<Credential>, Error> {
    if let Some(key) = only(headers, "x-api-key")? {
        return Ok(Some(Credential::Key { secret: Secret::presented(key), is_ambient: false }));
    }
    let Some(authorization) = only(headers, header::AUTHORIZATION)? else { return Ok(None) };
    authorized(authorization).map(Some)
}

/// Reads a key or token from `authorization`, with a scheme or without.
fn authorized(authorization: &str) -> Result<Credential, Error> {
    let (scheme, secret) = authorization.split_once(' ').unwrap_or(("Bearer", authorization));
    let secret = secret.trim();
    if scheme.eq_ignore_ascii_case("bearer") && is_secret(secret) {
        return Ok(told_apart(secret));
    }
    let key = Some(secret).filter(|_| scheme.eq_ignore_ascii_case("basic")).and_then(key_as_user_name);
    key.ok_or(UNKNOWN_SCHEME)
}

/// Fails with [`BadRequest::Contradiction`] if `x-api-key` and `authorization` are both sent and mean different things: two
/// credentials, or two contracts. What a proxy may have added, such as Basic without a key, means nothing here.
fn require_one_meaning(headers: &HeaderMap, contract: Contract) -> Result<(), Error> {
    let (Some(key), Some(authorization)) =
        (only(headers, "x-api-key")?, only(headers, header::AUTHORIZATION)?)
    else {
        return Ok(());
    };
    let Ok(other) = authorized(authorization) else { return Ok(()) };
    let message = if other.secret() != key {
        "has another credential than `x-api-key`: send only one of the two headers"
    } else if contract == Contract::Flowra && !authorization.contains(' ') {
        "without a scheme means Zaia, while `x-api-key` means Flowra: send only one of the two headers"
    } else {
        return Ok(());
    };
    let violation = Violation::new(Reason::Mismatch, message);
    Err(Error::BadRequest(BadRequest::Contradiction(Violations::of("authorization", violation))))
}

/// Returns whether a text can be a credential: it is not empty, has no blanks, and is not a scheme without one.
fn is_secret(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace) && !text.eq_ignore_ascii_case("bearer")
}

/// Fails unless an unknown credential has a scheme. Only those with a prefix of ours need none.
fn require_scheme(headers: &HeaderMap) -> Result<(), Error> {
    match only(headers, header::AUTHORIZATION)? {
        Some(alone) if !alone.contains(' ') && !headers.contains_key("x-api-key") => Err(UNKNOWN_SCHEME),
        Some(_) | None => Ok(()),
    }
}

const UNKNOWN_SCHEME: Error = Error::Unauthenticated(Unauthenticated::UnknownScheme);

/// `Authorization: Basic` with a token as user name and any password, or with an e-mail address and its password; or
/// `Authorization: Bearer` with a token. Anything else counts as an unknown token.
fn basic_or_bearer(headers: &HeaderMap) -> Result<Credential, Error> {
    match only(headers, header::AUTHORIZATION)?.ok_or(NO_BASIC_CREDENTIAL)?.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Credential::AccountToken { secret: Secret::presented(token.trim()), is_ambient: false })
        }
        Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("basic") => {
            basic(encoded.trim()).ok_or(MALFORMED_BASIC)
        }
        Some(_) | None => Err(MALFORMED_BASIC),
    }
}

const NO_BASIC_CREDENTIAL: Error = Error::Unauthenticated(Unauthenticated::NoBasicCredential);
const MALFORMED_BASIC: Error = Error::Unauthenticated(Unauthenticated::MalformedBasic);

/// Decodes `KEY:anything` from Base64; `None` if it is anything else.
fn key_as_user_name(encoded: &str) -> Option<Credential> {
    let decoded = decoded(encoded)?;
    let (key, _) = decoded.split_once(':')?;
    let is_key = key.starts_with(ApiKey::SECRET_PREFIX);
    is_key.then(|| Credential::Key { secret: Secret::presented(key), is_ambient: true })
}

/// Decodes `TOKEN:anything` or `username:password` from Base64; `None` if it is neither. Passwords are not empty, and
/// only usernames contain `@`.
fn basic(encoded: &str) -> Option<Credential> {
    let decoded = decoded(encoded)?;
    let (user, password) = decoded.split_once(':')?;
    if !user.contains('@') || password.is_empty() {
        return Some(Credential::AccountToken { secret: Secret::presented(user), is_ambient: true });
    }
    Some(Credential::Password { username: user.to_owned(), password: Password::presented(password) })
}

/// Decodes Base64, and the text in it. The challenge asks for UTF-8 (RFC 7617), but some clients send ISO-8859-1, whose
/// bytes are the first code points of Unicode. Text beyond ASCII is practically never valid as both, so that one reading
/// of a password is enough.
fn decoded(encoded: &str) -> Option<String> {
    let bytes = STANDARD.decode(encoded).ok()?;
    Some(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect()),
    )
}

/// Account tokens have their own prefixes. Among the others, JSON Web Tokens have two dots, and keys none.
fn told_apart(secret: &str) -> Credential {
    if TokenKind::of(secret).is_some() {
        Credential::AccountToken { secret: Secret::presented(secret), is_ambient: false }
    } else if secret.contains('.') {
        Credential::AccessToken(secret.to_owned())
    } else {
        Credential::Key { secret: Secret::presented(secret), is_ambient: false }
    }
}

/// Returns a header sent exactly once, so that no intermediary can take another value for the credential.
fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Result<Option<&str>, Error> {
    let mut values = headers.get_all(name).iter();
    let only = values.next();
    if values.next().is_some() {
        return Err(Error::Unauthenticated(Unauthenticated::Repeated));
    }
    let readable = only.map(HeaderValue::to_str).transpose();
    readable.map_err(|_| Error::Unauthenticated(Unauthenticated::Unreadable))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Describes the credential that Flowdock's contract reads from an `Authorization` header.
    fn read(authorization: &str) -> String {
        read_as(Contract::Flowdock, authorization)
    }

    fn read_as(contract: Contract, authorization: &str) -> String {
        let value = HeaderValue::from_str(authorization).unwrap();
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        match Credential::of(&headers, contract) {
            Ok(Credential::Key { secret, is_ambient }) => {
                format!("{} {}", if is_ambient { "Basic key" } else { "key" }, secret.expose())
            }
            Ok(Credential::AccountToken { secret, is_ambient: true }) => format!("Basic {}", secret.expose()),
            Ok(Credential::AccountToken { secret, .. }) => format!("Bearer {}", secret.expose()),
            Ok(Credential::Password { username, password }) => {
                format!("{username} with {}", password.expose())
            }
            Ok(_) => "something else".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    fn encoded(text: impl AsRef<[u8]>) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn a_token_may_be_the_basic_user_name() {
        for (user_and_password, credential) in [
            ("pat_a:", "Basic pat_a"),
            ("lit_a:DUMMY", "Basic lit_a"),
            ("tok_a:a:b", "Basic tok_a"),
            ("sk_a:", "Basic sk_a"),
            (":", "Basic "),
            ("jane@example.com:", "Basic jane@example.com"),
            ("jane@example.com:correct:horse", "jane@example.com with correct:horse"),
            ("jänë@example.com:pässwört", "jänë@example.com with pässwört"),
            ("pat_smith@example.com:b", "pat_smith@example.com with b"),
            ("sk_a:b", "Basic sk_a"),
        ] {
            assert_eq!(read(&encoded(user_and_password)), credential);
        }
        assert_eq!(read(&encoded("pat_a:").replace("Basic", "BASIC ")), "Basic pat_a");
        assert_eq!(read("bearer  pat_a"), "Bearer pat_a");
        assert_eq!(read("Bearer sk_a"), "Bearer sk_a");
    }

    #[test]
    fn rejects_invalid_basic_credentials() {
        let refused = NO_BASIC_CREDENTIAL.to_string();
        for authorization in
            [&encoded("pat_a"), &encoded(b"pat_\xFF"), "Basic pat_a:", "Basic", "Basic ", "pat_a", "Digest a"]
        {
            assert_eq!(read(authorization), refused, "{authorization}");
        }
        assert!(Credential::of(&HeaderMap::new(), Contract::Flowdock).is_err());
        let key = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("denizen_session=lit_a"))]);
        assert!(Credential::of(&key, Contract::Flowdock).is_err());
    }

    #[test]
    fn a_key_may_be_the_basic_user_name_where_a_key_is_taken() {
        let unknown = Error::Unauthenticated(Unauthenticated::UnknownScheme).to_string();
        for contract in [Contract::Flowra, Contract::Zaia, Contract::FlowMate, Contract::Operations] {
            for text in ["sk_a:", "sk_a:x", "sk_a:b:c"] {
                assert_eq!(read_as(contract, &encoded(text)), "Basic key sk_a", "{text}");
            }
            assert_eq!(read_as(contract, &encoded("sk_a:").replace("Basic", "basic ")), "Basic key sk_a");
            for text in ["sk_a", "pk_a:", "pat_a:", ":sk_a", "jane@example.com:secret", ""] {
                assert_eq!(read_as(contract, &encoded(text)), unknown, "{text}");
            }
            assert_eq!(read_as(contract, "Basic sk_a:"), unknown);
        }
    }

    #[test]
    fn reads_iso_8859_1_where_the_text_is_not_utf_8() {
        for (sent, credential) in [
            (&b"jane@example.com:p\xE4ssw\xF6rt"[..], "jane@example.com with pässwört"),
            (b"j\xE4n\xEB@example.com:caf\xE9", "jänë@example.com with café"),
            (b"jane@example.com:\xA3100", "jane@example.com with £100"),
            (b"jane@example.com:\xFF", "jane@example.com with ÿ"),
            (b"pat_a:\xE9", "Basic pat_a"),
            ("jane@example.com:pässwört".as_bytes(), "jane@example.com with pässwört"),
            ("jane@example.com:Ã©".as_bytes(), "jane@example.com with Ã©"),
            ("jane@example.com:пароль".as_bytes(), "jane@example.com with пароль"),
        ] {
            assert_eq!(read(&encoded(sent)), credential);
        }
    }
}
