//! The body that creates an auth config.

use axum::http::HeaderName;
use denizen_domain::{
    AuthConfig, AuthScheme, AuthSettings, ClientAuthentication, Credentials, OAuthSettings, Reason, Result,
    Toolkit, Violation, Violations,
};
use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::AuthConfigAnswer;
use crate::contracts::flowra_zaia::nested::{members, required_members, strings};
use crate::contracts::samples;
use crate::outgoing::{check_header, check_url};
use crate::wire::body::{Input, ObjectText};
use crate::wire::fields::Body;

/// How external users connect to a system.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_auth_config)]
pub(crate) struct CreateAuthConfig {
    /// The system.
    #[schema(value_type = NamedToolkit, required)]
    #[serde(default)]
    toolkit: Input<ObjectText>,
    /// How to connect to it.
    #[schema(value_type = NewAuthConfig, required)]
    #[serde(default)]
    auth_config: Input<ObjectText>,
}

impl Body for CreateAuthConfig {
    type Record = AuthConfigAnswer;
}

/// A system.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct NamedToolkit {
    /// Its short name: letters a to z, digits, `-`, `_` and `.`.
    #[schema(value_type = String, required, min_length = 1, max_length = 100, example = "slack")]
    #[serde(default)]
    slug: Input<String>,
}

/// How to connect to a system.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewAuthConfig {
    /// Where the client of the system comes from: `use_custom_auth` if absent or null. The server has none of its own, so this
    /// changes nothing.
    #[schema(value_type = Option<String>, max_length = 100)]
    #[serde(default, rename = "type")]
    kind: Input<String>,
    /// How the system is told who calls: `API_KEY`, `BASIC`, `BEARER_TOKEN`, `OAUTH2` or `NO_AUTH`.
    #[schema(value_type = String, required)]
    #[serde(default)]
    auth_scheme: Input<String>,
    /// The name that people see. If absent or null, the name of the system.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 250)]
    #[serde(default)]
    display_name: Input<String>,
    /// Where users may be sent on to once they have connected an account: `callbackUrl` of a link is one of these, letter by
    /// letter. Only for `OAUTH2`.
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    #[serde(default)]
    callback_urls: Input<Vec<Value>>,
    /// The hosts that steps of workflows may call with its connected accounts, such as `api.example.com`. Any if empty or null:
    /// then whoever makes workflows can send what accounts present to systems of their own.
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    #[serde(default)]
    api_hosts: Input<Vec<Value>>,
    /// The header that carries the key: `x-api-key` if absent or null. Only for `API_KEY`.
    #[schema(value_type = Option<String>, max_length = 100)]
    #[serde(default)]
    header_name: Input<String>,
    /// The client of the system. Required for `OAUTH2`, and only for it.
    #[schema(value_type = Option<NewClient>)]
    #[serde(default)]
    credentials: Input<ObjectText>,
}

/// The client of a system that speaks OAuth 2.0.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewClient {
    /// Its id at the system.
    #[schema(value_type = String, required, min_length = 1, max_length = 2_000)]
    #[serde(default)]
    client_id: Input<String>,
    /// Its secret. Absent or null for a client that has none.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2_000)]
    #[serde(default)]
    client_secret: Input<String>,
    /// How it proves that it is that one: `client_secret_basic`, `client_secret_post` or `none`. If absent or null,
    /// `client_secret_basic`, or `none` without a secret.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    client_authentication: Input<String>,
    /// Where users agree: an `https` URL.
    #[schema(value_type = String, required, format = "uri", max_length = 2_000)]
    #[serde(default)]
    authorization_url: Input<String>,
    /// Where codes and refresh tokens are exchanged for access tokens: an `https` URL that leads to a public address.
    #[schema(value_type = String, required, format = "uri", max_length = 2_000)]
    #[serde(default)]
    token_url: Input<String>,
    /// Where tokens are revoked (RFC 7009). Absent or null if the system cannot do so.
    #[schema(value_type = Option<String>, format = "uri", max_length = 2_000)]
    #[serde(default)]
    revocation_url: Input<String>,
    /// What users agree to.
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    #[serde(default)]
    scopes: Input<Vec<Value>>,
    /// Whether codes are bound to a secret of the request that asked for them (RFC 7636); true if absent or null. Only systems that
    /// refuse such requests need `false`.
    #[schema(value_type = Option<bool>)]
    #[serde(default)]
    pkce: Input<bool>,
    /// Further parameters of the URL at which users agree: an object of texts, such as `{"access_type": "offline"}`.
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    #[serde(default)]
    authorization_parameters: Input<ObjectText>,
}

