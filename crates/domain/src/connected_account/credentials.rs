//! What a connected account presents to its system. It is stored sealed, and never shown again.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::AuthScheme;
use crate::error::{Error, Result};
use crate::primitives::text;
use crate::primitives::{Reason, Timestamp, Violation};

/// Tokens that a system has issued by OAuth 2.0.
#[derive(Debug, Clone)]
pub struct OAuthTokens {
    /// The token that calls carry.
    pub access_token: SecretString,
    /// The token for which the system issues the next one; `None` if it issues none.
    pub refresh_token: Option<SecretString>,
    /// What the user has agreed to, if the system says so.
    pub scope: Option<String>,
    /// When the access token ends, if the system says so.
    pub ends_at: Option<Timestamp>,
}

/// What a connected account presents.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A key.
    ApiKey(SecretString),
    /// A user name and a password.
    Basic {
        /// The user name.
        username: SecretString,
        /// The password.
        password: SecretString,
    },
    /// A token.
    BearerToken(SecretString),
    /// Tokens that the system has issued.
    OAuth2(OAuthTokens),
    /// Nothing.
    NoAuth,
}

/// The form in which credentials are sealed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    scheme: String,
    secret: Option<SecretString>,
    username: Option<SecretString>,
    refresh_token: Option<SecretString>,
    scope: Option<String>,
    ends_at: Option<i64>,
}

impl Credentials {
    /// The most characters of a key, a password or a token.
    const MAXIMUM: usize = 10_000;

