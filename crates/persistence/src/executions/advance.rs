//! Stores what has happened to executions, with what it changes.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conclusion, Conflict, Error, Execution, ExecutionProgress, Json, Origin, Result, Step, StepState,
    Timestamp, WorkflowLimits,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::begin::job_of;
use super::effects::{self, Effect};
use super::row::{StepRow, as_json};
use super::steps::{next_due_at, steps_of};
use crate::connection::{
    DbConnection, OrError as _, all_at_once, enclosed, in_transaction, on_backend, on_each_backend,
};
use crate::jobs;
use crate::queries::dialect::insert_all;
use crate::queries::prepared_once::PreparedOnce;
use crate::schema::{execution_steps, executions};
use crate::types::{StoredTime, StoredUuid, stored};

/// Selects the row of an execution.
macro_rules! row_of {
    ($execution:expr) => {
        executions::table
            .filter(executions::workspace_id.eq(stored($execution.workspace_id)))
            .filter(executions::id.eq(stored($execution.id)))
    };
}

/// Writes an execution over the revision before its own.
macro_rules! write_over {
    ($execution:expr) => {{
        let execution: &Execution = $execution;
        let before = row_of!(execution).filter(executions::revision.eq(execution.revision - 1));
        PreparedOnce(diesel::update(before).set((
            executions::state.eq(execution.state.to_string()),
            executions::counters.eq(as_json(&execution.counters)),
            executions::error.eq(execution.error.clone()),
            executions::due_at.eq(execution.due_at.map(StoredTime::from)),
            executions::last_step.eq(execution.last_step),
            executions::revision.eq(execution.revision),
            executions::updated_at.eq(StoredTime::from(execution.updated_at)),
            executions::expires_at.eq(StoredTime::from(execution.expires_at)),
            executions::finished_at.eq(execution.finished_at.map(StoredTime::from)),
        )))
    }};
}

/// Writes what has happened to a step.
macro_rules! write_step {
    ($execution:expr, $step:expr) => {{
        let (execution, step): (&Execution, &Step) = ($execution, $step);
        let own = steps_of!(execution).filter(execution_steps::number.eq(step.number));
        PreparedOnce(diesel::update(own).set((
            execution_steps::state.eq(step.state.to_string()),
            execution_steps::attempts.eq(i64::from(step.attempts)),
            execution_steps::due_at.eq(step.due_at.map(StoredTime::from)),
            execution_steps::result.eq(step.result.as_ref().map(ToString::to_string)),
            execution_steps::message.eq(step.message.clone()),
            execution_steps::updated_at.eq(StoredTime::from(step.updated_at)),
        )))
    }};
}

/// Stores what has happened to some executions, all together, and determines when they go on. Returns them as they are now: `None`
/// in the place of one that another server has stored meanwhile, or that someone has cancelled. Nothing of that is stored.
#[boxed]
pub async fn store(
    connection: &mut DbConnection,
    origin: &Origin,
    progresses: &[ExecutionProgress],
) -> Result<Vec<Option<Execution>>> {
    let now = origin.source.clock.now();
    in_transaction!(connection, { store_all(connection, progresses.to_vec(), now).await })
}

async fn store_all(
    connection: &mut DbConnection,
    progresses: Vec<ExecutionProgress>,
    now: Timestamp,
) -> Result<Vec<Option<Execution>>> {
    let mut all: Vec<_> = progresses.into_iter().map(|progress| Unstored::new(progress, now)).collect();
    // An execution is locked before its steps, as everywhere.
    let counts = all_at_once!(connection, &all, |conn, unstored| {
        write_over!(&unstored.progress.execution).execute(conn).await
    });
    let counts = counts.or_error("store executions")?;
    for (unstored, count) in all.iter_mut().zip(counts) {
        unstored.is_overtaken = count == 0;
    }
    store_steps(connection, &all).await?;
    let mut stored = Vec::with_capacity(all.len());
    for Unstored { progress, is_settled, is_overtaken } in all {
        let mut execution = progress.execution;
        if !is_overtaken && !is_settled {
            settle_by_steps(connection, &mut execution, now).await?;
        } else if !is_overtaken && execution.finished_at.is_some() {
            call_next(connection, &execution, now).await?;
        }
        stored.push((!is_overtaken).then_some(execution));
    }
    Ok(stored)
}

/// An execution that is being stored.
struct Unstored {
    progress: ExecutionProgress,
    /// Whether it is known how it goes on. Otherwise its stored steps tell.
    is_settled: bool,
    is_overtaken: bool,
}

impl Unstored {
    fn new(mut progress: ExecutionProgress, now: Timestamp) -> Self {
        let is_settled = !has_too_many_steps(&progress.execution) && progress.settle(now);
        progress.execution.revision += 1;
        progress.execution.updated_at = now;
        Self { progress, is_settled, is_overtaken: false }
    }
}

