//! Finds what an account presents, and asks for the next token in time.

use std::time::Duration;

use denizen_domain::{
    AuthConfig, Conflict, ConnectedAccount, ConnectedAccountId, ConnectionStatus, Credentials, Error, Origin,
    Resource, Result, Timestamp, WorkspaceId,
};
use denizen_persistence::connected_accounts::{self as accounts, StoredAccount};
use denizen_persistence::external_users;
use tokio::time::sleep;

use super::Connections;
use super::provider::{Provider, Refusal};

/// How long a server has the right to ask for the next token: longer than a system may take to answer.
const LEASE: Duration = Duration::from_secs(30);

/// How often a request looks whether another server has got the next token.
const GLANCE: Duration = Duration::from_millis(100);

/// How many times it looks.
const GLANCES: u32 = 150;

/// A connected account that can be used now.
pub(crate) struct Usable {
    /// The account.
    pub(crate) account: ConnectedAccount,
    /// How it was connected.
    pub(crate) config: AuthConfig,
    /// What it presents.
    pub(crate) credentials: Credentials,
    /// When that ends, if the system has said so.
    pub(crate) ends_at: Option<Timestamp>,
}

/// What came of asking for the next token.
enum Refreshed {
    /// It is stored.
    Stored,
    /// The system issues none any more.
    Ended,
    /// The system cannot be reached.
    NotNow(String),
    /// Another server asks.
    ByAnother,
    /// The system has issued nothing to ask with, and the token has not ended.
    Kept,
}

impl Connections {
    /// Returns an account with what it presents, fresh. Fails with [`Error::NotFound`] if it, or its user, is gone, with
    /// [`Error::Forbidden`] if its user is blocked, with [`Conflict::NotConnected`], and with [`Error::Unavailable`] if its token has
    /// ended and the system cannot be reached.
    pub(crate) async fn usable(&self, workspace_id: WorkspaceId, id: ConnectedAccountId) -> Result<Usable> {
        for _ in 0..GLANCES {
            let stored = self.require(workspace_id, id).await?;
            let now = self.source.clock.now();
            let ended = stored.life.is_some_and(|life| life.ends_at <= now);
            if stored.life.is_none_or(|life| now < life.refresh_at) {
                return self.opened(stored).await;
            }
            match self.clone().refresh(stored.clone()).await? {
                // Not looked at again: a system may issue tokens that end at once.
                Refreshed::Stored => return self.opened(self.require(workspace_id, id).await?).await,
                Refreshed::Ended => {
                    return Err(Error::Conflict(Conflict::NotConnected(ConnectionStatus::Expired)));
                }
                Refreshed::Kept => return self.opened(stored).await,
                Refreshed::NotNow(_) | Refreshed::ByAnother if !ended => return self.opened(stored).await,
                Refreshed::NotNow(reason) => {
                    return Err(Error::Unavailable(format!("the system of a connected account: {reason}")));
                }
                Refreshed::ByAnother => sleep(GLANCE).await,
            }
        }
        Err(Error::Unavailable("another server has not got the next token in time".to_owned()))
    }

    /// Finds an account that may be used.
    async fn require(&self, workspace_id: WorkspaceId, id: ConnectedAccountId) -> Result<StoredAccount> {
        let missing = || Error::not_found(Resource::ConnectedAccount, id);
        let connection = &mut self.database.read_by_key().await?;
        let stored = accounts::find_stored(connection, workspace_id, id).await?;
        let stored = stored.filter(|stored| stored.deleted_at.is_none()).ok_or_else(missing)?;
        let user = external_users::find(connection, workspace_id, stored.account.external_user_id).await?;
        user.ok_or_else(missing)?.require_unblocked(self.source.clock.now())?;
        stored.account.require_active()?;
        Ok(stored)
    }

    async fn opened(&self, stored: StoredAccount) -> Result<Usable> {
        let credentials = self.open(&stored)?;
        let credentials = credentials
            .ok_or_else(|| Error::Internal(format!("{} is active without credentials", stored.account.id)))?;
        let (config, _) = self.config_of(&stored.account).await?;
        Ok(Usable {
            config,
            credentials,
            ends_at: stored.life.map(|life| life.ends_at),
            account: stored.account,
        })
    }

