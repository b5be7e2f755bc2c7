//! Workspaces: the tenants themselves.

mod removal;
mod residents;

use denizen_domain::{
    Channel, Coded as _, Conflict, Error, Origin, Reach, Result, Slice, Slug, Status, Window, Workspace,
    WorkspaceChanges, WorkspaceId, WorkspaceName, WorkspaceNumber,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::asker::{Asker, Standing};
use crate::error::{OrError as _, broken_row};
use crate::keyset::load_window;
use crate::schema::workspaces;
use crate::transaction::in_transaction;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{DbConnection, audit_events, channels, dialect, numbers, on_backend};

pub use removal::{delete, deleted, remove_some};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = workspaces, treat_none_as_null = true)]
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

/// A workspace's own limit of requests a second, as it was stored.
pub(crate) fn stored_limit(requests_per_second: Option<i64>) -> Option<u32> {
    requests_per_second.and_then(|limit| u32::try_from(limit).ok())
}

/// The workspaces that are not deleted.
macro_rules! existing {
    () => {
        workspaces::table.filter(workspaces::deleted_at.is_null()).select(WorkspaceRow::as_select())
    };
}

/// Makes a workspace and its default channel. Fails with [`Conflict::SlugTaken`].
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    slug: &Slug,
    name: &WorkspaceName,
) -> Result<(Workspace, Channel)> {
    in_transaction!(connection, {
        let workspace = insert(connection, origin, slug, name).await?;
        let channel = channels::insert_default(connection, origin, workspace.id).await?;
        Ok((workspace, channel))
    })
}

/// Makes a workspace with whatever slug is free for its name: `my-company`, or else `my-company-2`, and so on.
pub async fn create_named(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    name: &WorkspaceName,
    changes: &WorkspaceChanges,
) -> Result<Workspace> {
    let wanted = Slug::suggested_by(name.as_str()).unwrap_or(Slug::from_stored("workspace".to_owned()));
    in_transaction!(connection, {
        asker.standing(connection, origin.source.clock.now()).await?;
        let mut number = 1;
        let made = loop {
            let slug = if number == 1 { wanted.clone() } else { wanted.numbered(number) };
            match insert(connection, origin, &slug, name).await {
                Err(Error::Conflict(Conflict::SlugTaken)) => number = next_number(number, origin),
                made => break made?,
            }
        };
        channels::insert_default(connection, origin, made.id).await?;
        let mut workspace = made.clone();
        changes.clone().apply_to(&mut workspace, made.created_at);
        update(connection, &workspace).await?;
        audit_events::updated(connection, origin, workspace.id, &made, &workspace).await?;
        Ok(workspace)
    })
}

/// The number to try after this one: those that people expect first, and then any, since there may be many.
pub(crate) fn next_number(number: u64, origin: &Origin) -> u64 {
    const COUNTED: u64 = 10;
    if number < COUNTED { number + 1 } else { COUNTED + u64::from(origin.source.ids.uuid().as_fields().0) }
}

/// Makes a workspace alone, within a transaction that also makes its default channel.
pub(crate) async fn insert(
    connection: &mut DbConnection,
    origin: &Origin,
    slug: &Slug,
    name: &WorkspaceName,
) -> Result<Workspace> {
    let now = origin.source.clock.now();
    let id = WorkspaceId::from_uuid(origin.source.ids.uuid());
    let workspace = Workspace {
        id,
        number: numbers::of_workspace(connection).await?,
        slug: slug.clone(),
        name: name.clone(),
        status: Status::Active,
        confirmed: true,
        requests_per_second: None,
        created_at: now,
        updated_at: now,
    };
    let row = WorkspaceRow::from(&workspace);
    let inserted = on_backend!(connection, |conn| {
        diesel::insert_into(workspaces::table).values(&row).on_conflict_do_nothing().execute(conn).await
    })
    .or_error("insert a workspace")?;
    if inserted != 1 {
        return Err(Error::Conflict(Conflict::SlugTaken));
    }
    audit_events::created(connection, origin, workspace.id, &workspace).await?;
    Ok(workspace)
}

/// The workspace of this id.
pub async fn find(connection: &mut DbConnection, id: WorkspaceId) -> Result<Option<Workspace>> {
    let row = on_backend!(connection, |conn| {
        existing!().filter(workspaces::id.eq(stored(id))).first::<WorkspaceRow>(conn).await.optional()
    });
    row.or_error("find a workspace")?.map(Workspace::try_from).transpose()
}

/// The workspace of this id, where it lies within reach.
pub async fn find_within(
    connection: &mut DbConnection,
    reach: Reach,
    id: WorkspaceId,
) -> Result<Option<Workspace>> {
    if reach.includes(id) { find(connection, id).await } else { Ok(None) }
}

/// The workspace of this slug.
pub async fn find_by_slug(connection: &mut DbConnection, slug: &str) -> Result<Option<Workspace>> {
    let row = on_backend!(connection, |conn| {
        existing!().filter(workspaces::slug.eq(slug)).first::<WorkspaceRow>(conn).await.optional()
    });
    row.or_error("find a workspace by its slug")?.map(Workspace::try_from).transpose()
}

/// Changes a workspace. `None` where there is no such workspace within reach. Fails where the change is not for who
/// reaches so far to make ([`Workspace::require_may_become`]); where it takes the workspace out of use and with it an
/// account that may do more than whoever asks; and then with [`Conflict::OwnWorkspace`].
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: WorkspaceId,
    changes: &WorkspaceChanges,
) -> Result<Option<Workspace>> {
    in_transaction!(connection, {
        dialect::lock_workspace(connection, id).await?;
        let now = origin.source.clock.now();
        let Standing { authority, reach, .. } = asker.standing(connection, now).await?;
        let Some(before) = find_within(connection, reach, id).await? else { return Ok(None) };
        let mut workspace = before.clone();
        changes.clone().apply_to(&mut workspace, now);
        before.require_may_become(&workspace, reach)?;
        if before.status == Status::Active && workspace.status != Status::Active {
            residents::require_no_greater(connection, &authority, id).await?;
            workspace.require_not_home_of(&authority)?;
        }
        update(connection, &workspace).await?;
        audit_events::updated(connection, origin, id, &before, &workspace).await?;
        Ok(Some(workspace))
    })
}

pub(crate) async fn update(connection: &mut DbConnection, workspace: &Workspace) -> Result<()> {
    let row = WorkspaceRow::from(workspace);
    let changed = workspaces::table.filter(workspaces::id.eq(stored(workspace.id)));
    on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
        .or_error("change a workspace")?;
    Ok(())
}

/// The workspace of this id, where it lets anybody in: it is there, and not out of use.
pub async fn find_in_use(connection: &mut DbConnection, id: WorkspaceId) -> Result<Option<Workspace>> {
    Ok(find(connection, id).await?.filter(|workspace| workspace.status == Status::Active))
}

/// Whether there is any workspace.
pub async fn any(connection: &mut DbConnection) -> Result<bool> {
    let query = workspaces::table.filter(workspaces::deleted_at.is_null()).select(workspaces::id).limit(1);
    let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    Ok(!ids.or_error("look for any workspace")?.is_empty())
}

/// A page of workspaces, by the moment they were made.
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

/// How many workspaces there are.
pub async fn count(connection: &mut DbConnection) -> Result<i64> {
    let query = workspaces::table.filter(workspaces::deleted_at.is_null()).count();
    on_backend!(connection, |conn| query.get_result(conn).await).or_error("count workspaces")
}
