//! Cancels executions, and tries them again.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, Execution, ExecutionId, ExecutionState, Origin, Result, StepState, Verb, Workflow,
    WorkflowId, WorkflowLimits, WorkflowStatus, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::advance::{cancel_steps, update};
use super::begin::job_of;
use super::find::find;
use super::row::ExecutionRow;
use super::steps::{failures, steps_of};
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::jobs;
use crate::people::workflows::{Control, find_to_change};
use crate::queries::dialect::first_locked;
use crate::schema::{execution_steps, executions};
use crate::types::{StoredTime, StoredUuid, stored};

/// Finds an execution with its lane, and locks it.
async fn lock(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExecutionId,
) -> Result<Option<(Execution, StoredUuid)>> {
    let query = executions::table
        .filter(executions::workspace_id.eq(stored(workspace_id)))
        .filter(executions::id.eq(stored(id)));
    let row = first_locked!(connection, query, for_update, ExecutionRow).or_error("lock an execution")?;
    row.map(|row| {
        let lane = row.lane;
        Execution::try_from(row).map(|execution| (execution, lane))
    })
    .transpose()
}

/// Cancels an execution: no further step of it begins. One that is under way may still be done, but nothing of it is stored. `None`
/// if the workspace has no such execution, or the caller, if there is one, does not see its workflow. Fails with
/// [`Conflict::ExecutionFinished`].
#[boxed]
pub async fn cancel(
    connection: &mut DbConnection,
    origin: &Origin,
    control: Option<Control>,
    workspace_id: WorkspaceId,
    id: ExecutionId,
    why: Option<&str>,
) -> Result<Option<Execution>> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        let Some(found) = find(connection, workspace_id, id).await? else { return Ok(None) };
        if let Some(control) = control
            && find_workflow(connection, origin, control, &found).await?.is_none()
        {
            return Ok(None);
        }
        let Some((before, _)) = lock(connection, workspace_id, id).await? else { return Ok(None) };
        if before.finished_at.is_some() {
            return Err(Error::Conflict(Conflict::ExecutionFinished));
        }
        let mut after = before.clone();
        after.state = ExecutionState::Cancelled;
        after.error = why.map(str::to_owned);
        (after.due_at, after.finished_at) = (None, Some(now));
        update(connection, &mut after, now).await?;
        cancel_steps(connection, &after, now).await?;
        audit_events::done(connection, origin, workspace_id, Verb::Update, Some(&before), Some(&after))
            .await?;
        Ok(Some(after))
    })
}

/// Finds the workflow of an execution that a caller may control, with the rights that it has now, and locks it.
async fn find_workflow(
    connection: &mut DbConnection,
    origin: &Origin,
    control: Control,
    execution: &Execution,
) -> Result<Option<Workflow>> {
    let Control { asker, viewer } = control;
    let key = (execution.workspace_id, execution.workflow_id);
    let found = find_to_change(connection, origin, asker, viewer, key).await?;
    Ok(found.map(|(workflow, _)| workflow))
}

/// Cancels some executions of a workflow that is being stopped. Returns whether more may be left.
#[boxed]
pub async fn cancel_some(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    limit: u32,
) -> Result<bool> {
    let unfinished = executions::table
        .filter(executions::workspace_id.eq(stored(workspace_id)))
        .filter(executions::workflow_id.eq(stored(workflow_id)))
        .filter(executions::finished_at.is_null())
        .order((executions::created_at.asc(), executions::id.asc()))
        .select(executions::id)
        .limit(i64::from(limit));
    let ids = on_backend!(connection, |conn| unfinished.load::<StoredUuid>(conn).await);
    let ids = ids.or_error("find unfinished executions")?;
    for id in &ids {
        let why = "The workflow was stopped.";
        match cancel(connection, origin, None, workspace_id, (*id).into(), Some(why)).await {
            Ok(_) | Err(Error::Conflict(Conflict::ExecutionFinished)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(!ids.is_empty())
}

/// Tries an execution again that has failed or was cancelled: the steps that failed, and those that were not done. Its time begins
/// anew. `None` if the workspace has no such execution, or the caller does not see its workflow. Fails with
/// [`Conflict::WorkflowNotActive`] and [`Conflict::ExecutionNotFailed`].
#[boxed]
pub async fn retry(
    connection: &mut DbConnection,
    origin: &Origin,
    control: Control,
    workspace_id: WorkspaceId,
    id: ExecutionId,
    limits: &WorkflowLimits,
) -> Result<Option<Execution>> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        let Some(found) = find(connection, workspace_id, id).await? else { return Ok(None) };
        let Some(workflow) = find_workflow(connection, origin, control, &found).await? else {
            return Ok(None);
        };
        if workflow.status != WorkflowStatus::Active {
            return Err(Error::Conflict(Conflict::WorkflowNotActive(workflow.status)));
        }
        let Some((before, lane)) = lock(connection, workspace_id, id).await? else { return Ok(None) };
        let has_ended = matches!(before.state, ExecutionState::Failed | ExecutionState::Cancelled);
        if !has_ended || before.last_step == 0 {
            return Err(Error::Conflict(Conflict::ExecutionNotFailed));
        }
        let mut after = before.clone();
        for (node, count) in failures(connection, &before).await? {
            let counter = after.counter(&node);
            counter.errors = counter.errors.saturating_sub(count);
        }
        let again = [StepState::Failed.to_string(), StepState::Cancelled.to_string()];
        let those = steps_of!(before).filter(execution_steps::state.eq_any(again));
        let pending = (
            execution_steps::state.eq(StepState::Pending.to_string()),
            execution_steps::attempts.eq(0),
            execution_steps::due_at.eq(Some(StoredTime::from(now))),
            execution_steps::updated_at.eq(StoredTime::from(now)),
        );
        on_backend!(connection, |conn| diesel::update(those).set(pending).execute(conn).await)
            .or_error("try steps again")?;
        after.state = ExecutionState::Running;
        (after.error, after.due_at, after.finished_at) = (None, Some(now), None);
        let time = before.expires_at.since(before.created_at).min(limits.duration_with_waits);
        after.expires_at = now.plus(time);
        update(connection, &mut after, now).await?;
        audit_events::done(connection, origin, workspace_id, Verb::Update, Some(&before), Some(&after))
            .await?;
        let job = job_of(workspace_id, before.workflow_id, lane.as_uuid());
        jobs::enqueue(connection, &job, now).await?;
        Ok(Some(after))
    })
}