/// An auth config that is checked, without its id.
#[derive(Debug)]
pub(super) struct CheckedAuthConfig {
    pub(super) toolkit: Toolkit,
    pub(super) display_name: String,
    pub(super) scheme: AuthScheme,
    pub(super) settings: AuthSettings,
    pub(super) client_secret: Option<SecretString>,
}

/// What may be sent for a scheme.
struct Parts {
    kind: String,
    scheme: Option<AuthScheme>,
    display_name: Option<String>,
    callback_urls: Vec<String>,
    api_hosts: Vec<String>,
    header_name: Option<String>,
    has_client: bool,
    client: Option<(OAuthSettings, Option<SecretString>)>,
}

impl CreateAuthConfig {
    /// Validates all fields.
    pub(super) fn check(self, mut violations: Violations, opened: &[IpNet]) -> Result<CheckedAuthConfig> {
        let Self { toolkit, auth_config } = self;
        let toolkit =
            required_members(toolkit, &mut violations, "toolkit", |named: NamedToolkit, violations| {
                named.slug.required(violations, "slug", Toolkit::parse)
            });
        let parts = required_members(
            auth_config,
            &mut violations,
            "authConfig",
            |config: NewAuthConfig, violations| config.check(violations, opened),
        );
        let checked = checked(toolkit.flatten(), parts, &mut violations);
        violations.into_value(checked)
    }
}

/// Returns the whole, if nothing is missing and everything belongs to the scheme.
fn checked(
    toolkit: Option<Toolkit>,
    parts: Option<Parts>,
    violations: &mut Violations,
) -> Option<CheckedAuthConfig> {
    let Parts { kind, scheme, display_name, callback_urls, api_hosts, header_name, has_client, client } =
        parts?;
    let scheme = scheme?;
    let mut refuse = |field: &str, is_sent: bool, owner: AuthScheme| {
        if is_sent && scheme != owner {
            let message = format!("is only for the scheme {owner}");
            violations.add(&format!("authConfig.{field}"), Violation::new(Reason::Mismatch, message));
        }
    };
    refuse("callbackUrls", !callback_urls.is_empty(), AuthScheme::OAuth2);
    refuse("headerName", header_name.is_some(), AuthScheme::ApiKey);
    refuse("credentials", has_client, AuthScheme::OAuth2);
    if scheme == AuthScheme::OAuth2 && !has_client {
        let message = "must be given for the scheme OAUTH2";
        violations.add("authConfig.credentials", Violation::new(Reason::Required, message));
    }
    let header_name =
        header_name.or_else(|| (scheme == AuthScheme::ApiKey).then(|| AuthConfig::DEFAULT_HEADER.to_owned()));
    let (oauth, client_secret) = client.unzip();
    let toolkit = toolkit?;
    Some(CheckedAuthConfig {
        display_name: display_name.unwrap_or_else(|| toolkit.to_string()),
        toolkit,
        scheme,
        settings: AuthSettings { kind, callback_urls, api_hosts, header_name, oauth },
        client_secret: client_secret.flatten(),
    })
}

impl NewAuthConfig {
    fn check(self, violations: &mut Violations, opened: &[IpNet]) -> Parts {
        let Self { kind, auth_scheme, display_name, callback_urls, api_hosts, header_name, credentials } =
            self;
        let kind = kind.optional(violations, "type", AuthSettings::parse_kind).value();
        Parts {
            kind: kind.unwrap_or_else(|| AuthSettings::DEFAULT_KIND.to_owned()),
            scheme: auth_scheme.required(violations, "authScheme", str::parse),
            display_name: display_name
                .optional(violations, "displayName", AuthConfig::parse_display_name)
                .value(),
            callback_urls: callback_urls
                .optional(violations, "callbackUrls", |entries| strings(entries, callback_url))
                .value()
                .unwrap_or_default(),
            api_hosts: api_hosts
                .optional(violations, "apiHosts", |entries| strings(entries, AuthConfig::parse_host))
                .value()
                .unwrap_or_default(),
            header_name: header_name.optional(violations, "headerName", header).value(),
            has_client: !matches!(credentials, Input::Absent | Input::Null),
            client: members(credentials, violations, "credentials", |client: NewClient, violations| {
                client.check(violations, opened)
            })
            .flatten(),
        }
    }
}

