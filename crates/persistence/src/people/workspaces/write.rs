//! Creates and changes workspaces.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Channel, Conflict, Error, Origin, Result, Slug, Status, Workspace, WorkspaceChanges, WorkspaceId,
    WorkspaceName,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::find_within;
use super::residents;
use super::row::WorkspaceRow;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::directory::channels;
use crate::people::administrators::Administered;
use crate::people::asker::{Asker, Standing};
use crate::people::numbers;
use crate::queries::locks;
use crate::schema::workspaces;
use crate::types::stored;

/// Creates a workspace and its default channel. Fails with [`Conflict::SlugTaken`].
#[boxed]
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

/// Creates a workspace with the first free slug for its name: `my-company`, or else `my-company-2`, and so on.
#[boxed]
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

/// Returns the number to try next: first those that people expect, then random ones, because many may be taken.
pub(crate) fn next_number(number: u64, origin: &Origin) -> u64 {
    const COUNTED: u64 = 10;
    if number < COUNTED { number + 1 } else { COUNTED + u64::from(origin.source.ids.uuid().as_fields().0) }
}

/// Creates a workspace without a channel, in a transaction that also creates its default channel.
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

/// Changes a workspace. `None` if there is no such workspace within reach. Fails if the caller's reach does not allow
/// the change ([`Workspace::require_may_become`]), if it deactivates the home of an account with greater rights than
/// the caller, with [`Conflict::OwnWorkspace`], and with [`Conflict::LastAdministrator`].
#[boxed]
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: WorkspaceId,
    changes: &WorkspaceChanges,
) -> Result<Option<Workspace>> {
    in_transaction!(connection, {
        locks::lock_workspace(connection, id).await?;
        let now = origin.source.clock.now();
        let Standing { authority, reach, .. } = asker.standing(connection, now).await?;
        let Some(before) = find_within(connection, reach, id).await? else { return Ok(None) };
        let mut workspace = before.clone();
        changes.clone().apply_to(&mut workspace, now);
        before.require_may_become(&workspace, reach)?;
        let closes = before.status == Status::Active && workspace.status != Status::Active;
        if closes {
            residents::require_no_greater(connection, &authority, id).await?;
            workspace.require_not_home_of(&authority)?;
        }
        let administered = Administered::before(connection, closes).await?;
        update(connection, &workspace).await?;
        administered.require_still(connection).await?;
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
