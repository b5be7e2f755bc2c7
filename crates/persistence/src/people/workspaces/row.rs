//! The rows of workspaces.

use denizen_domain::{Coded as _, Error, Result, Slug, Status, Workspace, WorkspaceName, WorkspaceNumber};
use diesel::prelude::*;

use crate::connection::broken_row;
use crate::schema::workspaces;
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = workspaces, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct WorkspaceRow {
    id: StoredUuid,
    slug: String,
    name: String,
    created_at: StoredTime,
    updated_at: StoredTime,
    status: String,
    confirmed: bool,
    number: Option<i64>,
    requests_per_second: Option<i64>,
}

impl TryFrom<WorkspaceRow> for Workspace {
    type Error = Error;

    fn try_from(row: WorkspaceRow) -> Result<Self> {
        let WorkspaceRow {
            id,
            slug,
            name,
            created_at,
            updated_at,
            status,
            confirmed,
            number,
            requests_per_second,
        } = row;
        let status =
            Status::from_code(&status).map_err(|problem| broken_row("workspaces", "status", id, problem))?;
        let unnumbered =
            || broken_row("workspaces", "number", id, "an older server made it, which knows no numbers");
        Ok(Self {
            id: id.into(),
            number: number.map(WorkspaceNumber::from_stored).ok_or_else(unnumbered)?,
            slug: Slug::from_stored(slug),
            name: WorkspaceName::from_stored(name),
            status,
            confirmed,
            requests_per_second: stored_limit(requests_per_second),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

impl From<&Workspace> for WorkspaceRow {
    fn from(workspace: &Workspace) -> Self {
        let Workspace {
            id,
            number,
            slug,
            name,
            status,
            confirmed,
            requests_per_second,
            created_at,
            updated_at,
        } = workspace;
        Self {
            id: stored(*id),
            slug: slug.to_string(),
            name: name.to_string(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            status: status.to_string(),
            confirmed: *confirmed,
            number: Some(number.as_i64()),
            requests_per_second: requests_per_second.map(i64::from),
        }
    }
}

/// Converts a workspace's stored limit of requests per second.
pub(crate) fn stored_limit(requests_per_second: Option<i64>) -> Option<u32> {
    requests_per_second.and_then(|limit| u32::try_from(limit).ok())
}
