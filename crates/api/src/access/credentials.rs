//! What a request presents to say who it is.

use axum::http::header::AsHeaderName;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use denizen_domain::{ApiKey, Error, Password, Secret, TokenKind, Unauthenticated};

use super::session_cookie;
use crate::wire::contract::Contract;

/// A credential as it was sent, not yet believed.
pub(crate) enum Credential {
    /// The secret half of a key.
    Key(Secret),
    /// Both halves of a key.
    KeyPair {
        /// The public half.
        public_key: String,
        /// The secret half.
        secret: Secret,
    },
    /// The access token of an external user.
    AccessToken(String),
    /// The token of an account.
    AccountToken {
        /// The token.
        secret: Secret,
        /// See [`is_ambient`](Credential::is_ambient).
        is_ambient: bool,
    },
    /// What an account logs in with, as Basic.
    Password {
        /// The username.
        username: String,
        /// The password.
        password: Password,
    },
}

impl Credential {
    /// Whether a browser may have sent it by itself, so that it says nothing of who made the request: a cookie, or Basic,
    /// which browsers go on sending to a server once somebody has typed it, also when a page of another site asks them to.
    pub(crate) fn is_ambient(&self) -> bool {
        match self {
            Self::AccountToken { is_ambient, .. } => *is_ambient,
            Self::Password { .. } => true,
            Self::Key(_) | Self::KeyPair { .. } | Self::AccessToken(_) => false,
        }
    }

    /// What only its holder knows of it.
    pub(crate) fn secret(&self) -> &str {
        match self {
            Self::Key(secret) | Self::KeyPair { secret, .. } | Self::AccountToken { secret, .. } => {
                secret.expose()
            }
            Self::AccessToken(token) => token,
            Self::Password { password, .. } => password.expose(),
        }
    }

    /// The credential in the headers that a contract reads. Fails with [`Error::Unauthenticated`] where there is none,
    /// or it cannot be read.
    pub(crate) fn of(headers: &HeaderMap, contract: Contract) -> Result<Self, Error> {
        match contract {
            Contract::Notiflows => pair(headers),
            Contract::FlowMate => match (header_secret(headers)?, session_cookie::read(headers)) {
                // What is neither a key nor a token is taken for a token that nobody knows.
                (Some(Self::Key(secret)), _) if !secret.expose().starts_with(ApiKey::SECRET_PREFIX) => {
                    Ok(Self::AccountToken { secret, is_ambient: false })
                }
                (Some(credential), _) => Ok(credential),
                (None, Some(secret)) => Ok(Self::AccountToken { secret, is_ambient: true }),
                (None, None) => Err(Error::Unauthenticated(Unauthenticated::NotLoggedIn)),
            },
            Contract::Flowdock => basic_or_bearer(headers),
            Contract::Flowra | Contract::Zaia | Contract::Operations => {
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

/// `x-api-key: K`, `Authorization: Bearer K`, or `authorization: K`.
fn header_secret(headers: &HeaderMap) -> Result<Option<Credential>, Error> {
    if let Some(key) = only(headers, "x-api-key")? {
        return Ok(Some(Credential::Key(Secret::presented(key))));
    }
    let Some(authorization) = only(headers, header::AUTHORIZATION)? else { return Ok(None) };
    match authorization.split_once(' ') {
        None => Ok(Some(told_apart(authorization))),
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(told_apart(token.trim()))),
        Some(_) => Err(Error::Unauthenticated(Unauthenticated::UnknownScheme)),
    }
}

/// `Authorization: Basic` with a token as user name and any password, or with an e-mail address and its password; or
/// `Authorization: Bearer` with a token. What is none of these is taken for a token that nobody knows.
fn basic_or_bearer(headers: &HeaderMap) -> Result<Credential, Error> {
    match only(headers, header::AUTHORIZATION)?.ok_or(NO_BASIC_CREDENTIAL)?.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Credential::AccountToken { secret: Secret::presented(token.trim()), is_ambient: false })
        }
        Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("basic") => {
            basic(encoded.trim()).ok_or(NO_BASIC_CREDENTIAL)
        }
        Some(_) | None => Err(NO_BASIC_CREDENTIAL),
    }
}

const NO_BASIC_CREDENTIAL: Error = Error::Unauthenticated(Unauthenticated::NoBasicCredential);

/// `TOKEN:anything` or `username:password`, in Base64; `None` where it is neither. No password is empty, and no token has
/// the `@` that every username has.
fn basic(encoded: &str) -> Option<Credential> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    if !user.contains('@') || password.is_empty() {
        return Some(Credential::AccountToken { secret: Secret::presented(user), is_ambient: true });
    }
    Some(Credential::Password { username: user.to_owned(), password: Password::presented(password) })
}

/// Tokens of accounts begin like none of the others. Of those, JSON Web Tokens have two dots, and keys have none.
fn told_apart(secret: &str) -> Credential {
    if TokenKind::of(secret).is_some() {
        Credential::AccountToken { secret: Secret::presented(secret), is_ambient: false }
    } else if secret.contains('.') {
        Credential::AccessToken(secret.to_owned())
    } else {
        Credential::Key(Secret::presented(secret))
    }
}

/// The text of a header that stands there once, so that nobody on the way took another one for the credential.
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

    /// What an `Authorization` header of the Flowdock contract is read as.
    fn read(authorization: &str) -> String {
        let value = HeaderValue::from_str(authorization).unwrap();
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        match Credential::of(&headers, Contract::Flowdock) {
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
    fn a_token_stands_where_a_user_name_stands() {
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
    fn what_is_no_basic_credential_is_none() {
        let refused = NO_BASIC_CREDENTIAL.to_string();
        for authorization in [
            &encoded("pat_a"),
            &encoded(b"pat_\xFF:"),
            "Basic pat_a:",
            "Basic",
            "Basic ",
            "pat_a",
            "Digest a",
        ] {
            assert_eq!(read(authorization), refused, "{authorization}");
        }
        assert!(Credential::of(&HeaderMap::new(), Contract::Flowdock).is_err());
        let key = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("denizen_session=lit_a"))]);
        assert!(Credential::of(&key, Contract::Flowdock).is_err());
    }
}