fn has_too_many_steps(execution: &Execution) -> bool {
    execution.last_step > WorkflowLimits::MAXIMUM_STEPS
}

/// Stores what has happened to an execution, and what a step changes. `conclude` says how the execution goes on after the result of
/// the change. Returns what was stored.
///
/// Fails if the maker of the workflow may not make the change, or the change itself fails; then nothing is stored. Fails with
/// [`Conflict::ConcurrentChange`](denizen_domain::Conflict::ConcurrentChange) if another server has gone on with the execution.
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    progress: &ExecutionProgress,
    effect: &Effect,
    conclude: impl Fn(Json) -> Conclusion + Send + Sync,
) -> Result<ExecutionProgress> {
    let conclude: &(dyn Fn(Json) -> Conclusion + Send + Sync) = &conclude;
    change_and_store(connection, origin, progress, effect, conclude).await
}

#[boxed]
async fn change_and_store(
    connection: &mut DbConnection,
    origin: &Origin,
    progress: &ExecutionProgress,
    effect: &Effect,
    conclude: &(dyn Fn(Json) -> Conclusion + Send + Sync),
) -> Result<ExecutionProgress> {
    in_transaction!(connection, {
        let execution = &progress.execution;
        let result = enclosed!(connection, effects::perform(connection, origin, execution, effect).await)?;
        let now = origin.source.clock.now();
        let mut progress = progress.clone();
        progress.conclude(conclude(result), now);
        let stored = store_all(connection, vec![progress.clone()], now).await?;
        let execution = stored.into_iter().flatten().next().ok_or_else(overtaken)?;
        Ok(ExecutionProgress { execution, ..progress })
    })
}

/// Returns whether an execution is as it was read.
#[boxed]
pub async fn is_current(connection: &mut DbConnection, execution: &Execution) -> Result<bool> {
    let unchanged =
        row_of!(execution).filter(executions::revision.eq(execution.revision)).select(executions::revision);
    let found = on_backend!(connection, |conn| unchanged.first::<i64>(conn).await.optional());
    Ok(found.or_error("look whether an execution has changed")?.is_some())
}

/// Determines by the stored steps when an execution goes on, or that it has ended, and stores that.
async fn settle_by_steps(
    connection: &mut DbConnection,
    execution: &mut Execution,
    now: Timestamp,
) -> Result<()> {
    if has_too_many_steps(execution) {
        execution.fail("The execution has too many steps.", now);
        cancel_steps(connection, execution, now).await?;
    } else if let Some(due_at) = next_due_at(connection, execution).await? {
        execution.goes_on(due_at, now);
    } else if has_gathered(connection, execution).await? {
        execution.goes_on(now, now);
    } else {
        execution.end(now);
    }
    update(connection, execution, now).await
}

/// Stores the steps of locked executions.
async fn store_steps(connection: &mut DbConnection, all: &[Unstored]) -> Result<()> {
    let progresses = || all.iter().filter(|one| !one.is_overtaken).map(|one| &one.progress);
    let changed: Vec<_> = progresses()
        .flat_map(|progress| progress.changed.iter().map(|step| (&progress.execution, step)))
        .collect();
    all_at_once!(connection, changed, |conn, step| write_step!(step.0, step.1).execute(conn).await)
        .or_error("store steps")?;
    for ExecutionProgress { execution, gathered, .. } in progresses() {
        if !gathered.is_empty() {
            let those = steps_of!(execution).filter(execution_steps::number.eq_any(gathered.clone()));
            let done = execution_steps::state.eq(StepState::Succeeded.to_string());
            on_backend!(connection, |conn| diesel::update(those).set(done).execute(conn).await)
                .or_error("note that steps were gathered")?;
        }
    }
    let new = progresses()
        .flat_map(|progress| progress.new.iter().map(|step| StepRow::of(&progress.execution, step)));
    let rows: Vec<_> = new.collect();
    let inserted = insert_all!(
        connection,
        execution_steps,
        &rows,
        StepRow {
            workspace_id,
            execution_id,
            number,
            node_id,
            state,
            attempts,
            due_at,
            lineage,
            data,
            result,
            message,
            created_at,
            updated_at,
        }
    );
    if inserted.or_error("insert the steps of executions")? == rows.len() { Ok(()) } else { Err(overtaken()) }
}

async fn has_gathered(connection: &mut DbConnection, execution: &Execution) -> Result<bool> {
    let query = steps_of!(execution)
        .filter(execution_steps::state.eq(StepState::Gathered.to_string()))
        .select(execution_steps::number)
        .limit(1);
    let found = on_backend!(connection, |conn| query.load::<i64>(conn).await);
    Ok(!found.or_error("look for steps that wait for others")?.is_empty())
}

