//! Stores the steps of executions, with what they change.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, Execution, ExecutionState, Json, NewStep, Origin, Result, Step, StepState, Timestamp,
    WorkflowLimits,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::begin::job_of;
use super::effects::{self, Effect};
use super::row::{StepRow, as_json};
use super::steps::{next_due_at, steps_of};
use crate::connection::{DbConnection, OrError as _, enclosed, in_transaction, on_backend, on_each_backend};
use crate::jobs;
use crate::queries::dialect::insert_all;
use crate::schema::{execution_steps, executions};
use crate::types::{StoredTime, StoredUuid, stored};

/// How an execution goes on after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Conclusion {
    /// The step as it is now.
    pub step: Step,
    /// The numbers of steps that had arrived at its node, and are done with it.
    pub gathered: Vec<i64>,
    /// The steps that come up after it.
    pub next: Vec<NewStep>,
}

/// Stores what came of a step, together with what it changes. `conclude` says how the execution goes on after the result of the
/// change, which is null if there is none. Returns the execution as it is now.
///
/// Fails if the maker of the workflow may not make the change, or the change itself fails; then nothing is stored. Fails with
/// [`Conflict::ConcurrentChange`](denizen_domain::Conflict::ConcurrentChange) if another server has gone on with the execution.
pub async fn advance(
    connection: &mut DbConnection,
    origin: &Origin,
    execution: &Execution,
    effect: Option<&Effect>,
    conclude: impl Fn(Json) -> Conclusion + Send + Sync,
) -> Result<Execution> {
    let conclude: &(dyn Fn(Json) -> Conclusion + Send + Sync) = &conclude;
    store(connection, origin, execution, effect, conclude).await
}

#[boxed]
async fn store(
    connection: &mut DbConnection,
    origin: &Origin,
    execution: &Execution,
    effect: Option<&Effect>,
    conclude: &(dyn Fn(Json) -> Conclusion + Send + Sync),
) -> Result<Execution> {
    in_transaction!(connection, {
        let result = match effect {
            None => Json::Null,
            Some(effect) => {
                enclosed!(connection, effects::perform(connection, origin, execution, effect).await)?
            }
        };
        conclude_with(connection, origin, execution, conclude(result)).await
    })
}

async fn conclude_with(
    connection: &mut DbConnection,
    origin: &Origin,
    before: &Execution,
    conclusion: Conclusion,
) -> Result<Execution> {
    let now = origin.source.clock.now();
    let mut after = before.clone();
    let Conclusion { step, gathered, next } = conclusion;
    match step.state {
        StepState::Succeeded => after.counter(&step.node_id).outgoing += 1,
        StepState::Failed => {
            after.counter(&step.node_id).errors += 1;
            after.error = Some(format!("{}: {}", step.node_id, step.message.as_deref().unwrap_or("")));
        }
        _ => {}
    }
    let is_due = next.iter().any(|step| !step.is_gathered);
    store_steps(connection, &mut after, step, next, now).await?;
    if !gathered.is_empty() {
        let those = steps_of!(before).filter(execution_steps::number.eq_any(gathered));
        let done = execution_steps::state.eq(StepState::Succeeded.to_string());
        on_backend!(connection, |conn| diesel::update(those).set(done).execute(conn).await)
            .or_error("note that steps were gathered")?;
    }
    settle_state(connection, &mut after, is_due, now).await?;
    update(connection, &mut after, now).await?;
    Ok(after)
}

/// Determines when an execution goes on, or that it has ended. `is_due` says that a step is due for sure.
async fn settle_state(
    connection: &mut DbConnection,
    after: &mut Execution,
    is_due: bool,
    now: Timestamp,
) -> Result<()> {
    after.due_at = if is_due { Some(now) } else { next_due_at(connection, after).await? };
    if after.due_at.is_none() {
        if has_gathered(connection, after).await? {
            after.due_at = Some(now);
        } else {
            let has_failed = after.total().errors > 0;
            after.state = if has_failed { ExecutionState::Failed } else { ExecutionState::Succeeded };
            after.finished_at = Some(now);
        }
    }
    after.due_at = after.due_at.map(|moment| moment.min(after.expires_at.max(now)));
    Ok(())
}

/// Looks again when an execution goes on, or ends one that has nothing to do.
#[boxed]
pub async fn settle(
    connection: &mut DbConnection,
    origin: &Origin,
    execution: &Execution,
) -> Result<Execution> {
    let now = origin.source.clock.now();
    in_transaction!(connection, {
        let mut after = execution.clone();
        settle_state(connection, &mut after, false, now).await?;
        update(connection, &mut after, now).await?;
        Ok(after)
    })
}

