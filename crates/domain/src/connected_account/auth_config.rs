//! How to connect to a system, and the fields of the ways to do so.

use serde::{Deserialize, Serialize};

use crate::primitives::text::{self, text_type};
use crate::primitives::{
    AuthConfigId, Coded, Position, Reason, SortKey, Timestamp, Violation, WorkspaceId, coded_texts,
};

/// How a system wants to be told who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthScheme {
    /// With a key in a header.
    ApiKey,
    /// With a user name and a password.
    Basic,
    /// With a token that somebody has made in the system.
    BearerToken,
    /// With tokens that the system issues once the user has agreed, by the authorization code grant of OAuth 2.0.
    OAuth2,
    /// Not at all.
    NoAuth,
}

impl Coded for AuthScheme {
    const ALL: &'static [Self] = &[Self::ApiKey, Self::Basic, Self::BearerToken, Self::OAuth2, Self::NoAuth];

    fn code(self) -> &'static str {
        match self {
            Self::ApiKey => "API_KEY",
            Self::Basic => "BASIC",
            Self::BearerToken => "BEARER_TOKEN",
            Self::OAuth2 => "OAUTH2",
            Self::NoAuth => "NO_AUTH",
        }
    }
}

coded_texts!(AuthScheme);

text_type! { @declare
    /// The short name of a system, such as `slack`: 1 to 100 of `a` to `z`, digits, `-`, `_` and `.`.
    Toolkit
}

impl Toolkit {
    /// Checks the name of a system. Capital letters become small ones.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        text::checked(text, &(1..=100))?;
        let name = text.to_ascii_lowercase();
        let is_allowed = |character: char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || "-_.".contains(character)
        };
        if !name.chars().all(is_allowed) {
            let message = "must consist of letters a to z, digits, hyphens, underscores and dots";
            return Err(Violation::new(Reason::InvalidCharacters, message));
        }
        Ok(Self(name))
    }
}

/// How a client of OAuth 2.0 proves to the token endpoint who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// With its id and secret in the header of a request.
    #[default]
    ClientSecretBasic,
    /// With its id and secret in the body.
    ClientSecretPost,
    /// Not at all: it has no secret.
    None,
}

/// Where tokens of OAuth 2.0 come from, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OAuthSettings {
    /// The id of the client that is registered with the system.
    pub client_id: String,
    /// How the client proves that it is that one.
    pub client_authentication: ClientAuthentication,
    /// Where users agree.
    pub authorization_url: String,
    /// Where codes and refresh tokens are exchanged for access tokens.
    pub token_url: String,
    /// Where tokens are revoked; `None` if the system cannot do so.
    pub revocation_url: Option<String>,
    /// What users agree to.
    pub scopes: Vec<String>,
    /// Whether codes are bound to a secret of the request that asked for them (PKCE with SHA-256).
    pub pkce: bool,
    /// Further parameters of the authorization request, such as `access_type=offline`.
    pub authorization_parameters: Vec<(String, String)>,
}

/// What of an auth config is no secret, beside its names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthSettings {
    /// Where the client of the system comes from, as it was sent. It changes nothing.
    pub kind: String,
    /// Where users may be sent on to once they have connected an account.
    pub callback_urls: Vec<String>,
    /// The hosts that steps of workflows may call with its connected accounts; any if empty.
    pub api_hosts: Vec<String>,
    /// The header that carries a key; `None` for other schemes.
    pub header_name: Option<String>,
    /// Where tokens come from; `None` for other schemes.
    pub oauth: Option<OAuthSettings>,
}

/// How the external users of a workspace connect to a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthConfig {
    /// Its id.
    pub id: AuthConfigId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// The system.
    pub toolkit: Toolkit,
    /// The name that people see.
    pub display_name: String,
    /// How the system is told who calls.
    pub scheme: AuthScheme,
    /// The rest.
    pub settings: AuthSettings,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl AuthSettings {
    /// Where clients come from unless something else was sent.
    pub const DEFAULT_KIND: &'static str = "use_custom_auth";

    /// Checks a kind: one line of 1 to 100 characters.
    pub fn parse_kind(text: &str) -> Result<String, Violation> {
        text::line(text, &(1..=100))
    }
}