/// Stores an execution over the revision that was read. If it has ended, the next one of the same user is due. Fails if another
/// server has gone on with it.
pub(super) async fn update(
    connection: &mut DbConnection,
    execution: &mut Execution,
    now: Timestamp,
) -> Result<()> {
    execution.revision += 1;
    execution.updated_at = now;
    let count = on_backend!(connection, |conn| write_over!(execution).execute(conn).await);
    if count.or_error("store an execution")? == 0 {
        return Err(overtaken());
    }
    if execution.finished_at.is_some() {
        call_next(connection, execution, now).await?;
    }
    Ok(())
}

/// Returns the error of a step that cannot be stored because another server has gone on with the execution.
fn overtaken() -> Error {
    Error::Conflict(Conflict::ConcurrentChange)
}

/// Cancels the steps that are still to be done. Those that have arrived and wait for others stay where they are.
pub(super) async fn cancel_steps(
    connection: &mut DbConnection,
    execution: &Execution,
    now: Timestamp,
) -> Result<()> {
    let open = [StepState::Pending.to_string(), StepState::Waiting.to_string()];
    let those = steps_of!(execution).filter(execution_steps::state.eq_any(open));
    let cancelled = (
        execution_steps::state.eq(StepState::Cancelled.to_string()),
        execution_steps::due_at.eq(None::<StoredTime>),
        execution_steps::updated_at.eq(StoredTime::from(now)),
    );
    on_backend!(connection, |conn| diesel::update(those).set(cancelled).execute(conn).await)
        .or_error("cancel the steps of an execution")?;
    Ok(())
}

/// Makes the next execution due that waits for this one to end.
async fn call_next(connection: &mut DbConnection, execution: &Execution, now: Timestamp) -> Result<()> {
    let Some(user_id) = execution.ordered_by else { return Ok(()) };
    let next = executions::table
        .filter(executions::workspace_id.eq(stored(execution.workspace_id)))
        .filter(executions::workflow_id.eq(stored(execution.workflow_id)))
        .filter(executions::ordered_by.eq(Some(stored(user_id))))
        .filter(executions::finished_at.is_null())
        .order((executions::created_at.asc(), executions::id.asc()))
        .select((executions::id, executions::lane));
    let next = on_backend!(connection, |conn| next.first::<(StoredUuid, StoredUuid)>(conn).await.optional());
    let Some((id, lane)) = next.or_error("find the next execution of a user")? else { return Ok(()) };
    let waits = executions::table
        .filter(executions::workspace_id.eq(stored(execution.workspace_id)))
        .filter(executions::id.eq(id))
        .filter(executions::due_at.is_null());
    let due = executions::due_at.eq(Some(StoredTime::from(now)));
    let count = on_backend!(connection, |conn| diesel::update(waits).set(due).execute(conn).await);
    if count.or_error("make the next execution of a user due")? > 0 {
        let job = job_of(execution.workspace_id, execution.workflow_id, lane.as_uuid());
        jobs::enqueue(connection, &job, now).await?;
    }
    Ok(())
}

/// Returns whether it is the turn of an execution: always, unless the executions of a user run in order and an earlier one has not
/// ended. Then it is due when that has.
#[boxed]
pub async fn take_turn(connection: &mut DbConnection, execution: &Execution) -> Result<bool> {
    let Some(user_id) = execution.ordered_by else { return Ok(true) };
    in_transaction!(connection, {
        let first = executions::table
            .filter(executions::workspace_id.eq(stored(execution.workspace_id)))
            .filter(executions::workflow_id.eq(stored(execution.workflow_id)))
            .filter(executions::ordered_by.eq(Some(stored(user_id))))
            .filter(executions::finished_at.is_null())
            .order((executions::created_at.asc(), executions::id.asc()))
            .select(executions::id);
        // Locks it: if it ends at this moment, that transaction comes after this one, and makes the next execution due.
        let first = on_each_backend!(
            connection,
            Postgres | conn | first.for_update().first::<StoredUuid>(conn).await.optional(),
            Sqlite | conn | first.first::<StoredUuid>(conn).await.optional()
        );
        let first = first.or_error("find the first execution of a user")?;
        if first.is_none_or(|first| first == stored(execution.id)) {
            return Ok(true);
        }
        let own = row_of!(execution);
        let later = executions::due_at.eq(None::<StoredTime>);
        on_backend!(connection, |conn| diesel::update(own).set(later).execute(conn).await)
            .or_error("let an execution wait for its turn")?;
        Ok(false)
    })
}

/// Ends an execution that cannot go on, with a sentence that says why.
#[boxed]
pub async fn fail(
    connection: &mut DbConnection,
    origin: &Origin,
    execution: &Execution,
    error: &str,
) -> Result<Execution> {
    let now = origin.source.clock.now();
    in_transaction!(connection, {
        let mut after = execution.clone();
        after.fail(error, now);
        update(connection, &mut after, now).await?;
        cancel_steps(connection, &after, now).await?;
        Ok(after)
    })
}
