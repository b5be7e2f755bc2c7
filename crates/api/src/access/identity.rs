//! From a credential to its holder.

use std::sync::Arc;

use axum::http::request::Parts;
use denizen_domain::{Account, Actor, Error, ExternalUser, KeyHolder, Password, Secret, Unauthenticated};
use denizen_persistence::account_tokens::{self, PasswordHolder, SignedIn};
use denizen_persistence::accounts::LogInCandidate;
use denizen_persistence::{Asker, ExternalUserName};

use super::credentials::Credential;
use super::{Access, cross_site, log_in};
use crate::wire::context::RequestContext;
use crate::wire::error::ApiError;

/// The holder of a credential.
#[derive(Clone)]
pub(crate) enum Identity {
    /// A key.
    Key(Arc<KeyHolder>),
    /// An external user.
    ExternalUser(Arc<ExternalUser>),
    /// A logged-in account.
    Account(Box<SignedIn>),
    /// An account that sent its username and password.
    Person(Box<Person>),
}

/// An account, whatever credential it used.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The account.
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
    /// The caller for writes, which verify its credential again.
    pub(crate) fn asker(&self) -> Asker {
        self.asker
    }
}

const UNKNOWN_KEY: Error = Error::Unauthenticated(Unauthenticated::UnknownKey);
const VOID_TOKEN: Error = Error::Unauthenticated(Unauthenticated::VoidToken);
const UNKNOWN_TOKEN: Error = Error::Unauthenticated(Unauthenticated::UnknownToken);
const WRONG_PASSWORD: Error = Error::Unauthenticated(Unauthenticated::WrongPassword);

impl Identity {
    /// Returns the caller, and the requests per second that its workspace allows, if the workspace sets a limit.
    pub(crate) async fn find(
        access: &Access,
        parts: &Parts,
        context: &RequestContext,
    ) -> Result<(Self, Option<u32>), ApiError> {
        let credential = Credential::of(&parts.headers, context.contract)?;
        if credential.is_ambient() {
            cross_site::require_intent(parts, context, &access.options.cors_origins)?;
        }
        let (key, public_key) = match credential {
            Credential::Key { secret, .. } => (secret, None),
            Credential::KeyPair { public_key, secret } => (secret, Some(public_key)),
            Credential::AccessToken(token) => {
                let (user, own_limit) = holder_of_token(access, &token).await?;
                return Ok((Self::ExternalUser(user), own_limit));
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

    /// Returns the audit log's actor.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::Key(holder) => Actor::ApiKey(holder.key_id),
            Self::ExternalUser(user) => Actor::ExternalUser(user.id),
            Self::Account(signed_in) => Actor::Account(signed_in.account.id),
            Self::Person(person) => Actor::Account(person.account.id),
        }
    }

    /// Records the caller for the log and the response headers.
    pub(crate) fn note(&self, context: &RequestContext) {
        let (workspace_id, account) = match self {
            Self::Key(holder) => (Some(holder.workspace_id), None),
            Self::ExternalUser(user) => (Some(user.workspace_id), None),
            Self::Account(signed_in) => (signed_in.account.home, Some(&signed_in.account)),
            Self::Person(person) => (person.account.home, Some(&person.account)),
        };
        context.set_caller(workspace_id, self.actor());
        if let Some(account) = account {
            context.set_account_number(account.number);
        }
    }
}

/// Returns the holder of a key; the public half must match if sent.
async fn holder_of_key(
    access: &Access,
    context: &RequestContext,
    secret: &Secret,
    public_key: Option<&str>,
) -> Result<Arc<KeyHolder>, ApiError> {
    let now = access.source.clock.now();
    let holder = access.cache.key_holder(secret, now).await?;
    let is_pair =
        |holder: &Arc<KeyHolder>| public_key.is_none_or(|public_key| holder.public_key.matches(public_key));
    let holder = holder.filter(is_pair).ok_or(UNKNOWN_KEY)?;
    access.key_usage.note(&holder, now, context.client_address);
    Ok(holder)
}

/// Returns the account of a token. Each use extends the lifetime of a login token.
async fn signed_in(access: &Access, secret: &Secret) -> Result<SignedIn, ApiError> {
    let now = access.source.clock.now();
    let signed_in =
        account_tokens::authenticate(&mut access.database.read_by_key().await?, secret, now).await?;
    let signed_in = signed_in.ok_or(UNKNOWN_TOKEN)?;
    let token = &signed_in.token;
    if let Some(end) = token.life.prolonged(token.expires_at, now) {
        account_tokens::prolong(&mut access.database.write_by_key().await?, token.id, end).await?;
    }
    Ok(signed_in)
}

/// Returns the account for a username and password, checked like a login.
async fn holder_of_password(
    access: &Access,
    context: &RequestContext,
    username: &str,
    password: Password,
) -> Result<(Person, Option<u32>), ApiError> {
    let checked = log_in::check(access, context, username, password).await?;
    let LogInCandidate { account_id, password, .. } = checked;
    let fingerprint = password.ok_or(WRONG_PASSWORD)?.fingerprint();
    let connection = &mut access.database.read_by_key().await?;
    let holder = account_tokens::find_by_password(connection, account_id, fingerprint).await?;
    let PasswordHolder { account, requests_per_second } = holder.ok_or(WRONG_PASSWORD)?;
    Ok((Person { account, asker: Asker::Password { account_id, fingerprint } }, requests_per_second))
}

/// Returns the user of a valid token that blocking or deletion has not revoked.
async fn holder_of_token(access: &Access, token: &str) -> Result<(Arc<ExternalUser>, Option<u32>), ApiError> {
    let now = access.source.clock.now();
    let claims = access.tokens.verify(&access.database, now, token).await?.ok_or(VOID_TOKEN)?;
    let workspace = access.cache.workspace_in_use(claims.aud).await?.ok_or(VOID_TOKEN)?;
    let user = access.cache.external_user(claims.aud, ExternalUserName::Id(claims.sub)).await?;
    let user =
        user.filter(|user| user.accepts_token_of(claims.generation, claims.iat, now)).ok_or(VOID_TOKEN)?;
    Ok((user, workspace.requests_per_second))
}