    /// Finds the auth config of an account, with the sealed secret of its client.
    pub(super) async fn config_of(
        &self,
        account: &ConnectedAccount,
    ) -> Result<(AuthConfig, Option<Vec<u8>>)> {
        let connection = &mut self.database.read_by_key().await?;
        let (workspace_id, id) = (account.workspace_id, account.auth_config_id);
        let found = accounts::find_sealed_auth_config(connection, workspace_id, id).await?;
        found.ok_or_else(|| Error::not_found(Resource::AuthConfig, id))
    }

    /// Asks for the next token, if no other server does. Whoever waits for it may go away: the token that the system has issued is
    /// stored all the same.
    async fn refresh(self, stored: StoredAccount) -> Result<Refreshed> {
        let asked = tokio::spawn(async move { self.refresh_alone(&stored).await });
        asked.await.map_err(|error| Error::Internal(format!("asking for a token: {error}")))?
    }

    async fn refresh_alone(&self, stored: &StoredAccount) -> Result<Refreshed> {
        let now = self.source.clock.now();
        let until = now.plus(LEASE);
        let credentials = self.open(stored)?;
        let Some(tokens) = credentials.as_ref().and_then(Credentials::tokens) else {
            return Ok(Refreshed::Stored);
        };
        if tokens.refresh_token.is_none() {
            if stored.life.is_some_and(|life| life.ends_at > now) {
                return Ok(Refreshed::Kept);
            }
            return self
                .end(stored, "The token has ended, and the system has issued none to refresh it.")
                .await;
        }
        {
            let connection = &mut self.database.write_by_key().await?;
            if !accounts::take_refresh(connection, stored, now, until).await? {
                return Ok(Refreshed::ByAnother);
            }
        }
        let (config, sealed) = self.config_of(&stored.account).await?;
        let client_secret = self.open_client_secret(&config, sealed.as_ref())?;
        let provider = Provider::new(&self.client, &self.source, &config, client_secret)?;
        let (workspace_id, id) = (stored.account.workspace_id, stored.account.id);
        match provider.refresh(tokens).await? {
            Ok(tokens) => {
                let sealed = self.seal(workspace_id, id, &Credentials::OAuth2(tokens))?;
                let connection = &mut self.database.write_by_key().await?;
                accounts::store_refreshed(connection, stored, &sealed).await?;
                count("refreshed");
                Ok(Refreshed::Stored)
            }
            Err(refusal @ Refusal::Refused(_)) => self.end(stored, &refusal.reason()).await,
            Err(Refusal::Unreachable(reason)) => {
                tracing::warn!(connected_account = %id, cause = reason, "a token cannot be refreshed now");
                let connection = &mut self.database.write_by_key().await?;
                accounts::give_up_refresh(connection, workspace_id, id, until).await?;
                count("unreachable");
                Ok(Refreshed::NotNow(reason))
            }
        }
    }

    async fn end(&self, stored: &StoredAccount, reason: &str) -> Result<Refreshed> {
        let origin = Origin::server(self.source.clone());
        let connection = &mut self.database.write_by_key().await?;
        if !accounts::expire(connection, &origin, stored, reason).await? {
            return Ok(Refreshed::Stored);
        }
        count("refused");
        Ok(Refreshed::Ended)
    }

    /// Asks for the next token of an account, if it is time to. Returns when to look again; `None` if its token does not end.
    pub(super) async fn keep_fresh(&self, stored: StoredAccount) -> Result<Option<Timestamp>> {
        let Some(life) = stored.life.filter(|_| stored.account.connection == ConnectionStatus::Active) else {
            return Ok(None);
        };
        let now = self.source.clock.now();
        if now < life.refresh_at {
            return Ok(Some(life.refresh_at));
        }
        let (workspace_id, id) = (stored.account.workspace_id, stored.account.id);
        let later = now.plus(super::job::PAUSE);
        Ok(match self.clone().refresh(stored).await? {
            Refreshed::Stored => {
                let connection = &mut self.database.read_by_key().await?;
                let stored = accounts::find_stored(connection, workspace_id, id).await?;
                // A system may issue tokens that end at once.
                stored.and_then(|stored| stored.life).map(|life| life.refresh_at.max(later))
            }
            Refreshed::Ended => None,
            Refreshed::NotNow(_) | Refreshed::ByAnother => Some(later),
            Refreshed::Kept => Some(life.ends_at),
        })
    }
}

/// Counts what came of asking for a token.
fn count(outcome: &'static str) {
    metrics::counter!("denizen_token_refreshes_total", "outcome" => outcome).increment(1);
}