    /// Checks a secret: 1 to 10,000 characters that a header can carry.
    pub fn parse_secret(text: &str) -> Result<SecretString, Violation> {
        text::checked(text, &(1..=Self::MAXIMUM))?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') || text.trim() != text {
            let message = "must consist of visible ASCII characters";
            return Err(Violation::new(Reason::InvalidCharacters, message));
        }
        Ok(text.to_owned().into())
    }

    /// Checks a user name or a password: up to 10,000 characters without control characters.
    pub fn parse_text(text: &str) -> Result<SecretString, Violation> {
        if !text.is_empty() {
            text::checked(text, &(1..=Self::MAXIMUM))?;
        }
        if text.chars().any(char::is_control) {
            let message = "must not contain control characters";
            return Err(Violation::new(Reason::InvalidCharacters, message));
        }
        Ok(text.to_owned().into())
    }

    /// Checks a user name like [`parse_text`](Self::parse_text). A colon would end it.
    pub fn parse_username(text: &str) -> Result<SecretString, Violation> {
        if text.contains(':') {
            return Err(Violation::new(Reason::InvalidCharacters, "must not contain a colon"));
        }
        Self::parse_text(text)
    }

    /// Returns the scheme that they are for.
    pub const fn scheme(&self) -> AuthScheme {
        match self {
            Self::ApiKey(_) => AuthScheme::ApiKey,
            Self::Basic { .. } => AuthScheme::Basic,
            Self::BearerToken(_) => AuthScheme::BearerToken,
            Self::OAuth2(_) => AuthScheme::OAuth2,
            Self::NoAuth => AuthScheme::NoAuth,
        }
    }

    /// Returns the tokens, if a system has issued any.
    pub const fn tokens(&self) -> Option<&OAuthTokens> {
        match self {
            Self::OAuth2(tokens) => Some(tokens),
            _ => None,
        }
    }

    /// Returns all texts that nobody may see.
    pub fn secrets(&self) -> Vec<&str> {
        let secrets = match self {
            Self::ApiKey(secret) | Self::BearerToken(secret) => vec![secret],
            Self::Basic { username: _, password } => vec![password],
            Self::OAuth2(tokens) => {
                std::iter::once(&tokens.access_token).chain(tokens.refresh_token.as_ref()).collect()
            }
            Self::NoAuth => Vec::new(),
        };
        secrets.into_iter().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty()).collect()
    }

    /// Returns them in the form to seal.
    pub fn to_sealable(&self) -> SecretString {
        let scheme = self.scheme();
        let written = match self {
            Self::ApiKey(secret) | Self::BearerToken(secret) => {
                json!({ "scheme": scheme, "secret": secret.expose_secret() })
            }
            Self::Basic { username, password } => json!({
                "scheme": scheme, "username": username.expose_secret(), "secret": password.expose_secret()
            }),
            Self::OAuth2(OAuthTokens { access_token, refresh_token, scope, ends_at }) => json!({
                "scheme": scheme,
                "secret": access_token.expose_secret(),
                "refreshToken": refresh_token.as_ref().map(ExposeSecret::expose_secret),
                "scope": scope,
                "endsAt": ends_at.map(Timestamp::unix_microseconds),
            }),
            Self::NoAuth => json!({ "scheme": scheme }),
        };
        written.to_string().into()
    }

    /// Reads the form that was sealed.
    pub fn from_sealed(text: &SecretString) -> Result<Self> {
        let broken = || Error::Internal("the credentials of a connected account cannot be read".to_owned());
        // The text of the error could quote a secret.
        let written: Written = serde_json::from_str(text.expose_secret()).map_err(|_| broken())?;
        let Written { scheme, secret, username, refresh_token, scope, ends_at } = written;
        let scheme: AuthScheme = scheme.parse().map_err(|_| broken())?;
        if scheme == AuthScheme::NoAuth {
            return Ok(Self::NoAuth);
        }
        let secret = secret.ok_or_else(broken)?;
        Ok(match scheme {
            AuthScheme::ApiKey => Self::ApiKey(secret),
            AuthScheme::BearerToken => Self::BearerToken(secret),
            AuthScheme::Basic => Self::Basic { username: username.ok_or_else(broken)?, password: secret },
            AuthScheme::OAuth2 | AuthScheme::NoAuth => {
                let ends_at = ends_at.and_then(Timestamp::from_unix_microseconds);
                Self::OAuth2(OAuthTokens { access_token: secret, refresh_token, scope, ends_at })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_as_they_were_written() {
        let secret = |text: &str| SecretString::from(text.to_owned());
        let moment = Timestamp::from_unix_microseconds(1_700_000_000_000_000).unwrap();
        let tokens = OAuthTokens {
            access_token: secret("secret-1"),
            refresh_token: Some(secret("secret-2")),
            scope: Some("a b".to_owned()),
            ends_at: Some(moment),
        };
        for credentials in [
            Credentials::ApiKey(secret("secret-1")),
            Credentials::BearerToken(secret("\"secret-1\"")),
            Credentials::Basic { username: secret("jane"), password: secret("secret-1") },
            Credentials::OAuth2(tokens.clone()),
            Credentials::OAuth2(OAuthTokens { refresh_token: None, scope: None, ends_at: None, ..tokens }),
            Credentials::NoAuth,
        ] {
            let read = Credentials::from_sealed(&credentials.to_sealable()).unwrap();
            assert_eq!(read.scheme(), credentials.scheme());
            assert_eq!(read.secrets(), credentials.secrets());
            assert_eq!(read.to_sealable().expose_secret(), credentials.to_sealable().expose_secret());
            assert!(!format!("{credentials:?}").contains("secret-1"));
        }
        for broken in ["", "{}", r#"{"scheme":"BASIC","secret":"a"}"#, r#"{"scheme":"API_KEY"}"#] {
            assert!(Credentials::from_sealed(&secret(broken)).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_secret_fits_into_a_header() {
        assert!(Credentials::parse_secret("sk_live 1").is_ok());
        for text in ["", " a", "a ", "a\nb", "ä", &"a".repeat(10_001)] {
            assert!(Credentials::parse_secret(text).is_err(), "{text:?}");
        }
        assert!(Credentials::parse_text("").is_ok() && Credentials::parse_text("pässword").is_ok());
        assert!(Credentials::parse_text("a\nb").is_err());
    }
}
