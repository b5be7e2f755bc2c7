//! Creates, changes and deletes workflows.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, EventPosition, Origin, Reason, Result, Violation, Violations, Workflow, WorkflowChanges,
    WorkflowDefinition, WorkflowId, WorkflowLimits, WorkflowOwner, WorkflowStatus, WorkflowTemplateId,
    WorkflowViewer, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::{find, lock, row_of};
use super::owners;
use super::row::WorkflowRow;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::asker::{Asker, Standing};
use crate::people::workspaces::find as find_workspace;
use crate::queries::locks;
use crate::schema::workflows;
use crate::types::stored;

/// A workflow that is not stored yet.
#[derive(Debug, Clone)]
pub struct NewWorkflow {
    /// The workspace in which it works.
    pub workspace_id: WorkspaceId,
    /// What it does, and when.
    pub definition: WorkflowDefinition,
    /// Who owns it; `None` for the caller and the workspace.
    pub owners: Option<Vec<WorkflowOwner>>,
    /// The template that it is made of.
    pub template_id: Option<WorkflowTemplateId>,
}

/// Returns what a caller may see at this moment: an account by the right that it uses, a key in its workspace.
pub(super) async fn viewer_of(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Option<Asker>,
    viewer: WorkflowViewer,
) -> Result<WorkflowViewer> {
    let Some(asker) = asker else { return Ok(viewer) };
    let Standing { authority, reach, .. } = asker.standing(connection, origin.source.clock.now()).await?;
    Ok(WorkflowViewer { reach, account_id: authority.account_id })
}

/// Creates an inactive workflow. `asker` is the account that calls, whose rights are read again; `None` for a key. Fails if the
/// workspace is out of reach or an owner is unknown, and with [`Conflict::TooManyWorkflows`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Option<Asker>,
    viewer: WorkflowViewer,
    new: &NewWorkflow,
) -> Result<Workflow> {
    let now = origin.source.clock.now();
    in_transaction!(connection, {
        let NewWorkflow { workspace_id, definition, owners, template_id } = new.clone();
        let viewer = viewer_of(connection, origin, asker, viewer).await?;
        locks::lock_workspace(connection, workspace_id).await?;
        let is_there = find_workspace(connection, workspace_id).await?.is_some();
        if !is_there || !viewer.reach.includes(workspace_id) {
            let unknown = Violation::new(Reason::Unknown, "must be a tenant that the caller may change");
            return Err(Error::Invalid(Violations::of("tenant", unknown)));
        }
        let those = workflows::table.filter(workflows::workspace_id.eq(stored(workspace_id)));
        let count = on_backend!(connection, |conn| those.count().get_result::<i64>(conn).await);
        if count.or_error("count workflows")? >= WorkflowLimits::MAXIMUM_WORKFLOWS {
            return Err(Error::Conflict(Conflict::TooManyWorkflows));
        }
        let owners = owners.unwrap_or_else(|| {
            let caller = viewer.account_id.map(WorkflowOwner::Account);
            caller.into_iter().chain([WorkflowOwner::Workspace(workspace_id)]).collect()
        });
        owners::require_known(connection, workspace_id, &owners, (&[], viewer.account_id)).await?;
        let workflow = Workflow {
            id: WorkflowId::from_uuid(origin.source.ids.uuid()),
            workspace_id,
            definition,
            status: WorkflowStatus::Inactive,
            maker: origin.actor,
            owners,
            template_id,
            events_after: EventPosition::from_stored(0),
            next_run_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let row = WorkflowRow::from(&workflow);
        on_backend!(connection, |conn| diesel::insert_into(workflows::table)
            .values(&row)
            .execute(conn)
            .await)
        .or_error("insert a workflow")?;
        owners::store(connection, &workflow).await?;
        audit_events::created(connection, origin, workspace_id, &workflow).await?;
        Ok(workflow)
    })
}

/// Finds a workflow that a caller may change, and locks it.
pub(crate) async fn find_to_change(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Option<Asker>,
    viewer: WorkflowViewer,
    (workspace_id, id): (WorkspaceId, WorkflowId),
) -> Result<Option<(Workflow, WorkflowViewer)>> {
    let viewer = viewer_of(connection, origin, asker, viewer).await?;
    lock(connection, workspace_id, id).await?;
    let found = find(connection, workspace_id, id).await?;
    Ok(found.filter(|workflow| workflow.is_within(viewer)).map(|workflow| (workflow, viewer)))
}

/// Changes a workflow. If it does something else than before, the caller is its maker from now on, whose rights its steps have. `None` if the caller sees no
/// such workflow. Fails if an owner is unknown, and with [`Conflict::WorkflowNotInactive`].
#[boxed]
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Option<Asker>,
    viewer: WorkflowViewer,
    key: (WorkspaceId, WorkflowId),
    changes: &WorkflowChanges,
) -> Result<Option<Workflow>> {
    in_transaction!(connection, {
        let found = find_to_change(connection, origin, asker, viewer, key).await?;
        let Some((before, viewer)) = found else { return Ok(None) };
        require_inactive(&before)?;
        require_version(changes, before.version)?;
        let mut after = before.clone();
        if let Some(owners) = changes.clone().apply_to(&mut after.definition) {
            let known = (before.owners.as_slice(), viewer.account_id);
            owners::require_known(connection, before.workspace_id, &owners, known).await?;
            after.owners = owners;
        }
        if !after.definition.does_the_same_as(&before.definition) {
            after.maker = origin.actor;
        }
        if after == before {
            return Ok(Some(before));
        }
        store(connection, origin, &before, &mut after).await?;
        Ok(Some(after))
    })
}

/// Stores a changed workflow.
pub(super) async fn store(
    connection: &mut DbConnection,
    origin: &Origin,
    before: &Workflow,
    after: &mut Workflow,
) -> Result<()> {
    after.updated_at = origin.source.clock.now();
    after.version += 1;
    let row = WorkflowRow::from(&*after);
    let changed = row_of!(after.workspace_id, after.id);
    on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
        .or_error("change a workflow")?;
    if after.owners != before.owners {
        owners::store(connection, after).await?;
    }
    audit_events::updated(connection, origin, after.workspace_id, before, after).await
}

/// Fails with [`Conflict::ConcurrentChange`] if changes were made for another version than the present one.
pub(super) fn require_version(changes: &WorkflowChanges, version: i64) -> Result<()> {
    match changes.for_version {
        Some(known) if known != version => Err(Error::Conflict(Conflict::ConcurrentChange)),
        _ => Ok(()),
    }
}

fn require_inactive(workflow: &Workflow) -> Result<()> {
    match workflow.status {
        WorkflowStatus::Inactive => Ok(()),
        status => Err(Error::Conflict(Conflict::WorkflowNotInactive(status))),
    }
}

/// Deletes a workflow. Its executions are kept like those of others. `false` if the caller sees no such workflow. Fails with
/// [`Conflict::WorkflowNotInactive`].
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Option<Asker>,
    viewer: WorkflowViewer,
    key: (WorkspaceId, WorkflowId),
) -> Result<bool> {
    in_transaction!(connection, {
        let found = find_to_change(connection, origin, asker, viewer, key).await?;
        let Some((workflow, _)) = found else { return Ok(false) };
        require_inactive(&workflow)?;
        owners::remove(connection, workflow.workspace_id, workflow.id).await?;
        let gone = row_of!(workflow.workspace_id, workflow.id);
        on_backend!(connection, |conn| diesel::delete(gone).execute(conn).await)
            .or_error("delete a workflow")?;
        audit_events::deleted(connection, origin, workflow.workspace_id, &workflow).await?;
        Ok(true)
    })
}
