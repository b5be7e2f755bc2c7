//! The job of a connected account: fresh tokens, links that end, and revocation.

use std::time::Duration;

use denizen_domain::{ConnectedAccountId, Credentials, Error, Job, Origin, Result, Timestamp, WorkspaceId};
use denizen_persistence::connected_accounts::{self as accounts, StoredAccount};
use denizen_persistence::jobs::Ending;

use super::provider::{Provider, Refusal};
use super::{Connections, LINK_LIFE};

/// How long the job waits before it tries again what has failed for now.
pub(super) const PAUSE: Duration = Duration::from_mins(1);

/// How long a system that cannot be reached is asked to revoke a token.
const REVOKED_WITHIN: Duration = Duration::from_hours(24);

impl Connections {
    /// Does what is due for an account, and returns when to go on.
    pub(crate) async fn keep(&self, job: &Job) -> Result<Ending> {
        let broken = |_| Error::Internal(format!("the job {} is about no connected account", job.id));
        let id: ConnectedAccountId = job.object_id.parse().map_err(broken)?;
        let Some(stored) = self.stored(job.workspace_id, id).await? else { return Ok(Ending::Succeeded) };
        let next = if let Some(deleted_at) = stored.deleted_at {
            self.revoke(&stored, deleted_at).await?
        } else {
            let origin = Origin::server(self.source.clone());
            let expiry = {
                let connection = &mut self.database.write_by_key().await?;
                accounts::end_unused(connection, &origin, job.workspace_id, id, LINK_LIFE).await?
            };
            let refresh = self.keep_fresh(stored).await?;
            expiry.into_iter().chain(refresh).min()
        };
        Ok(next.map_or(Ending::Succeeded, Ending::GoesOn))
    }

    async fn stored(
        &self,
        workspace_id: WorkspaceId,
        id: ConnectedAccountId,
    ) -> Result<Option<StoredAccount>> {
        let connection = &mut self.database.read_by_key().await?;
        accounts::find_stored(connection, workspace_id, id).await
    }

    /// Revokes what a deleted account presents, and removes it. Returns when to try again.
    async fn revoke(&self, stored: &StoredAccount, deleted_at: Timestamp) -> Result<Option<Timestamp>> {
        let (workspace_id, id) = (stored.account.workspace_id, stored.account.id);
        let now = self.source.clock.now();
        if let Err(refusal) = self.revoke_tokens(stored).await? {
            let elapsed = now.since(deleted_at);
            match refusal {
                Refusal::Unreachable(_) if elapsed < REVOKED_WITHIN => {
                    return Ok(Some(now.plus(elapsed.clamp(PAUSE / 6, PAUSE * 60))));
                }
                Refusal::Unreachable(cause) | Refusal::Refused(cause) => {
                    tracing::warn!(connected_account = %id, cause, "the tokens cannot be revoked at their system");
                }
            }
        }
        let connection = &mut self.database.write_by_key().await?;
        accounts::forget(connection, workspace_id, id).await?;
        Ok(None)
    }

    async fn revoke_tokens(&self, stored: &StoredAccount) -> Result<Result<(), Refusal>> {
        let credentials = self.open(stored)?;
        let Some(tokens) = credentials.as_ref().and_then(Credentials::tokens) else { return Ok(Ok(())) };
        let (config, sealed) = self.config_of(&stored.account).await?;
        let client_secret = self.open_client_secret(&config, sealed.as_ref())?;
        let provider = Provider::new(&self.client, &self.source, &config, client_secret)?;
        Ok(provider.revoke_all(tokens).await)
    }
}
