//! Finds organizations.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccountId, Error, Rank, Resource, Result, Status, Workspace, WorkspaceId, WorkspaceNumber,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::workspaces::{WorkspaceRow, find as find_workspace};
use crate::queries::locks;
use crate::schema::{memberships, workspaces};
use crate::types::{StoredUuid, all_stored, stored};

/// A workspace with an account's rank in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The workspace.
    pub workspace: Workspace,
    /// The account's rank.
    pub rank: Rank,
}

impl Organization {
    pub(crate) fn of(row: WorkspaceRow, is_admin: bool) -> Result<Self> {
        Ok(Self { workspace: Workspace::try_from(row)?, rank: Rank::of_member(is_admin) })
    }
}

/// Selects the active workspaces of an account, with its memberships.
macro_rules! organizations_of {
    ($account_id:expr) => {
        $crate::schema::workspaces::table
            .inner_join(
                $crate::schema::memberships::table
                    .on($crate::schema::memberships::workspace_id.eq($crate::schema::workspaces::id)),
            )
            .filter($crate::schema::memberships::account_id.eq($crate::types::stored($account_id)))
            .filter($crate::schema::workspaces::deleted_at.is_null())
            .filter($crate::schema::workspaces::status.eq(denizen_domain::Status::Active.to_string()))
    };
}

pub(crate) use organizations_of;

/// Finds an organization of an account by number or slug. No slug is a number, but for those that a server of an older
/// version may have just given: they must not hide the organization with the number.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    account_id: AccountId,
    name: &str,
) -> Result<Option<Organization>> {
    if let Ok(number) = name.parse() {
        return find_by_number(connection, account_id, number).await;
    }
    let rows = on_backend!(connection, |conn| {
        organizations_of!(account_id)
            .filter(workspaces::slug.eq(name))
            .select((WorkspaceRow::as_select(), memberships::is_admin))
            .load::<(WorkspaceRow, bool)>(conn)
            .await
    });
    Ok(organizations(rows.or_error("find an organization by its slug")?)?.pop())
}

/// Finds an organization of an account by number.
#[boxed]
pub async fn find_by_number(
    connection: &mut DbConnection,
    account_id: AccountId,
    number: WorkspaceNumber,
) -> Result<Option<Organization>> {
    let rows = on_backend!(connection, |conn| {
        organizations_of!(account_id)
            .filter(workspaces::number.eq(number.as_i64()))
            .select((WorkspaceRow::as_select(), memberships::is_admin))
            .load::<(WorkspaceRow, bool)>(conn)
            .await
    });
    Ok(organizations(rows.or_error("find an organization by its number")?)?.pop())
}

/// Lists the organizations of an account by number, after a number, up to a limit.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    account_id: AccountId,
    after: Option<WorkspaceNumber>,
    limit: u32,
) -> Result<Vec<Organization>> {
    let rows = on_backend!(connection, |conn| {
        organizations_of!(account_id)
            .filter(workspaces::number.gt(after.map_or(0, WorkspaceNumber::as_i64)))
            .select((WorkspaceRow::as_select(), memberships::is_admin))
            .order(workspaces::number.asc())
            .limit(i64::from(limit))
            .load::<(WorkspaceRow, bool)>(conn)
            .await
    });
    organizations(rows.or_error("list organizations")?)
}

/// Counts the members of these workspaces, with an index-only scan.
#[boxed]
pub async fn member_counts(
    connection: &mut DbConnection,
    ids: &[WorkspaceId],
) -> Result<HashMap<WorkspaceId, i64>> {
    let counts = memberships::table
        .filter(memberships::workspace_id.eq_any(all_stored(ids)))
        .group_by(memberships::workspace_id)
        .select((memberships::workspace_id, diesel::dsl::count_star()));
    let counts = on_backend!(connection, |conn| counts.load::<(StoredUuid, i64)>(conn).await);
    Ok(counts.or_error("count members")?.into_iter().map(|(id, count)| (id.into(), count)).collect())
}

/// Finds the rank of an account in a workspace. The operator, who has no account, counts as an administrator. In a
/// deleted or inactive workspace, everyone else is an outsider.
pub(crate) async fn rank_of(
    connection: &mut DbConnection,
    id: WorkspaceId,
    account_id: Option<AccountId>,
) -> Result<Rank> {
    let Some(account_id) = account_id else {
        return Ok(Rank::Admin);
    };
    let is_admin = on_backend!(connection, |conn| {
        organizations_of!(account_id)
            .filter(workspaces::id.eq(stored(id)))
            .select(memberships::is_admin)
            .first::<bool>(conn)
            .await
            .optional()
    });
    Ok(is_admin.or_error("find what an account is in a workspace")?.map_or(Rank::Outsider, Rank::of_member))
}

/// Finds the workspace of a change and locks it against deletion until the transaction ends. Fails if it is deleted or
/// inactive.
pub(crate) async fn require_kept(connection: &mut DbConnection, id: WorkspaceId) -> Result<Workspace> {
    locks::keep_workspace(connection, id).await?;
    let workspace = find_workspace(connection, id).await?;
    let in_use = workspace.filter(|workspace| workspace.status == Status::Active);
    in_use.ok_or_else(|| Error::not_found(Resource::Workspace, id))
}

fn organizations(rows: Vec<(WorkspaceRow, bool)>) -> Result<Vec<Organization>> {
    rows.into_iter().map(|(row, is_admin)| Organization::of(row, is_admin)).collect()
}
