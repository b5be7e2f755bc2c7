//! The members of a deleted workspace, and the accounts with their home in it.

use std::collections::HashMap;

use denizen_domain::{
    Account, AccountId, Authority, Error, Forbidden, Origin, Permission, PermissionSet, Result, Role, Verb,
    WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, broken_row, in_transaction, on_backend};
use crate::people::accounts::{AccountRow, leave_home, with_roles};
use crate::people::roles::list as list_roles;
use crate::queries::locks;
use crate::schema::{account_roles, accounts, memberships, workspaces};
use crate::types::{StoredUuid, stored};

/// How many members leave at a time. Requests that change one of them wait that long, and on SQLite all writers: some
/// hundredths of a second, or some tenths if all have another home.
const BATCH: i64 = 250;

/// How many distinct permission sets are checked at a time.
const SETS: i64 = 500;

/// Fails with [`Forbidden::GreaterRights`] if an account with this home has rights beyond workspaces that the caller
/// lacks: without the workspace, it would be locked out. Uses little memory, however many accounts there are.
pub(super) async fn require_no_greater(
    connection: &mut DbConnection,
    authority: &Authority,
    id: WorkspaceId,
) -> Result<()> {
    let is_greater = !authority.holds(Permission::All)
        && (any_holds_greater_role(connection, authority, id).await?
            || any_was_given_more(connection, authority, id).await?);
    if is_greater { Err(Error::Forbidden(Forbidden::GreaterRights)) } else { Ok(()) }
}

/// Removes a batch of members from a deleted workspace. Those with this home move to the workspace they joined first;
/// if there is none, their account is deleted. Returns whether there were any members.
pub(super) async fn release(connection: &mut DbConnection, origin: &Origin, id: WorkspaceId) -> Result<bool> {
    in_transaction!(connection, {
        let members = some_members(connection, id).await?;
        if members.is_empty() {
            return Ok(false);
        }
        // An account that is moving has moved once the lock is held, so everything else is read afterwards.
        locks::lock_accounts(connection, &members).await?;
        let homes = homes_elsewhere(connection, &members).await?;
        let residents = residents_among(connection, id, &members).await?;
        let (movers, others): (Vec<_>, Vec<_>) =
            residents.into_iter().partition(|row| homes.contains_key(&row.id.into()));
        for mut account in with_roles(connection, movers).await? {
            let home = homes.get(&account.id).copied();
            leave_home(connection, origin, &mut account, home).await?;
        }
        let others = with_roles(connection, others).await?;
        delete_accounts(connection, origin, others).await?;
        end_memberships(connection, id, members).await?;
        Ok(true)
    })
}

/// Returns whether another account holds a role with rights that the caller lacks.
async fn any_holds_greater_role(
    connection: &mut DbConnection,
    authority: &Authority,
    id: WorkspaceId,
) -> Result<bool> {
    let roles = list_roles(connection, Some(id)).await?;
    let greater = roles.iter().filter(|role: &&Role| is_greater(&role.permissions, authority));
    let holders = account_roles::table
        .inner_join(accounts::table.on(accounts::id.eq(account_roles::account_id)))
        .filter(account_roles::role_id.eq_any(greater.map(|role| stored(role.id)).collect::<Vec<_>>()))
        .filter(accounts::home_workspace_id.eq(Some(stored(id))))
        .filter(accounts::id.ne(asking(authority)))
        .select(accounts::id)
        .limit(1);
    let holders = on_backend!(connection, |conn| holders.load::<StoredUuid>(conn).await);
    Ok(!holders.or_error("look for accounts with greater roles")?.is_empty())
}

/// Returns whether another account was directly granted rights that the caller lacks. The number of distinct sets is
/// unlimited, so this reads a few at a time, in order.
async fn any_was_given_more(
    connection: &mut DbConnection,
    authority: &Authority,
    id: WorkspaceId,
) -> Result<bool> {
    let mut last = String::new();
    loop {
        // Stored sets list permissions in order, those of workspaces last.
        let sets = accounts::table
            .filter(accounts::home_workspace_id.eq(Some(stored(id))))
            .filter(accounts::permissions.gt(&last))
            .filter(accounts::permissions.like("all%").or(accounts::permissions.like("iam.%")))
            .filter(accounts::id.ne(asking(authority)))
            .select(accounts::permissions)
            .distinct()
            .order(accounts::permissions.asc())
            .limit(SETS);
        let sets = on_backend!(connection, |conn| sets.load::<String>(conn).await);
        let sets = sets.or_error("look for accounts with greater permissions")?;
        for set in &sets {
            let set = PermissionSet::from_stored(set)
                .map_err(|problem| broken_row("accounts", "permissions", format!("home {id}"), problem))?;
            if is_greater(&set, authority) {
                return Ok(true);
            }
        }
        match sets.into_iter().last() {
            Some(set) => last = set,
            None => return Ok(false),
        }
    }
}

