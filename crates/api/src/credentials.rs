//! What a request presents to say who it is.

use axum::http::{HeaderMap, HeaderValue, header};
use denizen_domain::{ApiKey, Error, Secret, TokenKind, Unauthenticated};

use crate::contract::Contract;
use crate::session_cookie;

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
        /// Whether a browser sent it by itself, as a cookie.
        is_cookie: bool,
    },
}

impl Credential {
    /// The credential in the headers that a contract reads. Fails with [`Error::Unauthenticated`] where there is none,
    /// or it cannot be read.
    pub(crate) fn of(headers: &HeaderMap, contract: Contract) -> Result<Self, Error> {
        match contract {
            Contract::Notiflows => pair(headers),
            Contract::FlowMate => match (header_secret(headers)?, session_cookie::read(headers)) {
                // What is neither a key nor a token is taken for a token that nobody knows.
                (Some(Self::Key(secret)), _) if !secret.expose().starts_with(ApiKey::SECRET_PREFIX) => {
                    Ok(Self::AccountToken { secret, is_cookie: false })
                }
                (Some(credential), _) => Ok(credential),
                (None, Some(secret)) => Ok(Self::AccountToken { secret, is_cookie: true }),
                (None, None) => Err(Error::Unauthenticated(Unauthenticated::NotLoggedIn)),
            },
            Contract::Flowra | Contract::Zaia | Contract::Operations => {
                header_secret(headers)?.ok_or(Error::Unauthenticated(Unauthenticated::NoKey))
            }
        }
    }
}

fn pair(headers: &HeaderMap) -> Result<Credential, Error> {
    let header = |name: &str| {
        headers.get(name).ok_or(Error::Unauthenticated(Unauthenticated::NoKeyPair)).and_then(readable)
    };
    let (public_key, secret) = (header("x-notiflows-api-key")?, header("x-notiflows-secret-key")?);
    Ok(Credential::KeyPair { public_key: public_key.to_owned(), secret: Secret::presented(secret) })
}

/// `x-api-key: K`, `Authorization: Bearer K`, or `authorization: K`.
fn header_secret(headers: &HeaderMap) -> Result<Option<Credential>, Error> {
    if let Some(key) = headers.get("x-api-key") {
        return readable(key).map(|key| Some(Credential::Key(Secret::presented(key))));
    }
    let Some(authorization) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let authorization = readable(authorization)?;
    match authorization.split_once(' ') {
        None => Ok(Some(told_apart(authorization))),
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(told_apart(token.trim()))),
        Some(_) => Err(Error::Unauthenticated(Unauthenticated::UnknownScheme)),
    }
}

/// Tokens of accounts begin like none of the others. Of those, JSON Web Tokens have two dots, and keys have none.
fn told_apart(secret: &str) -> Credential {
    if TokenKind::of(secret).is_some() {
        Credential::AccountToken { secret: Secret::presented(secret), is_cookie: false }
    } else if secret.contains('.') {
        Credential::AccessToken(secret.to_owned())
    } else {
        Credential::Key(Secret::presented(secret))
    }
}

fn readable(value: &HeaderValue) -> Result<&str, Error> {
    value.to_str().map_err(|_| Error::Unauthenticated(Unauthenticated::Unreadable))
}
