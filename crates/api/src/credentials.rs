//! What a request presents to say who it is.

use axum::http::{HeaderMap, HeaderValue, header};
use denizen_domain::{Error, SecretKey, Unauthenticated};

use crate::contract::Contract;

/// A credential as it was sent, not yet believed.
pub(crate) enum Credential {
    /// The secret half of a key.
    Secret(SecretKey),
    /// Both halves of a key.
    Pair {
        /// The public half.
        public_key: String,
        /// The secret half.
        secret: SecretKey,
    },
    /// The access token of an external user.
    AccessToken(String),
}

impl Credential {
    /// The credential in the headers that a contract reads. Fails with [`Error::Unauthenticated`] where there is none,
    /// or it cannot be read.
    pub(crate) fn of(headers: &HeaderMap, contract: Contract) -> Result<Self, Error> {
        match contract {
            Contract::Notiflows => pair(headers),
            Contract::Flowra | Contract::Zaia | Contract::Operations => single(headers),
        }
    }
}

fn pair(headers: &HeaderMap) -> Result<Credential, Error> {
    let header = |name: &str| {
        headers.get(name).ok_or(Error::Unauthenticated(Unauthenticated::NoKeyPair)).and_then(readable)
    };
    let (public_key, secret) = (header("x-notiflows-api-key")?, header("x-notiflows-secret-key")?);
    Ok(Credential::Pair { public_key: public_key.to_owned(), secret: SecretKey::presented(secret) })
}

/// `x-api-key: K`, `Authorization: Bearer K`, or `authorization: K`.
fn single(headers: &HeaderMap) -> Result<Credential, Error> {
    if let Some(key) = headers.get("x-api-key") {
        return readable(key).map(|key| Credential::Secret(SecretKey::presented(key)));
    }
    let missing = Error::Unauthenticated(Unauthenticated::NoKey);
    let authorization = readable(headers.get(header::AUTHORIZATION).ok_or(missing)?)?;
    match authorization.split_once(' ') {
        None => Ok(Credential::Secret(SecretKey::presented(authorization))),
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(bearer(token.trim())),
        Some(_) => Err(Error::Unauthenticated(Unauthenticated::UnknownScheme)),
    }
}

/// Keys have no dots, and JSON Web Tokens have two.
fn bearer(token: &str) -> Credential {
    if token.contains('.') {
        Credential::AccessToken(token.to_owned())
    } else {
        Credential::Secret(SecretKey::presented(token))
    }
}

fn readable(value: &HeaderValue) -> Result<&str, Error> {
    value.to_str().map_err(|_| Error::Unauthenticated(Unauthenticated::Unreadable))
}
