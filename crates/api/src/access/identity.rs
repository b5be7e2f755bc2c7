//! From a credential to whoever it belongs to.

use axum::http::request::Parts;
use denizen_domain::{Account, Actor, Error, ExternalUser, KeyHolder, Password, Secret, Unauthenticated};
use denizen_persistence::account_tokens::{self, PasswordHolder, SignedIn};
use denizen_persistence::accounts::LogInCandidate;
use denizen_persistence::{Asker, api_keys, external_users, workspaces};

use super::credentials::Credential;
use super::{Access, log_in, session_cookie};
use crate::wire::context::RequestContext;
use crate::wire::error::ApiError;

/// Whoever a credential belongs to.
#[derive(Clone)]
pub(crate) enum Identity {
    /// A key.
    Key(KeyHolder),
    /// An external user.
    ExternalUser(Box<ExternalUser>),
    /// An account that is logged in.
    Account(Box<SignedIn>),
    /// An account that has sent its username and password.
    Person(Box<Person>),
}

/// An account, by whatever its holder has shown for it.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Who it is.
    pub(crate) account: Account,
    asker: Asker,
}

impl From<SignedIn> for Person {
    fn from(signed_in: SignedIn) -> Self {
        let SignedIn { account, token, .. } = signed_in;
        Self { account, asker: Asker::LoggedIn { token_id: token.id, right: None } }
    }
}

impl Person {
    /// Who asks, for changes, which look again at what the credential is worth.
    pub(crate) fn asker(&self) -> Asker {
        self.asker
    }
}

const UNKNOWN_KEY: Error = Error::Unauthenticated(Unauthenticated::UnknownKey);
const VOID_TOKEN: Error = Error::Unauthenticated(Unauthenticated::VoidToken);
const UNKNOWN_TOKEN: Error = Error::Unauthenticated(Unauthenticated::UnknownToken);
const WRONG_PASSWORD: Error = Error::Unauthenticated(Unauthenticated::WrongPassword);

impl Identity {
    /// Whoever sent a request, and how many requests a second their own workspace lets them make, where it says so.
    pub(crate) async fn find(
        access: &Access,
        parts: &Parts,
        context: &RequestContext,
    ) -> Result<(Self, Option<u32>), ApiError> {
        let credential = Credential::of(&parts.headers, context.contract)?;
        if credential.is_ambient() {
            session_cookie::require_same_site(&parts.method, &parts.headers, context)?;
        }
        let (key, public_key) = match credential {
            Credential::Key(secret) => (secret, None),
            Credential::KeyPair { public_key, secret } => (secret, Some(public_key)),
            Credential::AccessToken(token) => {
                let (user, own_limit) = holder_of_token(access, &token).await?;
                return Ok((Self::ExternalUser(Box::new(user)), own_limit));
            }
            Credential::AccountToken { secret, .. } => {
                let signed_in = signed_in(access, &secret).await?;
                let own_limit = signed_in.requests_per_second;
                return Ok((Self::Account(Box::new(signed_in)), own_limit));
            }
            Credential::Password { username, password } => {
                let (person, own_limit) = holder_of_password(access, context, &username, password).await?;
                return Ok((Self::Person(Box::new(person)), own_limit));
            }
        };
        let holder = holder_of_key(access, context, &key, public_key.as_deref()).await?;
        let own_limit = holder.requests_per_second;
        Ok((Self::Key(holder), own_limit))
    }

    /// Who it is, for the audit log.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::Key(holder) => Actor::ApiKey(holder.key_id),
            Self::ExternalUser(user) => Actor::ExternalUser(user.id),
            Self::Account(signed_in) => Actor::Account(signed_in.account.id),
            Self::Person(person) => Actor::Account(person.account.id),
        }
    }

    /// Notes who it is, for the log and for the headers of the answer.
    pub(crate) fn note(&self, context: &RequestContext) {
        let account = match self {
            Self::Key(holder) => {
                return context.set_caller(Some(holder.workspace_id), format!("key {}", holder.key_id));
            }
            Self::ExternalUser(user) => {
                return context.set_caller(Some(user.workspace_id), format!("external user {}", user.id));
            }
            Self::Account(signed_in) => &signed_in.account,
            Self::Person(person) => &person.account,
        };
        context.set_caller(account.home, format!("account {}", account.id));
        context.set_account_number(account.number);
    }
}

/// The holder of a key, with this public half where one was sent.
async fn holder_of_key(
    access: &Access,
    context: &RequestContext,
    secret: &Secret,
    public_key: Option<&str>,
) -> Result<KeyHolder, ApiError> {
    let now = access.source.clock.now();
    let holder = api_keys::authenticate(&mut access.database.read().await?, secret, now).await?;
    let is_pair =
        |holder: &KeyHolder| public_key.is_none_or(|public_key| holder.public_key.matches(public_key));
    let holder = holder.filter(is_pair).ok_or(UNKNOWN_KEY)?;
    access.key_usage.note(&holder, now, context.client_address);
    Ok(holder)
}

/// Whoever is logged in with a token, whose life is prolonged by that where it is that of a log-in.
async fn signed_in(access: &Access, secret: &Secret) -> Result<SignedIn, ApiError> {
    let now = access.source.clock.now();
    let signed_in = account_tokens::authenticate(&mut access.database.read().await?, secret, now).await?;
    let signed_in = signed_in.ok_or(UNKNOWN_TOKEN)?;
    let token = &signed_in.token;
    if let Some(end) = token.life.prolonged(token.expires_at, now) {
        account_tokens::prolong(&mut access.database.write().await?, token.id, end).await?;
    }
    Ok(signed_in)
}

/// The account of a username and a password, which is checked as for a log-in.
async fn holder_of_password(
    access: &Access,
    context: &RequestContext,
    username: &str,
    password: Password,
) -> Result<(Person, Option<u32>), ApiError> {
    let checked = log_in::check(access, context, username, password).await?;
    let LogInCandidate { account_id, password, .. } = checked;
    let fingerprint = password.ok_or(WRONG_PASSWORD)?.fingerprint();
    let connection = &mut access.database.read().await?;
    let holder = account_tokens::find_by_password(connection, account_id, fingerprint).await?;
    let PasswordHolder { account, requests_per_second } = holder.ok_or(WRONG_PASSWORD)?;
    Ok((Person { account, asker: Asker::Password { account_id, fingerprint } }, requests_per_second))
}

/// The user of a token that is genuine, in force, and not cut by blocking or deletion.
async fn holder_of_token(access: &Access, token: &str) -> Result<(ExternalUser, Option<u32>), ApiError> {
    let now = access.source.clock.now();
    let claims = access.tokens.verify(&access.database, now, token).await?.ok_or(VOID_TOKEN)?;
    let connection = &mut access.database.read().await?;
    let workspace = workspaces::find_in_use(connection, claims.aud).await?.ok_or(VOID_TOKEN)?;
    let user = external_users::find(connection, claims.aud, claims.sub).await?;
    let user = user.filter(|user| user.accepts_token_of(claims.iat, now)).ok_or(VOID_TOKEN)?;
    Ok((user, workspace.requests_per_second))
}
