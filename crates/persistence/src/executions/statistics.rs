//! How the executions of a workflow went.

use std::collections::BTreeMap;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{Coded as _, Execution, ExecutionState, Result, Timestamp, Workflow};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::ExecutionRow;
use crate::connection::{DbConnection, OrError as _, broken_row, on_backend};
use crate::schema::executions;
use crate::types::{StoredTime, stored};

/// Of how many executions the average is taken at most: the last ones.
const AVERAGED: i64 = 100;

/// How the executions of a workflow went that have begun since a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowStatistics {
    /// How many are in each state. States without any are absent.
    pub counts: BTreeMap<ExecutionState, i64>,
    /// How long the last 100 took that have ended, on average; `None` if none has.
    pub average_duration: Option<Duration>,
    /// The last one that has begun.
    pub last: Option<Execution>,
}

/// Selects the executions of a workflow that have begun since a moment.
macro_rules! begun_since {
    ($workflow:expr, $since:expr) => {
        executions::table
            .filter(executions::workspace_id.eq(stored($workflow.workspace_id)))
            .filter(executions::workflow_id.eq(stored($workflow.id)))
            .filter(executions::created_at.ge(StoredTime::from($since)))
    };
}

/// Returns how the executions of a workflow went that have begun since a moment.
#[boxed]
pub async fn statistics(
    connection: &mut DbConnection,
    workflow: &Workflow,
    since: Timestamp,
) -> Result<WorkflowStatistics> {
    let by_state =
        begun_since!(workflow, since).group_by(executions::state).select((executions::state, count_star()));
    let rows = on_backend!(connection, |conn| by_state.load::<(String, i64)>(conn).await);
    let mut counts = BTreeMap::new();
    for (state, count) in rows.or_error("count the executions of a workflow by state")? {
        let state = ExecutionState::from_code(&state).map_err(|problem| {
            broken_row("executions", "state", stored(workflow.id), format!("{problem:?}"))
        })?;
        counts.insert(state, count);
    }
    let last = begun_since!(workflow, since).order((executions::created_at.desc(), executions::id.desc()));
    let last = on_backend!(connection, |conn| last.first::<ExecutionRow>(conn).await.optional());
    let last =
        last.or_error("find the last execution of a workflow")?.map(Execution::try_from).transpose()?;
    let average_duration = average_duration(connection, workflow, since).await?;
    Ok(WorkflowStatistics { counts, average_duration, last })
}

async fn average_duration(
    connection: &mut DbConnection,
    workflow: &Workflow,
    since: Timestamp,
) -> Result<Option<Duration>> {
    let ended = begun_since!(workflow, since)
        .filter(executions::finished_at.is_not_null())
        .order((executions::created_at.desc(), executions::id.desc()))
        .select((executions::created_at, executions::finished_at))
        .limit(AVERAGED);
    let rows = on_backend!(connection, |conn| ended.load::<(StoredTime, Option<StoredTime>)>(conn).await);
    let rows = rows.or_error("find how long executions took")?.into_iter();
    let took: Vec<_> = rows
        .filter_map(|(begun, ended)| Some(Timestamp::from(ended?).since(Timestamp::from(begun))))
        .collect();
    let total = took.iter().fold(Duration::ZERO, |sum, took| sum.saturating_add(*took));
    Ok(u32::try_from(took.len()).ok().and_then(|count| total.checked_div(count)))
}
