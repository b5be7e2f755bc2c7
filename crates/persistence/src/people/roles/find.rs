//! Finds roles.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use denizen_domain::{AccountId, Authority, Forbidden, Reach, Result, Role, RoleId, RoleName, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::RoleRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::{account_roles, roles};
use crate::types::{StoredUuid, all_stored, stored};

/// Finds a role by id, of any workspace.
#[boxed]
pub async fn find(connection: &mut DbConnection, id: RoleId) -> Result<Option<Role>> {
    let query = roles::table.filter(roles::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<RoleRow>(conn).await.optional());
    row.or_error("find a role")?.map(Role::try_from).transpose()
}

/// Finds a role by id. Fails with [`Forbidden::ForeignRole`] if it belongs to a workspace out of reach.
#[boxed]
pub async fn find_within(connection: &mut DbConnection, reach: Reach, id: RoleId) -> Result<Option<Role>> {
    let role = find(connection, id).await?;
    role.map(|role| role.require_within(reach).map(|()| role)).transpose()
}

/// Finds a role by name: the workspace's own, or else the global one.
#[boxed]
pub async fn find_by_name(
    connection: &mut DbConnection,
    workspace_id: Option<WorkspaceId>,
    name: &RoleName,
) -> Result<Option<Role>> {
    let roles = list(connection, workspace_id).await?;
    let mut named: Vec<_> = roles.into_iter().filter(|role| role.name.folded() == name.folded()).collect();
    named.sort_by_key(Role::is_global);
    Ok(named.into_iter().next())
}

/// Lists the global roles and those of a workspace, oldest first.
#[boxed]
pub async fn list(connection: &mut DbConnection, workspace_id: Option<WorkspaceId>) -> Result<Vec<Role>> {
    let rows = on_backend!(connection, |conn| {
        let mut query = roles::table.filter(roles::workspace_id.is_null()).into_boxed();
        if let Some(workspace_id) = workspace_id {
            query = query.or_filter(roles::workspace_id.eq(stored(workspace_id)));
        }
        query.order((roles::created_at.asc(), roles::id.asc())).load::<RoleRow>(conn).await
    });
    rows.or_error("list roles")?.into_iter().map(Role::try_from).collect()
}

/// Finds roles by id. Fails with [`Authority::unknown`] if one does not exist.
pub(crate) async fn named(
    connection: &mut DbConnection,
    authority: &Authority,
    ids: &[RoleId],
) -> Result<Vec<Role>> {
    let query = roles::table
        .filter(roles::id.eq_any(all_stored(ids)))
        .order((roles::created_at.asc(), roles::id.asc()));
    let rows = on_backend!(connection, |conn| query.load::<RoleRow>(conn).await);
    let found: Vec<_> =
        rows.or_error("find roles")?.into_iter().map(Role::try_from).collect::<Result<_>>()?;
    if ids.iter().all(|id| found.iter().any(|role| role.id == *id)) {
        Ok(found)
    } else {
        Err(authority.unknown("roles", Forbidden::ForeignRole))
    }
}

/// Finds the roles of accounts, by account, oldest first.
pub(crate) async fn of_accounts(
    connection: &mut DbConnection,
    accounts: &[StoredUuid],
) -> Result<HashMap<AccountId, Vec<Role>>> {
    let query = account_roles::table
        .inner_join(roles::table.on(roles::id.eq(account_roles::role_id)))
        .filter(account_roles::account_id.eq_any(accounts.to_vec()))
        .order((roles::created_at.asc(), roles::id.asc()))
        .select((account_roles::account_id, roles::all_columns));
    let rows = on_backend!(connection, |conn| query.load::<(StoredUuid, RoleRow)>(conn).await);
    let mut roles: HashMap<AccountId, Vec<Role>> = HashMap::new();
    for (account_id, row) in rows.or_error("find the roles of accounts")? {
        roles.entry(account_id.into()).or_default().push(Role::try_from(row)?);
    }
    Ok(roles)
}
