//! Finds workspaces.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Reach, Result, Slice, Status, Window, Workspace, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::WorkspaceRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::keyset::load_window;
use crate::schema::workspaces;
use crate::types::{StoredTime, StoredUuid, stored};

/// Selects the workspaces that are not deleted.
macro_rules! existing {
    () => {
        workspaces::table.filter(workspaces::deleted_at.is_null()).select(WorkspaceRow::as_select())
    };
}

/// Finds a workspace by id.
#[boxed]
pub async fn find(connection: &mut DbConnection, id: WorkspaceId) -> Result<Option<Workspace>> {
    let row = on_backend!(connection, |conn| {
        existing!().filter(workspaces::id.eq(stored(id))).first::<WorkspaceRow>(conn).await.optional()
    });
    row.or_error("find a workspace")?.map(Workspace::try_from).transpose()
}

/// Finds a workspace by id within reach.
#[boxed]
pub async fn find_within(
    connection: &mut DbConnection,
    reach: Reach,
    id: WorkspaceId,
) -> Result<Option<Workspace>> {
    if reach.includes(id) { find(connection, id).await } else { Ok(None) }
}

/// Finds a workspace by slug.
#[boxed]
pub async fn find_by_slug(connection: &mut DbConnection, slug: &str) -> Result<Option<Workspace>> {
    let row = on_backend!(connection, |conn| {
        existing!().filter(workspaces::slug.eq(slug)).first::<WorkspaceRow>(conn).await.optional()
    });
    row.or_error("find a workspace by its slug")?.map(Workspace::try_from).transpose()
}

/// Finds an active workspace by id.
#[boxed]
pub async fn find_in_use(connection: &mut DbConnection, id: WorkspaceId) -> Result<Option<Workspace>> {
    Ok(find(connection, id).await?.filter(|workspace| workspace.status == Status::Active))
}

/// Returns whether any workspace exists.
#[boxed]
pub async fn any(connection: &mut DbConnection) -> Result<bool> {
    let query = workspaces::table.filter(workspaces::deleted_at.is_null()).select(workspaces::id).limit(1);
    let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    Ok(!ids.or_error("look for any workspace")?.is_empty())
}

/// Lists a page of workspaces by creation time.
#[boxed]
pub async fn list(connection: &mut DbConnection, window: &Window) -> Result<Slice<Workspace>> {
    let rows = load_window!(
        connection,
        existing!().into_boxed(),
        workspaces::created_at,
        workspaces::id,
        window,
        StoredTime,
        WorkspaceRow
    );
    let workspaces = rows.or_error("list workspaces")?.into_iter().map(Workspace::try_from);
    Ok(Slice::cut(workspaces.collect::<Result<_>>()?, window))
}

/// Counts the workspaces.
#[boxed]
pub async fn count(connection: &mut DbConnection) -> Result<i64> {
    let query = workspaces::table.filter(workspaces::deleted_at.is_null()).count();
    on_backend!(connection, |conn| query.get_result(conn).await).or_error("count workspaces")
}