/// Returns whether some of these permissions reach beyond workspaces and the caller lacks them.
fn is_greater(permissions: &PermissionSet, authority: &Authority) -> bool {
    !authority.permissions.cover(&permissions.restricted())
}

/// Returns the id of the caller's account, or the nil UUID.
fn asking(authority: &Authority) -> StoredUuid {
    authority.account_id.map_or(StoredUuid::from_uuid(uuid::Uuid::nil()), stored)
}

/// Lists the next members, by id.
async fn some_members(connection: &mut DbConnection, id: WorkspaceId) -> Result<Vec<StoredUuid>> {
    let members = memberships::table
        .filter(memberships::workspace_id.eq(stored(id)))
        .order(memberships::account_id.asc())
        .select(memberships::account_id)
        .limit(BATCH);
    on_backend!(connection, |conn| members.load(conn).await)
        .or_error("look for members of a deleted workspace")
}

/// Finds the workspace that each of these accounts joined first, except deleted ones.
async fn homes_elsewhere(
    connection: &mut DbConnection,
    members: &[StoredUuid],
) -> Result<HashMap<AccountId, WorkspaceId>> {
    let elsewhere = memberships::table
        .inner_join(workspaces::table.on(workspaces::id.eq(memberships::workspace_id)))
        .filter(memberships::account_id.eq_any(members.to_vec()))
        .filter(workspaces::deleted_at.is_null())
        .filter(memberships::is_vouched_for)
        .order((memberships::created_at.desc(), memberships::workspace_id.desc()))
        .select((memberships::account_id, memberships::workspace_id));
    let rows = on_backend!(connection, |conn| elsewhere.load::<(StoredUuid, StoredUuid)>(conn).await);
    let rows = rows.or_error("look for other workspaces of accounts")?;
    // The last of several wins: the oldest.
    Ok(rows.into_iter().map(|(account, workspace)| (account.into(), workspace.into())).collect())
}

/// Finds those of these accounts with this home.
async fn residents_among(
    connection: &mut DbConnection,
    id: WorkspaceId,
    members: &[StoredUuid],
) -> Result<Vec<AccountRow>> {
    let rows = on_backend!(connection, |conn| {
        accounts::table
            .filter(accounts::id.eq_any(members.to_vec()))
            .filter(accounts::home_workspace_id.eq(Some(stored(id))))
            .select(AccountRow::as_select())
            .load(conn)
            .await
    });
    rows.or_error("load residents of a deleted workspace")
}

/// Deletes accounts. The server's log records it, because the log of their home is deleted.
async fn delete_accounts(
    connection: &mut DbConnection,
    origin: &Origin,
    deleted: Vec<Account>,
) -> Result<()> {
    let ids: Vec<_> = deleted.iter().map(|account| stored(account.id)).collect();
    let accounts = accounts::table.filter(accounts::id.eq_any(ids));
    on_backend!(connection, |conn| diesel::delete(accounts).execute(conn).await)
        .or_error("delete accounts of a deleted workspace")?;
    let change = |account| audit_events::change_between(origin, None, Verb::Delete, Some(account), None);
    audit_events::insert_all(connection, deleted.iter().map(change).collect()).await
}

async fn end_memberships(
    connection: &mut DbConnection,
    id: WorkspaceId,
    members: Vec<StoredUuid>,
) -> Result<()> {
    let ended = memberships::table
        .filter(memberships::workspace_id.eq(stored(id)))
        .filter(memberships::account_id.eq_any(members));
    on_backend!(connection, |conn| diesel::delete(ended).execute(conn).await)
        .or_error("end memberships of a deleted workspace")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use denizen_domain::Coded as _;

    use super::*;

    #[test]
    fn workspace_permissions_sort_last() {
        assert!(Permission::ALL.is_sorted());
        assert!(Permission::ALL.is_sorted_by_key(|permission| !permission.is_restricted()));
        let begins_restricted = |code: &str| code.starts_with("all") || code.starts_with("iam.");
        assert!(Permission::ALL.iter().all(|it| it.is_restricted() == begins_restricted(it.code())));
    }
}
