//! Renames organizations.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Origin, Rank, Result, Workspace, WorkspaceChanges, WorkspaceId};

use super::find::rank_of;
use crate::audit_events;
use crate::connection::{DbConnection, in_transaction};
use crate::people::asker::Asker;
use crate::people::workspaces::{find as find_workspace, update as update_workspace};
use crate::queries::locks;

/// Renames a workspace. `None` if the caller is not a member. Fails if the caller does not administer it.
#[boxed]
pub async fn rename(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: WorkspaceId,
    changes: &WorkspaceChanges,
) -> Result<Option<Workspace>> {
    in_transaction!(connection, {
        locks::lock_workspace(connection, id).await?;
        let now = origin.source.clock.now();
        let who = asker.standing(connection, now).await?.authority.account_id;
        match rank_of(connection, id, who).await? {
            Rank::Outsider => return Ok(None),
            rank => rank.require_admin()?,
        }
        let Some(before) = find_workspace(connection, id).await? else { return Ok(None) };
        let mut workspace = before.clone();
        changes.clone().apply_to(&mut workspace, now);
        update_workspace(connection, &workspace).await?;
        audit_events::updated(connection, origin, id, &before, &workspace).await?;
        Ok(Some(workspace))
    })
}
