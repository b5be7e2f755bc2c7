//! Begins executions.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Execution, ExecutionId, ExecutionProgress, ExecutionState, ExternalUserId, Graph, JobId, JobKind, Json,
    NewJob, NewStep, Origin, Result, StepCounters, TriggerKind, Verb, Workflow, WorkflowId, WorkflowLimits,
    WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::row::{ExecutionRow, StepRow};
use crate::audit_events::{self, ChangeRows};
use crate::connection::{DbConnection, OrError as _, commit_with, in_transaction, on_backend};
use crate::jobs::{JobCall, begin_again, open_lane, store_or_call};
use crate::people::workflows::advance_schedule;
use crate::schema::{
    audit_events as audit_events_rows, deleted_external_users, event_outbox, execution_steps, executions,
    job_lanes,
};
use crate::types::{StoredUuid, stored};

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

/// Begins an execution of a workflow with this graph. `None` if one has begun with the same key.
#[boxed]
pub async fn begin(
    connection: &mut DbConnection,
    origin: &Origin,
    (workflow, graph): (&Workflow, &Graph),
    new: NewExecution,
    limits: &WorkflowLimits,
) -> Result<Option<Execution>> {
    let beginning = Beginning::new(origin, (workflow, graph), new, limits);
    in_transaction!(connection, { beginning.insert_and_commit(connection, origin).await })
}

/// Begins the execution that the schedule of a workflow asks for, and notes when it asks next. `None` if another server has, or
/// the workflow has changed.
#[boxed]
pub async fn begin_on_schedule(
    connection: &mut DbConnection,
    origin: &Origin,
    (workflow, graph): (&Workflow, &Graph),
    new: NewExecution,
    limits: &WorkflowLimits,
) -> Result<Option<Execution>> {
    let beginning = Beginning::new(origin, (workflow, graph), new, limits);
    in_transaction!(connection, {
        if !advance_schedule(connection, workflow, origin.source.clock.now()).await? {
            return Ok(None);
        }
        beginning.insert_and_commit(connection, origin).await
    })
}

/// An execution that begins, with its first step.
struct Beginning {
    execution: Execution,
    row: ExecutionRow,
    /// `None` if it must not run.
    first_step: Option<StepRow>,
    job: JobCall,
}

impl Beginning {
    fn new(
        origin: &Origin,
        (workflow, graph): (&Workflow, &Graph),
        new: NewExecution,
        limits: &WorkflowLimits,
    ) -> Self {
        let now = origin.source.clock.now();
        let NewExecution { id, user_id, trigger_kind, trigger, data, key, depth } = new;
        let (workspace_id, settings) = (workflow.workspace_id, &workflow.definition.settings);
        let ordered_by = user_id.filter(|_| settings.is_ordered_by_user);
        let chance = ordered_by.map_or_else(|| origin.source.ids.uuid(), ExternalUserId::as_uuid);
        let lane = lane_of(workflow.id, chance, settings.concurrency);
        let duration = if graph.has_waits() { limits.duration_with_waits } else { limits.duration };
        let (depth, refusal) = match depth {
            Ok(depth) => (depth, None),
            Err(refusal) => (WorkflowLimits::MAXIMUM_DEPTH, Some(refusal)),
        };
        let mut progress = ExecutionProgress::of(Execution {
            id,
            workspace_id,
            workflow_id: workflow.id,
            user_id,
            ordered_by,
            state: ExecutionState::Running,
            trigger_kind,
            trigger,
            depth,
            counters: StepCounters::new(),
            error: None,
            due_at: Some(now),
            last_step: 0,
            revision: 1,
            created_at: now,
            updated_at: now,
            expires_at: now.plus(duration),
            finished_at: None,
        });
        match refusal {
            Some(refusal) => progress.execution.fail(&refusal, now),
            None => progress.add(
                NewStep { node_id: graph.first().id.clone(), is_gathered: false, lineage: Vec::new(), data },
                now,
            ),
        }
        let ExecutionProgress { execution, new, .. } = progress;
        let first_step = new.as_slice().first().map(|step| StepRow::of(&execution, step));
        let row = ExecutionRow::new(&execution, lane, key);
        let job = JobCall::new(&job_of(workspace_id, workflow.id, lane), now);
        Self { execution, row, first_step, job }
    }

    /// Inserts the row of an execution with a key. `false` if one has begun with the same key, or its user was erased.
    async fn takes_key(&self, connection: &mut DbConnection) -> Result<bool> {
        let Self { execution, row, .. } = self;
        if is_erased(connection, execution.workspace_id, execution.user_id).await? {
            return Ok(false);
        }
        if row.trigger_key.is_none() {
            return Ok(true);
        }
        let insert = diesel::insert_into(executions::table).values(row).on_conflict_do_nothing();
        let inserted = on_backend!(connection, |conn| insert.execute(conn).await);
        Ok(inserted.or_error("insert an execution")? > 0)
    }

    async fn insert_and_commit(
        &self,
        connection: &mut DbConnection,
        origin: &Origin,
    ) -> Result<Option<Execution>> {
        if !self.takes_key(connection).await? {
            return Ok(None);
        }
        let Self { execution, row, first_step, job } = self;
        let change = audit_events::change_between(
            origin,
            Some(execution.workspace_id),
            Verb::Create,
            None,
            Some(execution),
        );
        let ChangeRows { entry, event } = change.into_rows(connection);
        connection.tell_of_due_jobs();
        commit_with!(
            connection,
            |conn| match row.trigger_key {
                Some(_) => Ok(0),
                None => row.insert_into(executions::table).execute(conn).await,
            }
            .or_error("insert an execution"),
            (&entry)
                .insert_into(audit_events_rows::table)
                .execute(conn)
                .await
                .or_error("note what has changed"),
            match &event {
                Some(event) => event.insert_into(event_outbox::table).execute(conn).await,
                None => Ok(0),
            }
            .or_error("note what others are told"),
            match first_step {
                Some(step) => step.insert_into(execution_steps::table).execute(conn).await,
                None => Ok(0),
            }
            .or_error("insert the first step of an execution"),
            match first_step {
                Some(_) => open_lane!(job.lane, job.now, job.count()).execute(conn).await,
                None => Ok(0),
            }
            .or_error("open a lane of jobs"),
            match first_step {
                Some(_) => begin_again!(job).execute(conn).await,
                None => Ok(0),
            }
            .or_error("begin a job anew"),
            match first_step {
                Some(_) => store_or_call!(job).execute(conn).await,
                None => Ok(0),
            }
            .or_error("store a job"),
        )?;
        Ok(Some(execution.clone()))
    }
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
