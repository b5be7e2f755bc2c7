//! Seals and opens what connected accounts present, and the secrets of clients.

use denizen_domain::{
    AccessTokenLife, AuthConfig, ConnectedAccountId, Credentials, Error, Result, SecretHash, WorkspaceId,
};
use denizen_persistence::connected_accounts::{SealedCredentials, StoredAccount};
use secrecy::{ExposeSecret as _, SecretString};

use super::Connections;
use crate::access::encryption::SealedAs;

impl Connections {
    /// Seals what an account presents.
    pub(crate) fn seal(
        &self,
        workspace_id: WorkspaceId,
        id: ConnectedAccountId,
        credentials: &Credentials,
    ) -> Result<SealedCredentials> {
        let text = credentials.to_sealable();
        let sealed_as = SealedAs::Credentials(workspace_id, id);
        let sealed = self.keys()?.seal(text.expose_secret().as_bytes(), sealed_as, &*self.source.ids)?;
        let now = self.source.clock.now();
        let ends_at = credentials.tokens().and_then(|tokens| tokens.ends_at);
        Ok(SealedCredentials { sealed, life: ends_at.map(|ends_at| AccessTokenLife::new(now, ends_at)) })
    }

    /// Opens what an account presents. `None` if it has nothing yet.
    pub(super) fn open(&self, stored: &StoredAccount) -> Result<Option<Credentials>> {
        let Some(sealed) = &stored.sealed else { return Ok(None) };
        let sealed_as = SealedAs::Credentials(stored.account.workspace_id, stored.account.id);
        Credentials::from_sealed(&text(self.keys()?.open(sealed, sealed_as)?)?).map(Some)
    }

    /// Seals the secret of an auth config's client.
    pub(crate) fn seal_client_secret(&self, config: &AuthConfig, secret: &SecretString) -> Result<Vec<u8>> {
        let sealed_as = SealedAs::ClientSecret(config.workspace_id, config.id);
        self.keys()?.seal(secret.expose_secret().as_bytes(), sealed_as, &*self.source.ids)
    }

    /// Opens the secret of an auth config's client. `None` if it has none.
    pub(super) fn open_client_secret(
        &self,
        config: &AuthConfig,
        sealed: Option<&Vec<u8>>,
    ) -> Result<Option<SecretString>> {
        let Some(sealed) = sealed else { return Ok(None) };
        let sealed_as = SealedAs::ClientSecret(config.workspace_id, config.id);
        text(self.keys()?.open(sealed, sealed_as)?).map(Some)
    }

    /// Seals the verifier of a code.
    pub(super) fn seal_verifier(
        &self,
        workspace_id: WorkspaceId,
        state: SecretHash,
        verifier: &str,
    ) -> Result<Vec<u8>> {
        let sealed_as = SealedAs::CodeVerifier(workspace_id, state);
        self.keys()?.seal(verifier.as_bytes(), sealed_as, &*self.source.ids)
    }

    /// Opens the verifier of a code.
    pub(super) fn open_verifier(
        &self,
        workspace_id: WorkspaceId,
        state: SecretHash,
        sealed: &[u8],
    ) -> Result<SecretString> {
        text(self.keys()?.open(sealed, SealedAs::CodeVerifier(workspace_id, state))?)
    }
}

fn text(opened: Vec<u8>) -> Result<SecretString> {
    let broken = |_| Error::Internal("a sealed secret is not UTF-8".to_owned());
    String::from_utf8(opened).map(Into::into).map_err(broken)
}
