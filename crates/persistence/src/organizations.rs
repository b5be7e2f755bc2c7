//! Workspaces as their members see them: what they belong to, and whom they meet there.
//!
//! A workspace that is deleted or not in use is not there for its members.

mod members;
mod people;

use std::collections::HashMap;

use denizen_domain::{
    AccountId, Error, Origin, Rank, Resource, Result, Status, Workspace, WorkspaceChanges, WorkspaceId,
    WorkspaceNumber,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::asker::Asker;
use crate::error::OrError as _;
use crate::schema::{memberships, workspaces};
use crate::transaction::in_transaction;
use crate::types::{StoredUuid, all_stored, stored};
use crate::workspaces::{self as workspace_functions, WorkspaceRow};
use crate::{DbConnection, audit_events, dialect, on_backend};

pub use members::{OrganizationUser, add, list_members, remove, set_admin};
pub use people::{list_profiles, look_up, visible_numbers};

/// A workspace, and what somebody is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The workspace.
    pub workspace: Workspace,
    /// What its member is.
    pub rank: Rank,
}

impl Organization {
    pub(crate) fn of(row: WorkspaceRow, is_admin: bool) -> Result<Self> {
        Ok(Self { workspace: Workspace::try_from(row)?, rank: Rank::of_member(is_admin) })
    }
}

/// The workspaces in use that an account is a member of, with its membership.
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

/// The organization of this slug, or else of this number, that an account is a member of.
pub async fn find(
    connection: &mut DbConnection,
    account_id: AccountId,
    name: &str,
) -> Result<Option<Organization>> {
    let number = name.parse().ok().map(WorkspaceNumber::as_i64);
    let rows = on_backend!(connection, |conn| {
        organizations_of!(account_id)
            .filter(workspaces::slug.eq(name).or(workspaces::number.eq(number).assume_not_null()))
            .select((WorkspaceRow::as_select(), memberships::is_admin))
            .limit(2)
            .load::<(WorkspaceRow, bool)>(conn)
            .await
    });
    let found: Vec<_> = organizations(rows.or_error("find an organization")?)?;
    let by_slug = found.iter().position(|found| found.workspace.slug.as_str() == name);
    Ok(found.into_iter().nth(by_slug.unwrap_or(0)))
}

/// The organization of this number that an account is a member of.
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

/// So many of the organizations that an account is a member of, by their numbers, after one of them.
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

/// How many members these workspaces have. Counted from an index alone.
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

/// Changes what a workspace is called. `None` where the asker is no member of it. Fails where it is none of its
/// administrators.
pub async fn rename(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: WorkspaceId,
    changes: &WorkspaceChanges,
) -> Result<Option<Workspace>> {
    in_transaction!(connection, {
        dialect::lock_workspace(connection, id).await?;
        let now = origin.source.clock.now();
        let who = asker.standing(connection, now).await?.authority.account_id;
        match rank_of(connection, id, who).await? {
            Rank::Outsider => return Ok(None),
            rank => rank.require_admin()?,
        }
        let Some(before) = workspace_functions::find(connection, id).await? else { return Ok(None) };
        let mut workspace = before.clone();
        changes.clone().apply_to(&mut workspace, now);
        workspace_functions::update(connection, &workspace).await?;
        audit_events::updated(connection, origin, id, &before, &workspace).await?;
        Ok(Some(workspace))
    })
}

/// What an account is in a workspace; the operator, who has none, is what its administrators are. In one that is deleted
/// or not in use, everybody but the operator is an outsider.
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

/// A workspace that a change is made in, kept until the transaction ends. Fails where it is gone or not in use.
pub(crate) async fn require_kept(connection: &mut DbConnection, id: WorkspaceId) -> Result<Workspace> {
    dialect::keep_workspace(connection, id).await?;
    let workspace = workspace_functions::find(connection, id).await?;
    let in_use = workspace.filter(|workspace| workspace.status == Status::Active);
    in_use.ok_or_else(|| Error::not_found(Resource::Workspace, id))
}

fn organizations(rows: Vec<(WorkspaceRow, bool)>) -> Result<Vec<Organization>> {
    rows.into_iter().map(|(row, is_admin)| Organization::of(row, is_admin)).collect()
}
