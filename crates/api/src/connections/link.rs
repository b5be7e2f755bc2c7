//! Links: a user opens one in a browser, agrees at the other system, and comes back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use denizen_domain::{
    AuthConfig, ConnectedAccount, ConnectionLinkId, Credentials, Origin, Reach, Result, Secret, SecretHash,
    Status, Timestamp, WorkspaceId,
};
use denizen_persistence::connected_accounts::{self as accounts, NewLink, Opening, UsedLink};
use denizen_persistence::{external_users, workspaces};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::Connections;
use super::provider::{Provider, code_of};

/// How long a link can be opened, and its user may take to agree.
pub(crate) const LINK_LIFE: Duration = Duration::from_mins(10);

/// A secret that names its workspace, so that it is looked for only there.
#[derive(Debug, Clone)]
pub(crate) struct LinkToken {
    workspace_id: WorkspaceId,
    secret: Secret,
}

impl LinkToken {
    fn generate(workspace_id: WorkspaceId, random: [u8; 32]) -> Self {
        let bytes = [&workspace_id.as_uuid().as_bytes()[..], &random].concat();
        Self { workspace_id, secret: Secret::presented(&URL_SAFE_NO_PAD.encode(bytes)) }
    }

    /// Reads what a request presents. `None` if it cannot be one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 48] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let workspace_id = Uuid::from_slice(&bytes[..16]).ok()?;
        Some(Self { workspace_id: WorkspaceId::from_uuid(workspace_id), secret: Secret::presented(text) })
    }

    /// Returns the text, to show it once.
    pub(crate) fn expose(&self) -> &str {
        self.secret.expose()
    }

    fn hash(&self) -> SecretHash {
        self.secret.hash()
    }
}

/// A link, and what is stored of it.
pub(crate) struct MadeLink {
    /// What the URL ends with.
    pub(crate) token: LinkToken,
    /// What is stored.
    pub(crate) stored: NewLink,
}

/// What a browser brings back from the other system.
pub(crate) struct Comeback<'a> {
    /// The state that it took there.
    pub(crate) state: &'a LinkToken,
    /// What only the browser has that opened the link.
    pub(crate) browser: &'a Secret,
    /// The code, or the code of an error.
    pub(crate) answer: Result<&'a str, &'a str>,
}

impl Connections {
    /// Makes a link.
    pub(crate) fn new_link(&self, workspace_id: WorkspaceId, callback_url: String) -> MadeLink {
        let token = LinkToken::generate(workspace_id, self.source.ids.random_bytes());
        let stored = NewLink {
            id: ConnectionLinkId::from_uuid(self.source.ids.uuid()),
            token_hash: token.hash(),
            callback_url,
            expires_at: self.expiry(),
        };
        MadeLink { token, stored }
    }

    fn expiry(&self) -> Timestamp {
        self.source.clock.now().plus(LINK_LIFE)
    }

    /// Returns a secret that only one browser has.
    pub(crate) fn new_browser(&self) -> Secret {
        Secret::generate("", &*self.source.ids)
    }

    /// Opens a link for a browser, and returns where the user agrees. `None` if the link cannot be opened: there is none, it was
    /// opened before, it has expired, or its user may not use it.
    pub(crate) async fn open_link(
        &self,
        origin: &Origin,
        token: &LinkToken,
        browser: &Secret,
        redirect_url: String,
    ) -> Result<Option<Url>> {
        let workspace_id = token.workspace_id;
        let state = LinkToken::generate(workspace_id, self.source.ids.random_bytes());
        let verifier = URL_SAFE_NO_PAD.encode(self.source.ids.random_bytes());
        let opening = Opening {
            state_hash: state.hash(),
            browser_hash: browser.hash(),
            verifier: self.seal_verifier(workspace_id, state.hash(), &verifier)?,
            redirect_url: redirect_url.clone(),
        };
        let account = {
            let connection = &mut self.database.write_by_key().await?;
            accounts::open(connection, origin, workspace_id, token.hash(), &opening).await?
        };
        let Some(account) = account else { return Ok(None) };
        let (config, _) = self.config_of(&account).await?;
        if !self.may_connect(workspace_id, &account).await? {
            return Ok(None);
        }
        let provider = Provider::new(&self.client, &self.source, &config, None)?;
        provider.authorization_url(&redirect_url, state.expose(), &verifier).map(Some)
    }

