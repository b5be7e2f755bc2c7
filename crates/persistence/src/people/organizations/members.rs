//! The members of workspaces by number, and their administrators.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Account, AccountId, AccountNumber, Coded as _, Conflict, Error, Membership, Origin, Profile, Rank,
    Result, Status, WorkspaceId,
};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::{rank_of, require_kept};
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::accounts::{ProfileRow, find as find_account};
use crate::people::asker::Asker;
use crate::people::memberships::{
    Entry, find as find_membership, insert as insert_membership, leave as leave_workspace,
};
use crate::queries::locks;
use crate::schema::{accounts, memberships, workspaces};
use crate::types::{StoredUuid, stored};

/// A member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationUser {
    /// The account.
    pub profile: Profile,
    /// Whether it administers the workspace.
    pub is_admin: bool,
}

/// Lists the members of a workspace by number, after a number, up to a limit.
#[boxed]
pub async fn list_members(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    after: Option<AccountNumber>,
    limit: u32,
) -> Result<Vec<OrganizationUser>> {
    let rows = on_backend!(connection, |conn| {
        memberships::table
            .inner_join(accounts::table.on(accounts::id.eq(memberships::account_id)))
            .filter(memberships::workspace_id.eq(stored(workspace_id)))
            .filter(memberships::account_number.gt(after.map_or(0, AccountNumber::as_i64)))
            .order(memberships::account_number.asc())
            .limit(i64::from(limit))
            .select((ProfileRow::as_select(), memberships::is_admin))
            .load::<(ProfileRow, bool)>(conn)
            .await
    });
    let user = |(row, is_admin): (ProfileRow, bool)| {
        Ok(OrganizationUser { profile: Profile::try_from(row)?, is_admin })
    };
    rows.or_error("list members by their numbers")?.into_iter().map(user).collect()
}

/// Adds an account to a workspace, as an administrator on request. Changes nothing if it already is. For operators.
/// `None` if there is no such account. Fails if the workspace is deleted or inactive.
#[boxed]
pub async fn add(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    account_id: AccountId,
    is_admin: bool,
) -> Result<Option<Account>> {
    in_transaction!(connection, {
        locks::lock_account(connection, account_id).await?;
        require_kept(connection, workspace_id).await?;
        let Some(account) = find_account(connection, account_id).await? else { return Ok(None) };
        let entry = Entry::Brought { as_admin: is_admin };
        insert_membership(connection, origin, workspace_id, &account, entry).await?;
        if is_admin {
            store_admin(connection, origin, workspace_id, account_id, true).await?;
        }
        Ok(Some(account))
    })
}

/// Removes a member from a workspace and all its flows. The account remains: if this was its home, its next home is
/// the workspace it joined first, if any. `None` if the caller or the account is not a member. Fails if the caller
/// does not administer the workspace, and with [`Conflict::LastAdmin`].
#[boxed]
pub async fn remove(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<Option<Account>> {
    in_transaction!(connection, {
        locks::lock_account(connection, account_id).await?;
        let Some(rank) = ranks(connection, origin, asker, workspace_id, account_id).await? else {
            return Ok(None);
        };
        if rank == Rank::Admin {
            require_another_admin(connection, workspace_id, account_id).await?;
        }
        let Some(account) = find_account(connection, account_id).await? else { return Ok(None) };
        leave_workspace(connection, origin, workspace_id, account.clone()).await?;
        Ok(Some(account))
    })
}

/// Makes a member an administrator of the workspace, or an ordinary member. `None` if the caller or the account is not
/// a member. Fails if the caller does not administer the workspace, and with [`Conflict::LastAdmin`].
#[boxed]
pub async fn set_admin(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    account_id: AccountId,
    is_admin: bool,
) -> Result<Option<()>> {
    in_transaction!(connection, {
        locks::lock_account(connection, account_id).await?;
        let Some(rank) = ranks(connection, origin, asker, workspace_id, account_id).await? else {
            return Ok(None);
        };
        if rank == Rank::Admin && !is_admin {
            require_another_admin(connection, workspace_id, account_id).await?;
        }
        store_admin(connection, origin, workspace_id, account_id, is_admin).await?;
        Ok(Some(()))
    })
}

/// Finds the membership that an administrator wants to change, and locks who administers the workspace until the
/// transaction ends. `None` if either is not a member.
async fn ranks(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<Option<Rank>> {
    locks::lock_workspace(connection, workspace_id).await?;
    let who = asker.standing(connection, origin.source.clock.now()).await?.authority.account_id;
    match rank_of(connection, workspace_id, who).await? {
        Rank::Outsider => return Ok(None),
        rank => rank.require_admin()?,
    }
    let membership = find_membership(connection, workspace_id, account_id).await?;
    Ok(membership.map(|membership| Rank::of_member(membership.is_admin)))
}

/// Fails with [`Conflict::LastAdmin`] if no other active account administers the workspace.
async fn require_another_admin(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<()> {
    let home_in_use = workspaces::table
        .filter(workspaces::id.nullable().eq(accounts::home_workspace_id))
        .filter(workspaces::status.eq(Status::Active.code()));
    let others = memberships::table
        .inner_join(accounts::table.on(accounts::id.eq(memberships::account_id)))
        .filter(memberships::workspace_id.eq(stored(workspace_id)))
        .filter(memberships::is_admin)
        .filter(accounts::status.eq(Status::Active.code()))
        .filter(accounts::home_workspace_id.is_null().or(exists(home_in_use)))
        .filter(memberships::account_id.ne(stored(account_id)))
        .select(memberships::account_id)
        .limit(1);
    let others = on_backend!(connection, |conn| others.load::<StoredUuid>(conn).await);
    if others.or_error("look for other administrators")?.is_empty() {
        return Err(Error::Conflict(Conflict::LastAdmin));
    }
    Ok(())
}

async fn store_admin(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    account_id: AccountId,
    is_admin: bool,
) -> Result<()> {
    let before = find_membership(connection, workspace_id, account_id).await?;
    let Some(before) = before.filter(|before| before.is_admin != is_admin) else {
        return Ok(());
    };
    let membership = memberships::table
        .filter(memberships::workspace_id.eq(stored(workspace_id)))
        .filter(memberships::account_id.eq(stored(account_id)));
    let change = memberships::is_admin.eq(is_admin);
    on_backend!(connection, |conn| diesel::update(membership).set(change).execute(conn).await)
        .or_error("say whether a member administers a workspace")?;
    let after = Membership { is_admin, ..before.clone() };
    audit_events::updated(connection, origin, workspace_id, &before, &after).await
}
