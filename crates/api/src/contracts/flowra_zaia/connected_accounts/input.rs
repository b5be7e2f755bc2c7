//! The bodies of connected accounts.

use denizen_domain::{
    AuthConfig, AuthConfigId, AuthScheme, ConnectedAccount, ConnectedAccountChanges, ConnectedAccountId,
    Credentials, InvalidId, OAuthTokens, Reason, Result, Timestamp, Violation, Violations,
};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::ConnectedAccountAnswer;
use super::whose::parse_user;
use crate::contracts::flowra_zaia::nested::members;
use crate::contracts::samples;
use crate::wire::body::{Input, ObjectText};
use crate::wire::fields::Body;
use crate::wire::query::{invalid_id, timestamp};

/// A new connected account.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_connected_account)]
pub(crate) struct CreateConnectedAccount {
    /// Id of the auth config that says how to connect.
    #[schema(value_type = uuid::Uuid, required)]
    #[serde(default)]
    auth_config_id: Input<String>,
    /// The external user whose account it is: an id or a username. Not needed with `x-username`.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 250)]
    #[serde(default, rename = "eUID")]
    user: Input<String>,
    #[serde(flatten)]
    names: Names,
    /// What the account presents to the system. Not for `NO_AUTH`.
    #[schema(value_type = Option<NewCredentials>)]
    #[serde(default)]
    credentials: Input<ObjectText>,
}

impl Body for CreateConnectedAccount {
    type Record = ConnectedAccountAnswer;
}

/// Changes to a connected account. Absent fields stay unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::update_connected_account)]
pub(crate) struct UpdateConnectedAccount {
    #[serde(flatten)]
    names: Names,
    /// `true` ends its use at once, `false` allows it again.
    #[schema(value_type = bool)]
    #[serde(default)]
    is_disabled: Input<bool>,
    /// What the account presents from now on. Replaces the whole, and makes the account `ACTIVE`.
    #[schema(value_type = NewCredentials)]
    #[serde(default)]
    credentials: Input<ObjectText>,
}

impl Body for UpdateConnectedAccount {
    type Record = ConnectedAccountAnswer;
}

/// A link that connects an account.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::link_connected_account)]
pub(crate) struct LinkConnectedAccount {
    /// Id of the auth config, whose scheme is `OAUTH2`. Not needed with `connectedAccountId`.
    #[schema(value_type = Option<uuid::Uuid>)]
    #[serde(default)]
    auth_config_id: Input<String>,
    /// Where the user is sent on to: one of the auth config's `callbackUrls`. It gets the parameters `status` (`success` or
    /// `failed`), `connectedAccountId`, and `error` with the code of the system's error, if it refused.
    #[schema(value_type = String, required, format = "uri", max_length = 2_000)]
    #[serde(default)]
    callback_url: Input<String>,
    /// The account to connect again, such as one that has expired. If absent or null, the link makes a new one.
    #[schema(value_type = Option<uuid::Uuid>)]
    #[serde(default)]
    connected_account_id: Input<String>,
    /// The external user whose account it is: an id or a username. Not needed with `x-username`.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 250)]
    #[serde(default, rename = "eUID")]
    user: Input<String>,
    #[serde(flatten)]
    names: Names,
}

impl Body for LinkConnectedAccount {
    type Record = ();
}

/// What a connected account is called.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConnectedAccountNames)]
struct Names {
    /// The name that people see. Null is none.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 250)]
    #[serde(default)]
    display_name: Input<String>,
    /// What it is for, such as `work`. Null is none.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 250)]
    #[serde(default)]
    label: Input<String>,
}

impl Names {
    fn check(self, violations: &mut Violations) -> ConnectedAccountChanges {
        let Self { display_name, label } = self;
        ConnectedAccountChanges {
            display_name: display_name.optional(violations, "displayName", ConnectedAccount::parse_name),
            label: label.optional(violations, "label", ConnectedAccount::parse_name),
            is_disabled: None,
        }
    }
}

