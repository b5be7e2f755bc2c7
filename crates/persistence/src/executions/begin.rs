//! Begins executions.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Execution, ExecutionId, ExecutionState, ExternalUserId, JobId, JobKind, Json, NewJob, NewStep, Origin,
    Result, StepCounters, TriggerKind, Workflow, WorkflowId, WorkflowLimits, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::row::{Beginning, ExecutionRow, StepRow};
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::workflows::advance_schedule;
use crate::schema::{deleted_external_users, execution_steps, executions};
use crate::types::{StoredUuid, stored};
use crate::{audit_events, jobs};

/// An execution that is not stored yet.
#[derive(Debug, Clone)]
pub struct NewExecution {
    /// Its id.
    pub id: ExecutionId,
    /// The external user in whose name it runs.
    pub user_id: Option<ExternalUserId>,
    /// What starts it.
    pub trigger_kind: TriggerKind,
    /// What comes with that, as expressions see it.
    pub trigger: Json,
    /// What comes to its first step.
    pub data: Json,
    /// The execution begins once for each such key.
    pub key: Option<String>,
    /// How many executions have led to it, or why it must not run.
    pub depth: Result<u32, String>,
}

/// Begins an execution of a workflow, whose first node has this id. `None` if one has begun with the same key.
#[boxed]
pub async fn begin(
    connection: &mut DbConnection,
    origin: &Origin,
    (workflow, first_node): (&Workflow, &str),
    new: &NewExecution,
    limits: &WorkflowLimits,
) -> Result<Option<Execution>> {
    in_transaction!(connection, { insert(connection, origin, (workflow, first_node), new, limits).await })
}

/// Begins the execution that the schedule of a workflow asks for, and notes when it asks next. `None` if another server has, or
/// the workflow has changed.
#[boxed]
pub async fn begin_on_schedule(
    connection: &mut DbConnection,
    origin: &Origin,
    (workflow, first_node): (&Workflow, &str),
    new: &NewExecution,
    limits: &WorkflowLimits,
) -> Result<Option<Execution>> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        if !advance_schedule(connection, workflow, now).await? {
            return Ok(None);
        }
        insert(connection, origin, (workflow, first_node), new, limits).await
    })
}

async fn insert(
    connection: &mut DbConnection,
    origin: &Origin,
    (workflow, first_node): (&Workflow, &str),
    new: &NewExecution,
    limits: &WorkflowLimits,
) -> Result<Option<Execution>> {
    if is_erased(connection, workflow.workspace_id, new.user_id).await? {
        return Ok(None);
    }
    let now = origin.source.clock.now();
    let NewExecution { id, user_id, trigger_kind, trigger, data, key, depth } = new.clone();
    let settings = &workflow.definition.settings;
    let ordered_by = user_id.filter(|_| settings.is_ordered_by_user);
    let chance = ordered_by.map_or_else(|| origin.source.ids.uuid(), ExternalUserId::as_uuid);
    let lane = lane_of(workflow.id, chance, settings.concurrency);
    let has_waits = workflow.definition.compiled().is_ok_and(|graph| graph.has_waits());
    let duration = if has_waits { limits.duration_with_waits } else { limits.duration };
    let refusal = depth.as_ref().err().cloned();
    let is_refused = refusal.is_some();
    let mut execution = Execution {
        id,
        workspace_id: workflow.workspace_id,
        workflow_id: workflow.id,
        user_id,
        ordered_by,
        state: if is_refused { ExecutionState::Failed } else { ExecutionState::Running },
        trigger_kind,
        trigger,
        depth: depth.unwrap_or(WorkflowLimits::MAXIMUM_DEPTH),
        counters: StepCounters::new(),
        error: refusal,
        due_at: (!is_refused).then_some(now),
        last_step: i64::from(!is_refused),
        revision: 1,
        created_at: now,
        updated_at: now,
        expires_at: now.plus(duration),
        finished_at: is_refused.then_some(now),
    };
    if !is_refused {
        execution.counter(first_node).incoming = 1;
    }
    let row = ExecutionRow::new(&execution, Beginning { lane, key });
    let inserted = on_backend!(connection, |conn| diesel::insert_into(executions::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(conn)
        .await);
    if inserted.or_error("insert an execution")? == 0 {
        return Ok(None);
    }
    audit_events::created(connection, origin, workflow.workspace_id, &execution).await?;
    if !is_refused {
        let first = NewStep { node_id: first_node.to_owned(), is_gathered: false, lineage: Vec::new(), data };
        let row = StepRow::new(&execution, 1, first, now);
        on_backend!(connection, |conn| diesel::insert_into(execution_steps::table)
            .values(&row)
            .execute(conn)
            .await)
        .or_error("insert the first step of an execution")?;
        jobs::enqueue(connection, &job_of(workflow.workspace_id, workflow.id, lane), now).await?;
    }
    Ok(Some(execution))
}

/// Returns whether the user for whom an execution would run was erased: nothing of it may be stored any more.
async fn is_erased(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    user_id: Option<ExternalUserId>,
) -> Result<bool> {
    let Some(user_id) = user_id else { return Ok(false) };
    let query = deleted_external_users::table
        .filter(deleted_external_users::workspace_id.eq(stored(workspace_id)))
        .filter(deleted_external_users::id.eq(stored(user_id)))
        .filter(deleted_external_users::erased_at.is_not_null())
        .select(deleted_external_users::id);
    let found = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    Ok(!found.or_error("look whether a user was erased")?.is_empty())
}

/// Returns one of the lanes of a workflow: always the same for the same chance.
fn lane_of(id: WorkflowId, chance: Uuid, concurrency: u32) -> Uuid {
    let slot = chance.as_u128() % u128::from(concurrency.max(1));
    Uuid::from_u128(id.as_uuid().as_u128() ^ (slot + 1))
}

/// The job of a lane has its id.
pub(super) fn job_of(workspace_id: WorkspaceId, workflow_id: WorkflowId, lane: Uuid) -> NewJob {
    NewJob {
        id: JobId::from_uuid(lane),
        workspace_id,
        lane,
        kind: JobKind::WorkflowRun,
        object_id: workflow_id.to_string(),
        payload: Json::Null,
    }
}