impl AuthConfig {
    /// The most auth configs of a workspace.
    pub const MAXIMUM: usize = 500;

    /// The most entries of each list of its settings.
    pub const MAXIMUM_ENTRIES: usize = 50;

    /// The header that carries a key unless the auth config names another.
    pub const DEFAULT_HEADER: &'static str = "x-api-key";

    /// Checks a display name: one line of 1 to 250 characters.
    pub fn parse_display_name(text: &str) -> Result<String, Violation> {
        text::line(text, &(1..=250))
    }

    /// Checks the id of a client, or its secret: one line of 1 to 2,000 characters.
    pub fn parse_client_text(text: &str) -> Result<String, Violation> {
        text::line(text, &(1..=2_000))
    }

    /// Checks a scope of OAuth 2.0: 1 to 250 visible characters of ASCII without `"` and `\`, as RFC 6749 says.
    pub fn parse_scope(text: &str) -> Result<String, Violation> {
        text::checked(text, &(1..=250))?;
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
        if !text.bytes().all(is_allowed) {
            let message = "must have only scopes of visible ASCII characters, without spaces";
            return Err(Violation::new(Reason::InvalidCharacters, message));
        }
        Ok(text.to_owned())
    }

    /// Checks a host that steps may call, and returns it in the form in which it is compared: a name or an address, without a
    /// scheme, a port or a path.
    pub fn parse_host(text: &str) -> Result<String, Violation> {
        text::checked(text, &(1..=253))?;
        let broken = || Violation::new(Reason::InvalidFormat, "must have only hosts such as api.example.com");
        let url = url::Url::parse(&format!("https://{text}/")).map_err(|_| broken())?;
        let is_host = url.path() == "/" && url.port().is_none() && url.username().is_empty();
        let host = url.host_str().filter(|_| is_host && !text.contains(['/', '?', '#', '@', ':']));
        host.map(str::to_owned).ok_or_else(broken)
    }

    /// Returns whether steps may call a URL with its connected accounts.
    pub fn admits(&self, url: &str) -> bool {
        let hosts = &self.settings.api_hosts;
        let Ok(url) = url::Url::parse(url) else { return false };
        hosts.is_empty() || url.host_str().is_some_and(|host| hosts.iter().any(|known| known == host))
    }

    /// Returns whether users may be sent on to a URL.
    pub fn may_call_back(&self, url: &str) -> bool {
        self.settings.callback_urls.iter().any(|known| known == url)
    }

    /// Returns its position in lists.
    pub fn position(&self) -> Position {
        Position { key: SortKey::Time(self.created_at), id: self.id.as_uuid() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolkit_is_a_short_name() {
        for (text, name) in [("slack", "slack"), ("Google-Drive_2.0", "google-drive_2.0")] {
            assert_eq!(Toolkit::parse(text).unwrap().as_str(), name);
        }
        for text in ["", "a b", "a/b", "ä", &"a".repeat(101)] {
            assert!(Toolkit::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_alone() {
        for (text, host) in [
            ("api.example.com", "api.example.com"),
            ("API.Example.com", "api.example.com"),
            ("müller.example", "xn--mller-kva.example"),
            ("127.1", "127.0.0.1"),
        ] {
            assert_eq!(AuthConfig::parse_host(text).as_deref(), Ok(host), "{text}");
        }
        for text in ["", "a b", "https://a", "a:80", "a/b", "a?b", "a#b", "me@a", "a\\b"] {
            assert!(AuthConfig::parse_host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_scope_has_no_spaces() {
        for text in ["chat:write", "https://example.com/auth/drive.readonly", "a"] {
            assert!(AuthConfig::parse_scope(text).is_ok(), "{text}");
        }
        for text in ["", "a b", "a\"", "a\\", "ä", "a\n"] {
            assert!(AuthConfig::parse_scope(text).is_err(), "{text:?}");
        }
    }
}