/// What an account presents: the fields of its auth config's scheme, and no others.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewCredentials {
    /// `API_KEY`: the key.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    api_key: Input<String>,
    /// `BASIC`: the user name.
    #[schema(value_type = Option<String>, max_length = 10_000)]
    #[serde(default)]
    username: Input<String>,
    /// `BASIC`: the password.
    #[schema(value_type = Option<String>, max_length = 10_000)]
    #[serde(default)]
    password: Input<String>,
    /// `BEARER_TOKEN`: the token.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    token: Input<String>,
    /// `OAUTH2`: an access token that was issued elsewhere.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    access_token: Input<String>,
    /// `OAUTH2`: the refresh token that was issued with it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    refresh_token: Input<String>,
    /// `OAUTH2`: when the access token ends.
    #[schema(value_type = Option<String>, format = "date-time")]
    #[serde(default)]
    expires_at: Input<String>,
}

/// The fields of credentials that were sent.
#[derive(Debug, Default)]
pub(super) struct SentCredentials {
    api_key: Option<SecretString>,
    username: Option<SecretString>,
    password: Option<SecretString>,
    token: Option<SecretString>,
    access_token: Option<SecretString>,
    refresh_token: Option<SecretString>,
    expires_at: Option<Timestamp>,
}

impl NewCredentials {
    fn check(self, violations: &mut Violations) -> SentCredentials {
        let Self { api_key, username, password, token, access_token, refresh_token, expires_at } = self;
        let secret = Credentials::parse_secret;
        SentCredentials {
            api_key: api_key.optional(violations, "apiKey", secret).value(),
            username: username.optional(violations, "username", Credentials::parse_username).value(),
            password: password.optional(violations, "password", Credentials::parse_text).value(),
            token: token.optional(violations, "token", secret).value(),
            access_token: access_token.optional(violations, "accessToken", secret).value(),
            refresh_token: refresh_token.optional(violations, "refreshToken", secret).value(),
            expires_at: expires_at.optional(violations, "expiresAt", timestamp).value(),
        }
    }
}

impl SentCredentials {
    /// Returns the credentials of a scheme. Adds a violation for each field that it lacks, and each that is another scheme's.
    pub(super) fn for_scheme(self, scheme: AuthScheme, violations: &mut Violations) -> Option<Credentials> {
        let Self { api_key, username, password, token, access_token, refresh_token, expires_at } = self;
        let fields = [
            ("apiKey", api_key.is_some(), AuthScheme::ApiKey, true),
            ("username", username.is_some(), AuthScheme::Basic, true),
            ("password", password.is_some(), AuthScheme::Basic, true),
            ("token", token.is_some(), AuthScheme::BearerToken, true),
            ("accessToken", access_token.is_some(), AuthScheme::OAuth2, true),
            ("refreshToken", refresh_token.is_some(), AuthScheme::OAuth2, false),
            ("expiresAt", expires_at.is_some(), AuthScheme::OAuth2, false),
        ];
        for (name, is_sent, owner, is_required) in fields {
            let field = format!("credentials.{name}");
            if is_sent && owner != scheme {
                let message = format!("is only for the scheme {owner}; that of the auth config is {scheme}");
                violations.add(&field, Violation::new(Reason::Mismatch, message));
            } else if !is_sent && owner == scheme && is_required {
                let message = format!("must be given for the scheme {scheme}");
                violations.add(&field, Violation::new(Reason::Required, message));
            }
        }
        Some(match scheme {
            AuthScheme::ApiKey => Credentials::ApiKey(api_key?),
            AuthScheme::BearerToken => Credentials::BearerToken(token?),
            AuthScheme::Basic => Credentials::Basic { username: username?, password: password? },
            AuthScheme::NoAuth => Credentials::NoAuth,
            AuthScheme::OAuth2 => Credentials::OAuth2(OAuthTokens {
                access_token: access_token?,
                refresh_token,
                scope: None,
                ends_at: expires_at,
            }),
        })
    }
}

/// A new account that is checked as far as it can be without its auth config.
#[derive(Debug)]
pub(super) struct CheckedAccount {
    pub(super) auth_config_id: AuthConfigId,
    pub(super) user: Option<String>,
    pub(super) changes: ConnectedAccountChanges,
    pub(super) credentials: SentCredentials,
}