/// Stores a step and those after it. A step without a number comes up only now.
async fn store_steps(
    connection: &mut DbConnection,
    execution: &mut Execution,
    step: Step,
    next: Vec<NewStep>,
    now: Timestamp,
) -> Result<()> {
    let mut rows = Vec::with_capacity(next.len() + 1);
    let is_new = step.number == 0;
    if is_new {
        execution.last_step += 1;
        execution.counter(&step.node_id).incoming += 1;
        rows.push(StepRow::of(execution, &Step { number: execution.last_step, ..step }));
    } else {
        update_step(connection, execution, &step, now).await?;
    }
    let number = execution.last_step;
    for mut new in next {
        if is_new {
            // The lineage ends with the step before, whose number was not known.
            new.lineage.pop();
            new.lineage.push(number);
        }
        if !new.is_gathered {
            execution.counter(&new.node_id).incoming += 1;
        }
        execution.last_step += 1;
        rows.push(StepRow::new(execution, execution.last_step, new, now));
    }
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
    // Another server has stored steps with these numbers.
    if inserted.or_error("insert the steps after one")? == rows.len() { Ok(()) } else { Err(overtaken()) }
}

async fn update_step(
    connection: &mut DbConnection,
    execution: &Execution,
    step: &Step,
    now: Timestamp,
) -> Result<()> {
    let changed = (
        execution_steps::state.eq(step.state.to_string()),
        execution_steps::attempts.eq(i64::from(step.attempts)),
        execution_steps::due_at.eq(step.due_at.map(StoredTime::from)),
        execution_steps::result.eq(step.result.as_ref().map(ToString::to_string)),
        execution_steps::message.eq(step.message.clone()),
        execution_steps::updated_at.eq(StoredTime::from(now)),
    );
    let own = steps_of!(execution).filter(execution_steps::number.eq(step.number));
    on_backend!(connection, |conn| diesel::update(own).set(changed).execute(conn).await)
        .or_error("store a step")?;
    Ok(())
}

async fn has_gathered(connection: &mut DbConnection, execution: &Execution) -> Result<bool> {
    let query = steps_of!(execution)
        .filter(execution_steps::state.eq(StepState::Gathered.to_string()))
        .select(execution_steps::number)
        .limit(1);
    let found = on_backend!(connection, |conn| query.load::<i64>(conn).await);
    Ok(!found.or_error("look for steps that wait for others")?.is_empty())
}

/// Stores an execution over the revision that was read. If it has ended, the next one of the same user is due.
pub(super) async fn update(
    connection: &mut DbConnection,
    execution: &mut Execution,
    now: Timestamp,
) -> Result<()> {
    if execution.last_step > WorkflowLimits::MAXIMUM_STEPS && execution.finished_at.is_none() {
        end_with(connection, execution, "The execution has too many steps.", now).await?;
    }
    let read = execution.revision;
    execution.revision += 1;
    execution.updated_at = now;
    let changed = (
        executions::state.eq(execution.state.to_string()),
        executions::counters.eq(as_json(&execution.counters)),
        executions::error.eq(execution.error.clone()),
        executions::due_at.eq(execution.due_at.map(StoredTime::from)),
        executions::last_step.eq(execution.last_step),
        executions::revision.eq(execution.revision),
        executions::updated_at.eq(StoredTime::from(now)),
        executions::expires_at.eq(StoredTime::from(execution.expires_at)),
        executions::finished_at.eq(execution.finished_at.map(StoredTime::from)),
    );
    let unchanged = executions::table
        .filter(executions::workspace_id.eq(stored(execution.workspace_id)))
        .filter(executions::id.eq(stored(execution.id)))
        .filter(executions::revision.eq(read));
    let count = on_backend!(connection, |conn| diesel::update(unchanged).set(changed).execute(conn).await);
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

/// Ends an execution that goes on no more. Its open steps are cancelled.
pub(super) async fn end_with(
    connection: &mut DbConnection,
    execution: &mut Execution,
    error: &str,
    now: Timestamp,
) -> Result<()> {
    execution.state = ExecutionState::Failed;
    execution.error = Some(error.to_owned());
    (execution.due_at, execution.finished_at) = (None, Some(now));
    cancel_steps(connection, execution, now).await
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
        let own = executions::table
            .filter(executions::workspace_id.eq(stored(execution.workspace_id)))
            .filter(executions::id.eq(stored(execution.id)));
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
        end_with(connection, &mut after, error, now).await?;
        update(connection, &mut after, now).await?;
        Ok(after)
    })
}