    /// Returns whether the workspace is active, and the user is neither deleted nor blocked.
    async fn may_connect(&self, workspace_id: WorkspaceId, account: &ConnectedAccount) -> Result<bool> {
        let connection = &mut self.database.read_by_key().await?;
        let workspace = workspaces::find_within(connection, Reach::Everywhere, workspace_id).await?;
        if workspace.is_none_or(|workspace| workspace.status != Status::Active) {
            return Ok(false);
        }
        let user = external_users::find(connection, workspace_id, account.external_user_id).await?;
        Ok(user.is_some_and(|user| user.require_unblocked(self.source.clock.now()).is_ok()))
    }

    /// Ends the way of a link: exchanges the code, stores the tokens, and returns where the user is sent on to. `None` if the browser
    /// brings back what belongs to no link that it has opened, or that was brought back before.
    pub(crate) async fn come_back(&self, origin: &Origin, comeback: Comeback<'_>) -> Result<Option<Url>> {
        let Comeback { state, browser, answer } = comeback;
        let workspace_id = state.workspace_id;
        let used = {
            let connection = &mut self.database.write_by_key().await?;
            let now = self.source.clock.now();
            accounts::use_up(connection, now, workspace_id, state.hash(), browser.hash()).await?
        };
        let Some(used) = used else { return Ok(None) };
        let outcome = match answer {
            Err(code) => Err(format!("The system refused: {}.", code_of(code))),
            Ok(_) if !self.may_connect(workspace_id, &used.account).await? => {
                Err("The external user is blocked or deleted.".to_owned())
            }
            Ok(code) => {
                let verifier = self.open_verifier(workspace_id, state.hash(), &used.verifier)?;
                self.connect(origin, &used, code, &verifier).await?
            }
        };
        let id = used.account.id;
        if let Err(reason) = &outcome {
            let connection = &mut self.database.write_by_key().await?;
            accounts::fail(connection, origin, workspace_id, id, reason).await?;
        }
        let Ok(mut url) = Url::parse(&used.callback_url) else { return Ok(None) };
        let status = if outcome.is_ok() { "success" } else { "failed" };
        url.query_pairs_mut()
            .append_pair("status", status)
            .append_pair("connectedAccountId", &id.to_string());
        if let (Err(_), Err(code)) = (&outcome, answer) {
            url.query_pairs_mut().append_pair("error", &code_of(code));
        }
        Ok(Some(url))
    }

    /// Exchanges a code for tokens, and stores them. Returns why there are none, in a sentence.
    async fn connect(
        &self,
        origin: &Origin,
        used: &UsedLink,
        code: &str,
        verifier: &SecretString,
    ) -> Result<Result<(), String>> {
        let (config, sealed): (AuthConfig, _) = self.config_of(&used.account).await?;
        let client_secret = self.open_client_secret(&config, sealed.as_ref())?;
        let provider = Provider::new(&self.client, &self.source, &config, client_secret)?;
        let tokens = match provider.exchange(code, &used.redirect_url, verifier).await? {
            Ok(tokens) => tokens,
            Err(refusal) => return Ok(Err(refusal.reason())),
        };
        let (workspace_id, id) = (used.account.workspace_id, used.account.id);
        let sealed = self.seal(workspace_id, id, &Credentials::OAuth2(tokens.clone()))?;
        let connected = {
            let connection = &mut self.database.write_by_key().await?;
            accounts::connect(connection, origin, workspace_id, id, &sealed).await?
        };
        if connected.is_some() {
            return Ok(Ok(()));
        }
        // The account was deleted during the exchange, and nothing else knows these tokens.
        if let Err(refusal) = provider.revoke_all(&tokens).await {
            tracing::warn!(connected_account = %id, ?refusal, "the tokens of a deleted account cannot be revoked");
        }
        Ok(Err("The connected account was deleted.".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_workspace_and_nothing_else_is_one() {
        let id = WorkspaceId::from_uuid(Uuid::from_u128(7));
        let token = LinkToken::generate(id, [9; 32]);
        let read = LinkToken::read(token.expose()).unwrap();
        assert_eq!((read.workspace_id, read.hash()), (id, token.hash()));
        for text in ["", "a", &token.expose()[1..], &format!("{}A", token.expose()), "/", "ä"] {
            assert!(LinkToken::read(text).is_none(), "{text}");
        }
    }
}
