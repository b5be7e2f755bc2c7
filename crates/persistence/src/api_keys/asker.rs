//! The callers of changes to keys. Their rights are reread where the change is made.

use denizen_domain::{Error, KeyHolder, Origin, Resource, Result, SecretHash, Unauthenticated, WorkspaceId};

use super::holder_of;
use crate::connection::DbConnection;
use crate::people::{Asker, workspaces};
use crate::queries::locks;

/// Who changes the keys of a workspace.
#[derive(Debug, Clone, Copy)]
pub enum KeyAsker {
    /// An operator, who runs commands on the server: may do everything.
    Operator,
    /// A key of the workspace, by the hash of the secret that it sent: grants at most what it has itself, and sees no key
    /// that has more.
    Key(SecretHash),
    /// An account with a right to the keys of the workspace: grants any scope, and sees all keys.
    Account(Asker),
}

impl KeyAsker {
    /// Returns the key within whose rights the caller must stay, as its secret stands now; `None` if it is limited by none.
    /// Locks the workspace's keys until the transaction ends.
    ///
    /// Fails if the caller's secret or right is gone, and with [`Error::NotFound`] if the workspace is beyond its reach.
    pub(super) async fn limits(
        self,
        connection: &mut DbConnection,
        origin: &Origin,
        workspace_id: WorkspaceId,
    ) -> Result<Option<KeyHolder>> {
        locks::lock_workspace(connection, workspace_id).await?;
        let now = origin.source.clock.now();
        match self {
            Self::Operator => Ok(None),
            Self::Key(hash) => {
                let holder = holder_of(connection, hash, now).await?;
                holder.map(Some).ok_or(Error::Unauthenticated(Unauthenticated::UnknownKey))
            }
            Self::Account(asker) => {
                let reach = asker.standing(connection, now).await?.reach;
                let workspace = workspaces::find_within(connection, reach, workspace_id).await?;
                workspace.map(|_| None).ok_or_else(|| Error::not_found(Resource::Workspace, workspace_id))
            }
        }
    }
}
