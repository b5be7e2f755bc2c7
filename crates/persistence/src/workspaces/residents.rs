//! The accounts that are at home in a workspace.

use denizen_domain::{Authority, Permission, Reach, Result, Role, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::accounts::{AccountRow, with_roles};
use crate::error::OrError as _;
use crate::schema::{account_roles, accounts};
use crate::types::stored;
use crate::{DbConnection, on_backend, roles};

/// Fails with [`Forbidden::GreaterRights`](denizen_domain::Forbidden::GreaterRights) where an account is at home in a
/// workspace that may do more, beyond workspaces, than whoever asks: without the workspace, it would be shut out.
pub(super) async fn require_no_greater(
    connection: &mut DbConnection,
    authority: &Authority,
    id: WorkspaceId,
) -> Result<()> {
    if authority.holds(Permission::All) {
        return Ok(());
    }
    let roles = roles::list(connection, Some(id)).await?;
    let roles = roles.into_iter().filter(Role::counts_beyond_home).map(|role| stored(role.id));
    let holders = account_roles::table
        .filter(account_roles::role_id.eq_any(roles.collect::<Vec<_>>()))
        .select(account_roles::account_id);
    // Sets are stored in the order of their permissions, in which those of workspaces come last.
    let is_given_more = accounts::permissions.ne("").and(accounts::permissions.not_like("tenant.%"));
    let rows = on_backend!(connection, |conn| {
        accounts::table
            .filter(accounts::home_workspace_id.eq(Some(stored(id))))
            .filter(is_given_more.or(accounts::id.eq_any(holders)))
            .select(AccountRow::as_select())
            .load(conn)
            .await
    });
    let accounts = with_roles(connection, rows.or_error("look for accounts with greater rights")?).await?;
    let others = accounts.iter().filter(|account| authority.account_id != Some(account.id));
    others.into_iter().try_for_each(|account| authority.require_may_delete(Reach::Everywhere, account))
}

#[cfg(test)]
mod tests {
    use denizen_domain::Coded as _;

    use super::*;

    #[test]
    fn permissions_of_workspaces_come_last() {
        assert!(Permission::ALL.is_sorted());
        assert!(Permission::ALL.is_sorted_by_key(|permission| !permission.is_restricted()));
        assert!(Permission::ALL.iter().all(|it| it.is_restricted() != it.code().starts_with("tenant.")));
    }
}