impl CreateConnectedAccount {
    /// Validates all fields.
    pub(super) fn check(self, mut violations: Violations) -> Result<CheckedAccount> {
        let Self { auth_config_id, user, names, credentials } = self;
        let auth_config_id = auth_config_id.required(&mut violations, "authConfigId", id);
        let user = user.optional(&mut violations, "eUID", parse_user).value();
        let changes = names.check(&mut violations);
        let credentials = members(credentials, &mut violations, "credentials", NewCredentials::check);
        let checked = auth_config_id.map(|auth_config_id| CheckedAccount {
            auth_config_id,
            user,
            changes,
            credentials: credentials.unwrap_or_default(),
        });
        violations.into_value(checked)
    }
}

impl UpdateConnectedAccount {
    /// Validates all fields. Returns the credentials apart, if any were sent.
    pub(super) fn check(
        self,
        mut violations: Violations,
    ) -> Result<(ConnectedAccountChanges, Option<SentCredentials>)> {
        let Self { names, is_disabled, credentials } = self;
        let changes = ConnectedAccountChanges {
            is_disabled: is_disabled.not_null(&mut violations, "isDisabled", |value| Ok(*value)),
            ..names.check(&mut violations)
        };
        let credentials = members(credentials, &mut violations, "credentials", NewCredentials::check);
        violations.into_result((changes, credentials))
    }
}

/// What a link is to connect.
#[derive(Debug)]
pub(super) enum Linked {
    /// A new account.
    New(AuthConfigId),
    /// One that is there.
    Again(ConnectedAccountId),
}

/// A link that is checked as far as it can be without its auth config.
#[derive(Debug)]
pub(super) struct CheckedLink {
    pub(super) linked: Linked,
    pub(super) callback_url: String,
    pub(super) user: Option<String>,
    pub(super) changes: ConnectedAccountChanges,
}

impl LinkConnectedAccount {
    /// Validates all fields.
    pub(super) fn check(self, mut violations: Violations) -> Result<CheckedLink> {
        let Self { auth_config_id, callback_url, connected_account_id, user, names } = self;
        let config = auth_config_id.optional(&mut violations, "authConfigId", id).value();
        let account = connected_account_id.optional(&mut violations, "connectedAccountId", id).value();
        let callback_url = callback_url.required(&mut violations, "callbackUrl", |text| Ok(text.to_owned()));
        let user = user.optional(&mut violations, "eUID", parse_user).value();
        let changes = names.check(&mut violations);
        let linked = match (config, account) {
            (Some(config), None) => Some(Linked::New(config)),
            (None, Some(account)) => Some(Linked::Again(account)),
            (None, None) => {
                if violations.is_empty() {
                    let message = "must be given, unless connectedAccountId is";
                    violations.add("authConfigId", Violation::new(Reason::Required, message));
                }
                None
            }
            (Some(_), Some(_)) => {
                let message = "must not be given together with authConfigId";
                violations.add("connectedAccountId", Violation::new(Reason::Mismatch, message));
                None
            }
        };
        let link = linked.zip(callback_url);
        violations.into_value(link.map(|(linked, callback_url)| CheckedLink {
            linked,
            callback_url,
            user,
            changes,
        }))
    }
}

/// Fails unless users may be sent on to a URL.
pub(super) fn require_callback(config: &AuthConfig, url: &str) -> Result<()> {
    let mut violations = Violations::new();
    if config.scheme != AuthScheme::OAuth2 {
        let message =
            format!("must be that of an auth config with the scheme OAUTH2, unlike {}", config.scheme);
        violations.add("authConfigId", Violation::new(Reason::Mismatch, message));
    } else if !config.may_call_back(url) {
        let message = "must be one of the callbackUrls of the auth config";
        violations.add("callbackUrl", Violation::new(Reason::Mismatch, message));
    }
    violations.into_result(())
}

fn id<T: std::str::FromStr<Err = InvalidId>>(text: &str) -> Result<T, Violation> {
    text.parse().map_err(|InvalidId| invalid_id())
}