impl NewClient {
    fn check(
        self,
        violations: &mut Violations,
        opened: &[IpNet],
    ) -> Option<(OAuthSettings, Option<SecretString>)> {
        let Self {
            client_id,
            client_secret,
            client_authentication,
            authorization_url,
            token_url,
            revocation_url,
            scopes,
            pkce,
            authorization_parameters,
        } = self;
        let client_secret = client_secret.optional(violations, "clientSecret", |text| {
            AuthConfig::parse_client_text(text).map(SecretString::from)
        });
        let client_secret = client_secret.value();
        let asked =
            client_authentication.optional(violations, "clientAuthentication", authentication).value();
        let client_authentication = asked.unwrap_or(match client_secret {
            Some(_) => ClientAuthentication::ClientSecretBasic,
            None => ClientAuthentication::None,
        });
        if (client_authentication == ClientAuthentication::None) == client_secret.is_some() {
            let message = "must be given if the client has a secret, and only then";
            violations.add("clientSecret", Violation::new(Reason::Mismatch, message));
        }
        let url = |text: &str| check_url(text, opened);
        let client_id = client_id.required(violations, "clientId", AuthConfig::parse_client_text);
        let authorization_url = authorization_url.required(violations, "authorizationUrl", url);
        let token_url = token_url.required(violations, "tokenUrl", url);
        let revocation_url = revocation_url.optional(violations, "revocationUrl", url).value();
        let scopes = scopes
            .optional(violations, "scopes", |entries| strings(entries, AuthConfig::parse_scope))
            .value();
        let pkce = pkce.optional(violations, "pkce", |value| Ok(*value)).value();
        let parameters =
            authorization_parameters.optional(violations, "authorizationParameters", parameters).value();
        let settings = OAuthSettings {
            client_id: client_id?,
            client_authentication,
            authorization_url: authorization_url?,
            token_url: token_url?,
            revocation_url,
            scopes: scopes.unwrap_or_default(),
            pkce: pkce.unwrap_or(true),
            authorization_parameters: parameters.unwrap_or_default(),
        };
        Some((settings, client_secret))
    }
}

/// Checks a URL that users are sent on to. It may lead anywhere: whoever may register it sends users there.
fn callback_url(text: &str) -> Result<String, Violation> {
    let broken =
        || Violation::new(Reason::InvalidFormat, "must have only http or https URLs without a fragment");
    let url = url::Url::parse(text).map_err(|_| broken())?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    let is_plain = url.password().is_none() && url.fragment().is_none();
    let is_clean = !text.contains(|character: char| character.is_whitespace() || character.is_control());
    if !(is_web && is_plain && is_clean) || text.chars().count() > 2_000 {
        return Err(broken());
    }
    Ok(text.to_owned())
}

fn header(text: &str) -> Result<String, Violation> {
    let broken = |message: String| Violation::new(Reason::InvalidFormat, message);
    let name = HeaderName::try_from(text).map_err(|_| broken("must be the name of a header".to_owned()))?;
    check_header(name.as_str(), "a").map_err(|error| broken(error.to_string()))?;
    Credentials::parse_secret(text).map(|name| name.expose_secret().to_ascii_lowercase())
}

fn authentication(text: &str) -> Result<ClientAuthentication, Violation> {
    match text {
        "client_secret_basic" => Ok(ClientAuthentication::ClientSecretBasic),
        "client_secret_post" => Ok(ClientAuthentication::ClientSecretPost),
        "none" => Ok(ClientAuthentication::None),
        _ => {
            let message = "must be client_secret_basic, client_secret_post or none";
            Err(Violation::new(Reason::Unknown, message))
        }
    }
}

/// What the server itself sends when users are asked to agree.
const OWN_PARAMETERS: [&str; 7] = [
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
];

fn parameters(text: &str) -> Result<Vec<(String, String)>, Violation> {
    let broken = |message: &str| Violation::new(Reason::InvalidType, message);
    let pairs: indexmap::IndexMap<String, Value> =
        serde_json::from_str(text).map_err(|_| broken("must be an object"))?;
    if pairs.len() > AuthConfig::MAXIMUM_ENTRIES {
        return Err(Violation::new(Reason::TooLong, "must have at most 50 members"));
    }
    let pair = |(name, value): (String, Value)| {
        let Value::String(value) = value else { return Err(broken("must have only texts")) };
        if OWN_PARAMETERS.contains(&name.as_str()) {
            return Err(Violation::new(
                Reason::Mismatch,
                format!("must not have {name}, which the server sets"),
            ));
        }
        if name.is_empty() || name.chars().count() + value.chars().count() > 2_000 {
            return Err(Violation::new(
                Reason::TooLong,
                "must have names and texts of at most 2,000 characters",
            ));
        }
        Ok((name, value))
    };
    pairs.into_iter().map(pair).collect()
}
