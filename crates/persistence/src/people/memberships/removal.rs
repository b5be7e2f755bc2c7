//! Removes members from workspaces.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Account, AccountId, Conflict, Error, Origin, Reach, Result, WorkspaceId};

use super::find::{administered_beside, any_but, oldest_of};
use super::write::delete;
use crate::connection::{DbConnection, in_transaction};
use crate::people::accounts::{delete_found, find_within as find_account_within, leave_home};
use crate::people::asker::{Asker, Standing};
use crate::people::departures;
use crate::queries::locks;

/// The outcome of removing a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The account is no longer a member.
    Left,
    /// The account is deleted: it had no other workspace, and no rights beyond workspaces.
    Deleted,
}

/// Removes a member from a workspace and all its flows. Deletes an account that has this home, no other workspace, and
/// no rights beyond workspaces. `None` if it is not a member of a workspace within reach. Fails if the account has
/// greater rights than the caller, or is the caller's own.
#[boxed]
pub async fn remove(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<Option<Removal>> {
    in_transaction!(connection, {
        locks::lock_account(connection, account_id).await?;
        let now = origin.source.clock.now();
        let Standing { authority, reach, .. } = asker.standing(connection, now).await?;
        let here = Reach::Workspace(workspace_id);
        let member = find_account_within(connection, here, account_id).await?;
        let Some(account) = member.filter(|_| reach.includes(workspace_id)) else { return Ok(None) };
        let administers = administered_beside(connection, account_id, authority.account_id).await?;
        authority.require_may_touch_admin_of(reach, &administers)?;
        let is_at_home = account.home == Some(workspace_id);
        if is_at_home {
            authority.require_may_delete(reach, &account)?;
        } else if authority.account_id == Some(account_id) {
            return Err(Error::Conflict(Conflict::OwnAccount));
        }
        let has_more = !account.permissions_in_effect().restricted().is_empty();
        let account = leave(connection, origin, workspace_id, account).await?;
        if any_but(connection, account_id, None).await? || !is_at_home || has_more {
            return Ok(Some(Removal::Left));
        }
        delete_found(connection, origin, &account).await?;
        Ok(Some(Removal::Deleted))
    })
}

/// Ends a membership, including those in the workspace's flows. If this was the account's home, its next home is the
/// workspace it joined first, if any, and it loses the rights of the old one. Returns the account.
pub(crate) async fn leave(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    mut account: Account,
) -> Result<Account> {
    delete(connection, origin, workspace_id, account.id).await?;
    departures::note(connection, workspace_id, account.id, origin.source.clock.now()).await?;
    let next = oldest_of(connection, account.id).await?;
    if account.home == Some(workspace_id) {
        leave_home(connection, origin, &mut account, next).await?;
    }
    Ok(account)
}
