//! Erases what executions of workflows keep of an external user.

use denizen_domain::{ExecutionState, ExternalUserId, Result, StepState, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::{execution_steps, executions};
use crate::types::{StoredTime, stored};

/// Removes the data of all executions that ran in the name of a user, and ends those that still run: nobody is left for whom
/// they could go on. What steps of other executions have listed is gone when these are removed.
pub(super) async fn erase_executions(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
    now: Timestamp,
) -> Result<()> {
    let of_user = executions::table
        .filter(executions::workspace_id.eq(stored(workspace_id)))
        .filter(executions::user_id.eq(Some(stored(id))));
    let ids = of_user.select(executions::id);
    let of_executions = execution_steps::table
        .filter(execution_steps::workspace_id.eq(stored(workspace_id)))
        .filter(execution_steps::execution_id.eq_any(ids));
    // Steps are locked before their executions, as when they are stored.
    let open =
        [StepState::Pending.to_string(), StepState::Waiting.to_string(), StepState::Gathered.to_string()];
    let cancelled = (
        execution_steps::state.eq(StepState::Cancelled.to_string()),
        execution_steps::due_at.eq(None::<StoredTime>),
    );
    let unfinished = of_executions.filter(execution_steps::state.eq_any(open));
    on_backend!(connection, |conn| diesel::update(unfinished).set(cancelled).execute(conn).await)
        .or_error("cancel the steps of an erased user")?;
    let nothing = (
        execution_steps::data.eq("null"),
        execution_steps::result.eq(None::<String>),
        execution_steps::message.eq(None::<String>),
    );
    on_backend!(connection, |conn| diesel::update(of_executions).set(nothing).execute(conn).await)
        .or_error("erase the data of steps")?;
    let ended = (
        executions::state.eq(ExecutionState::Cancelled.to_string()),
        executions::due_at.eq(None::<StoredTime>),
        executions::revision.eq(executions::revision + 1),
        executions::updated_at.eq(StoredTime::from(now)),
        executions::finished_at.eq(Some(StoredTime::from(now))),
    );
    let unfinished = of_user.filter(executions::finished_at.is_null());
    on_backend!(connection, |conn| diesel::update(unfinished).set(ended).execute(conn).await)
        .or_error("end the executions of an erased user")?;
    let nothing =
        (executions::trigger.eq("{}"), executions::error.eq(None::<String>), executions::last_step.eq(0));
    on_backend!(connection, |conn| diesel::update(of_user).set(nothing).execute(conn).await)
        .or_error("erase the data of executions")?;
    Ok(())
}
