//! Workspaces: the tenants themselves.

use denizen_domain::{
    Channel, Conflict, Error, Result, Slice, Slug, Source, Window, Workspace, WorkspaceId, WorkspaceName,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::error::OrError as _;
use crate::keyset::load_window;
use crate::schema::workspaces;
use crate::transaction::in_transaction;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{DbConnection, channels, on_backend};

#[derive(Queryable, Insertable)]
#[diesel(table_name = workspaces)]
struct WorkspaceRow {
    id: StoredUuid,
    slug: String,
    name: String,
    created_at: StoredTime,
    updated_at: StoredTime,
}

impl From<WorkspaceRow> for Workspace {
    fn from(row: WorkspaceRow) -> Self {
        let WorkspaceRow { id, slug, name, created_at, updated_at } = row;
        let (slug, name) = (Slug::from_stored(slug), WorkspaceName::from_stored(name));
        Self { id: id.into(), slug, name, created_at: created_at.into(), updated_at: updated_at.into() }
    }
}

impl From<&Workspace> for WorkspaceRow {
    fn from(workspace: &Workspace) -> Self {
        let Workspace { id, slug, name, created_at, updated_at } = workspace;
        Self {
            id: stored(*id),
            slug: slug.to_string(),
            name: name.to_string(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

/// Makes a workspace and its default channel. Fails with [`Conflict::SlugTaken`].
pub async fn create(
    connection: &mut DbConnection,
    source: &Source,
    slug: &Slug,
    name: &WorkspaceName,
) -> Result<(Workspace, Channel)> {
    in_transaction!(connection, {
        let workspace = insert(connection, source, slug, name).await?;
        let channel = channels::insert_default(connection, source, workspace.id).await?;
        Ok((workspace, channel))
    })
}

/// Makes a workspace alone, within a transaction that also makes its default channel.
pub(crate) async fn insert(
    connection: &mut DbConnection,
    source: &Source,
    slug: &Slug,
    name: &WorkspaceName,
) -> Result<Workspace> {
    let now = source.clock.now();
    let id = WorkspaceId::from_uuid(source.ids.uuid());
    let workspace =
        Workspace { id, slug: slug.clone(), name: name.clone(), created_at: now, updated_at: now };
    let row = WorkspaceRow::from(&workspace);
    let inserted = on_backend!(connection, |conn| {
        diesel::insert_into(workspaces::table).values(&row).on_conflict_do_nothing().execute(conn).await
    })
    .or_error("insert a workspace")?;
    if inserted == 1 { Ok(workspace) } else { Err(Error::Conflict(Conflict::SlugTaken)) }
}

/// The workspace of this id.
pub async fn find(connection: &mut DbConnection, id: WorkspaceId) -> Result<Option<Workspace>> {
    let query = workspaces::table.filter(workspaces::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<WorkspaceRow>(conn).await.optional());
    Ok(row.or_error("find a workspace")?.map(Workspace::from))
}

/// The workspace of this slug.
pub async fn find_by_slug(connection: &mut DbConnection, slug: &str) -> Result<Option<Workspace>> {
    let query = workspaces::table.filter(workspaces::slug.eq(slug));
    let row = on_backend!(connection, |conn| query.first::<WorkspaceRow>(conn).await.optional());
    Ok(row.or_error("find a workspace by its slug")?.map(Workspace::from))
}

/// Whether there is any workspace.
pub async fn any(connection: &mut DbConnection) -> Result<bool> {
    let query = workspaces::table.select(workspaces::id).limit(1);
    let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    Ok(!ids.or_error("look for any workspace")?.is_empty())
}

/// A page of workspaces, by the moment they were made.
pub async fn list(connection: &mut DbConnection, window: &Window) -> Result<Slice<Workspace>> {
    let rows = load_window!(
        connection,
        workspaces::table.into_boxed(),
        workspaces::created_at,
        workspaces::id,
        window,
        StoredTime,
        WorkspaceRow
    );
    let workspaces = rows.or_error("list workspaces")?.into_iter().map(Workspace::from).collect();
    Ok(Slice::cut(workspaces, window))
}
