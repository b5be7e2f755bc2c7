//! What a request carries to show whose account it uses.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use denizen_domain::{
    AuthConfig, Conflict, Credentials, Error, ExternalUserId, Resource, Result, Toolkit, WorkspaceId,
};
use denizen_persistence::connected_accounts as accounts;
use secrecy::{ExposeSecret as _, SecretString};

use super::Connections;
use super::tokens::Usable;

/// The header that a request carries.
#[derive(Debug)]
pub(crate) struct Presented {
    /// Its name.
    pub(crate) name: HeaderName,
    /// What comes before the secret: `Bearer` or `Basic`, or nothing.
    pub(crate) kind: &'static str,
    /// The secret.
    pub(crate) secret: SecretString,
}

impl Presented {
    /// Returns the value of the header.
    pub(crate) fn value(&self) -> Result<HeaderValue> {
        let text = format!("{} {}", self.kind, self.secret.expose_secret());
        let unfit = |_| Error::Internal("the secret of a connected account fits into no header".to_owned());
        let mut value = HeaderValue::from_str(text.trim_start()).map_err(unfit)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Returns the header that a request carries with these credentials. `None` if they are none.
pub(crate) fn presented(config: &AuthConfig, credentials: &Credentials) -> Result<Option<Presented>> {
    let bearer =
        |secret: &SecretString| Presented { name: AUTHORIZATION, kind: "Bearer", secret: secret.clone() };
    Ok(match credentials {
        Credentials::NoAuth => None,
        Credentials::BearerToken(token) => Some(bearer(token)),
        Credentials::OAuth2(tokens) => Some(bearer(&tokens.access_token)),
        Credentials::Basic { username, password } => {
            let pair = format!("{}:{}", username.expose_secret(), password.expose_secret());
            Some(Presented { name: AUTHORIZATION, kind: "Basic", secret: STANDARD.encode(pair).into() })
        }
        Credentials::ApiKey(key) => {
            let name = config.settings.header_name.as_deref().unwrap_or(AuthConfig::DEFAULT_HEADER);
            let unfit = |_| Error::Internal(format!("the auth config {} names no header", config.id));
            let name = HeaderName::try_from(name).map_err(unfit)?;
            Some(Presented { name, kind: "", secret: key.clone() })
        }
    })
}

impl Connections {
    /// Returns the account that a step of a workflow names, with what it presents: by its id, or by the system. It must belong to the
    /// user in whose name the execution runs. Fails like [`usable`](Self::usable).
    pub(crate) async fn usable_by_name(
        &self,
        workspace_id: WorkspaceId,
        user_id: ExternalUserId,
        name: &str,
    ) -> Result<Usable> {
        let missing = || Error::not_found(Resource::ConnectedAccount, name);
        let found = {
            let connection = &mut self.database.read_by_key().await?;
            if let Ok(id) = name.parse() {
                accounts::find(connection, workspace_id, id).await?
            } else {
                let toolkit = Toolkit::parse(name).map_err(|_| missing())?;
                accounts::find_for_user(connection, workspace_id, user_id, &toolkit).await?
            }
        };
        // Whose it is comes first: nothing is learned of another user's account.
        let account = found.filter(|account| account.external_user_id == user_id).ok_or_else(missing)?;
        self.usable(workspace_id, account.id).await
    }
}

impl Usable {
    /// Returns the header that a request carries. Fails with [`Conflict::NoCredentials`] if it carries none.
    pub(crate) fn require_presented(&self) -> Result<Presented> {
        presented(&self.config, &self.credentials)?.ok_or(Error::Conflict(Conflict::NoCredentials))
    }
}
