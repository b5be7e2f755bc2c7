//! Starts and stops workflows.
//!
//! A caller sets the status `starting` or `stopping`, and the job of the workflow does the rest.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, EventPosition, JobId, JobKind, Json, NewJob, Origin, Result, Timestamp, Trigger,
    TriggerKind, Workflow, WorkflowId, WorkflowLimits, WorkflowStatus, WorkflowViewer, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::{find, lock, row_of};
use super::write::{find_to_change, store};
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::jobs;
use crate::people::asker::Asker;
use crate::queries::locks;
use crate::schema::workflows;
use crate::types::{StoredTime, stored};

/// Who starts or stops a workflow.
#[derive(Debug, Clone, Copy)]
pub struct Control {
    /// The account that calls, whose rights are read again; `None` for a key.
    pub asker: Option<Asker>,
    /// What the caller may see.
    pub viewer: WorkflowViewer,
}

/// Starts a workflow: it is `starting`, and soon active. `None` if the caller sees no such workflow. Fails with
/// [`Conflict::WorkflowAlready`] unless it is inactive, and with [`Conflict::TooManyActiveWorkflows`].
#[boxed]
pub async fn start(
    connection: &mut DbConnection,
    origin: &Origin,
    control: Control,
    key: (WorkspaceId, WorkflowId),
    limits: &WorkflowLimits,
) -> Result<Option<Workflow>> {
    in_transaction!(connection, {
        locks::lock_workspace(connection, key.0).await?;
        let Control { asker, viewer } = control;
        let found = find_to_change(connection, origin, asker, viewer, key).await?;
        let Some((workflow, _)) = found else { return Ok(None) };
        if workflow.status != WorkflowStatus::Inactive {
            return Err(Error::Conflict(Conflict::WorkflowAlready(workflow.status)));
        }
        let active = workflows::table
            .filter(workflows::workspace_id.eq(stored(key.0)))
            .filter(workflows::status.ne(WorkflowStatus::Inactive.to_string()));
        let count = on_backend!(connection, |conn| active.count().get_result::<i64>(conn).await);
        let count = count.or_error("count active workflows")?;
        if usize::try_from(count).is_ok_and(|count| count >= limits.active) {
            return Err(Error::Conflict(Conflict::TooManyActiveWorkflows));
        }
        set_status(connection, origin, &workflow, WorkflowStatus::Starting).await.map(Some)
    })
}

/// Stops a workflow: it is `stopping`, no execution begins any more, and those under way are cancelled. `None` if the caller
/// sees no such workflow. Fails with [`Conflict::WorkflowAlready`] if it is inactive or stopping.
#[boxed]
pub async fn stop(
    connection: &mut DbConnection,
    origin: &Origin,
    control: Control,
    key: (WorkspaceId, WorkflowId),
) -> Result<Option<Workflow>> {
    in_transaction!(connection, {
        let Control { asker, viewer } = control;
        let found = find_to_change(connection, origin, asker, viewer, key).await?;
        let Some((workflow, _)) = found else { return Ok(None) };
        match workflow.status {
            WorkflowStatus::Active | WorkflowStatus::Starting => {
                set_status(connection, origin, &workflow, WorkflowStatus::Stopping).await.map(Some)
            }
            status => Err(Error::Conflict(Conflict::WorkflowAlready(status))),
        }
    })
}

/// Sets the status of a locked workflow, and calls its job.
async fn set_status(
    connection: &mut DbConnection,
    origin: &Origin,
    before: &Workflow,
    status: WorkflowStatus,
) -> Result<Workflow> {
    let mut after = Workflow { status, ..before.clone() };
    store(connection, origin, before, &mut after).await?;
    call_job(connection, &after).await?;
    Ok(after)
}

/// Calls the job of a workflow that was changed.
pub(super) async fn call_job(connection: &mut DbConnection, workflow: &Workflow) -> Result<()> {
    jobs::enqueue(connection, &job_of(workflow.workspace_id, workflow.id), workflow.updated_at).await
}

/// The job of a workflow has its id.
fn job_of(workspace_id: WorkspaceId, id: WorkflowId) -> NewJob {
    NewJob {
        id: JobId::from_uuid(id.as_uuid()),
        workspace_id,
        lane: id.as_uuid(),
        kind: JobKind::Workflow,
        object_id: id.to_string(),
        payload: Json::Null,
    }
}

/// The job that begins executions on a workspace's events has the workspace's id.
fn events_job_of(workspace_id: WorkspaceId) -> NewJob {
    NewJob {
        id: JobId::from_uuid(workspace_id.as_uuid()),
        workspace_id,
        lane: workspace_id.as_uuid(),
        kind: JobKind::WorkflowEvents,
        object_id: workspace_id.to_string(),
        payload: Json::Null,
    }
}

/// Makes a starting workflow active, or a stopping one inactive once `has_ended` says that nothing of it is left. Otherwise
/// leaves it as it is. `None` if it is gone.
#[boxed]
pub async fn settle(
    connection: &mut DbConnection,
    origin: &Origin,
    (workspace_id, id): (WorkspaceId, WorkflowId),
    has_ended: bool,
) -> Result<Option<Workflow>> {
    let now = origin.source.clock.now();
    in_transaction!(connection, {
        // The feed is locked before the lane of a job.
        let position = locks::lock_feed(connection, stored(workspace_id)).await?;
        lock(connection, workspace_id, id).await?;
        let Some(before) = find(connection, workspace_id, id).await? else { return Ok(None) };
        let mut after = before.clone();
        match before.status {
            WorkflowStatus::Starting => {
                after.status = WorkflowStatus::Active;
                after.events_after = EventPosition::from_stored(position);
                after.next_run_at = next_run(&before.definition.trigger, now);
                if before.definition.trigger.kind() == TriggerKind::Event {
                    jobs::enqueue(connection, &events_job_of(workspace_id), now).await?;
                }
            }
            WorkflowStatus::Stopping if has_ended => {
                after.status = WorkflowStatus::Inactive;
                after.next_run_at = None;
            }
            _ => return Ok(Some(before)),
        }
        store(connection, origin, &before, &mut after).await?;
        Ok(Some(after))
    })
}

/// Returns when a schedule starts its workflow next.
fn next_run(trigger: &Trigger, now: Timestamp) -> Option<Timestamp> {
    match trigger {
        Trigger::Schedule { schedule, .. } => schedule.next_after(now),
        _ => None,
    }
}

/// Notes when the schedule of an active workflow starts it next, in the transaction that has begun the execution before. `false`
/// if the workflow has changed in the meantime.
pub(crate) async fn advance_schedule(
    connection: &mut DbConnection,
    workflow: &Workflow,
    now: Timestamp,
) -> Result<bool> {
    let next = next_run(&workflow.definition.trigger, now).map(StoredTime::from);
    let unchanged = row_of!(workflow.workspace_id, workflow.id)
        .filter(workflows::version.eq(workflow.version))
        .filter(workflows::next_run_at.eq(workflow.next_run_at.map(StoredTime::from)));
    let count = on_backend!(connection, |conn| diesel::update(unchanged)
        .set(workflows::next_run_at.eq(next))
        .execute(conn)
        .await);
    Ok(count.or_error("note when a schedule is due")? > 0)
}
