//! Finds memberships.

use async_recursion::async_recursion as boxed;
use denizen_domain::{AccountId, Error, Membership, Result, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::MembershipRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::{memberships, workspaces};
use crate::types::{StoredUuid, stored};

/// Finds the membership of an account in a workspace.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<Option<Membership>> {
    let query = memberships::table
        .filter(memberships::workspace_id.eq(stored(workspace_id)))
        .filter(memberships::account_id.eq(stored(account_id)));
    let row = on_backend!(connection, |conn| query.first::<MembershipRow>(conn).await.optional());
    Ok(row.or_error("find a membership")?.map(Membership::from))
}

/// Lists all memberships of these accounts.
pub(crate) async fn all_of(
    connection: &mut DbConnection,
    accounts: &[StoredUuid],
) -> Result<Vec<Membership>> {
    let query = memberships::table.filter(memberships::account_id.eq_any(accounts.to_vec()));
    let rows = on_backend!(connection, |conn| query.load::<MembershipRow>(conn).await);
    Ok(rows.or_error("find the memberships of accounts")?.into_iter().map(Membership::from).collect())
}

/// Selects the workspaces of an account, except those deleted and not yet removed.
macro_rules! memberships_of {
    ($account_id:expr) => {
        memberships::table
            .inner_join(workspaces::table.on(workspaces::id.eq(memberships::workspace_id)))
            .filter(memberships::account_id.eq(stored($account_id)))
            .filter(workspaces::deleted_at.is_null())
            .select(memberships::workspace_id)
    };
}

/// Returns whether an account is a member of any other workspace. Like [`oldest_of`], it reads from an account to its
/// workspaces, across all of them.
pub(crate) async fn any_but(
    connection: &mut DbConnection,
    account_id: AccountId,
    workspace_id: Option<WorkspaceId>,
) -> Result<bool> {
    let query = memberships_of!(account_id).limit(2);
    let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    let ids = ids.or_error("look for the workspaces of an account")?;
    Ok(ids.into_iter().any(|id| Some(WorkspaceId::from(id)) != workspace_id))
}

/// Finds the workspace that an account joined first, among those that vouch for it: a home has power over its
/// accounts, and following a link must not grant it.
pub(crate) async fn oldest_of(
    connection: &mut DbConnection,
    account_id: AccountId,
) -> Result<Option<WorkspaceId>> {
    let query = memberships_of!(account_id)
        .filter(memberships::is_vouched_for)
        .order((memberships::created_at.asc(), memberships::workspace_id.asc()));
    let id = on_backend!(connection, |conn| query.first::<StoredUuid>(conn).await.optional());
    Ok(id.or_error("find the workspaces of an account")?.map(Into::into))
}

/// Lists the workspaces that an account administers and another account, the caller, does not.
pub(crate) async fn administered_beside(
    connection: &mut DbConnection,
    account_id: AccountId,
    asking: Option<AccountId>,
) -> Result<Vec<WorkspaceId>> {
    let administered = async |connection: &mut DbConnection, account_id: AccountId| {
        let query = memberships_of!(account_id).filter(memberships::is_admin);
        let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
        let ids = ids.or_error("find the workspaces that an account administers")?;
        Ok::<Vec<WorkspaceId>, Error>(ids.into_iter().map(Into::into).collect())
    };
    let mut ids = administered(connection, account_id).await?;
    if let Some(asking) = asking.filter(|_| !ids.is_empty()) {
        let own = administered(connection, asking).await?;
        ids.retain(|id| !own.contains(id));
    }
    Ok(ids)
}
