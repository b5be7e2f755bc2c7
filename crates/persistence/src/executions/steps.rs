//! Finds the steps of executions.

use std::collections::{HashMap, VecDeque};

use async_recursion::async_recursion as boxed;
use denizen_domain::{Execution, ExecutionId, Json, JsonObject, Result, Slice, Step, StepState, Timestamp};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel_async::RunQueryDsl;

use super::row::StepRow;
use crate::connection::{DbConnection, OrError as _, broken_row, on_backend};
use crate::schema::execution_steps;
use crate::types::{StoredTime, stored};

#[diesel::declare_sql_function]
extern "SQL" {
    /// Returns how many characters a text has.
    #[sql_name = "length"]
    fn length(text: Text) -> Integer;
}

/// Selects the steps of an execution.
macro_rules! steps_of {
    ($execution:expr) => {
        execution_steps::table
            .filter(execution_steps::workspace_id.eq(crate::types::stored($execution.workspace_id)))
            .filter(execution_steps::execution_id.eq(crate::types::stored($execution.id)))
    };
}
pub(super) use steps_of;

/// Returns steps that are due, those first that have been for longest. Only steps that are to be done have such a time.
#[boxed]
pub async fn due_steps(
    connection: &mut DbConnection,
    execution: &Execution,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Step>> {
    let query = steps_of!(execution)
        .filter(execution_steps::due_at.le(StoredTime::from(now)))
        .order((execution_steps::due_at.asc(), execution_steps::number.asc()))
        .limit(i64::from(limit));
    let rows = on_backend!(connection, |conn| query.load::<StepRow>(conn).await);
    rows.or_error("find steps that are due")?.into_iter().map(Step::try_from).collect()
}

/// Returns steps of some executions of a workspace that are due, by execution: at most `limit`. An execution may have more.
#[boxed]
pub async fn due_steps_of(
    connection: &mut DbConnection,
    executions: &[Execution],
    now: Timestamp,
    limit: u32,
) -> Result<HashMap<ExecutionId, VecDeque<Step>>> {
    let mut steps: HashMap<_, VecDeque<_>> = HashMap::new();
    let Some(first) = executions.first() else { return Ok(steps) };
    let ids = executions.iter().map(|execution| stored(execution.id)).collect::<Vec<_>>();
    let query = execution_steps::table
        .filter(execution_steps::workspace_id.eq(stored(first.workspace_id)))
        .filter(execution_steps::execution_id.eq_any(ids))
        .filter(execution_steps::due_at.le(StoredTime::from(now)))
        .order((execution_steps::due_at.asc(), execution_steps::number.asc()))
        .limit(i64::from(limit));
    let rows = on_backend!(connection, |conn| query.load::<StepRow>(conn).await);
    for row in rows.or_error("find steps of executions that are due")? {
        steps.entry(row.execution_id.into()).or_default().push_back(Step::try_from(row)?);
    }
    Ok(steps)
}

/// Returns when the next step is due, if one is to be done.
pub(super) async fn next_due_at(
    connection: &mut DbConnection,
    execution: &Execution,
) -> Result<Option<Timestamp>> {
    let query = steps_of!(execution)
        .filter(execution_steps::due_at.is_not_null())
        .order(execution_steps::due_at.asc())
        .select(execution_steps::due_at);
    let due_at = on_backend!(connection, |conn| query.first::<Option<StoredTime>>(conn).await.optional());
    Ok(due_at.or_error("find when a step is due")?.flatten().map(Into::into))
}

/// A step that has arrived at a node that waits for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its number.
    pub number: i64,
    /// The node.
    pub node_id: String,
    /// How many characters its data has as JSON.
    pub size: i64,
}

/// Returns which steps have arrived at nodes that wait for others, in the order in which they came up: at most `limit`.
#[boxed]
pub async fn arrivals(
    connection: &mut DbConnection,
    execution: &Execution,
    limit: u32,
) -> Result<Vec<Arrival>> {
    let query = steps_of!(execution)
        .filter(execution_steps::state.eq(StepState::Gathered.to_string()))
        .order(execution_steps::number.asc())
        .select((execution_steps::number, execution_steps::node_id, length(execution_steps::data)))
        .limit(i64::from(limit));
    let rows = on_backend!(connection, |conn| query.load::<(i64, String, i32)>(conn).await);
    let rows = rows.or_error("find steps that wait for others")?.into_iter();
    Ok(rows.map(|(number, node_id, size)| Arrival { number, node_id, size: size.into() }).collect())
}

/// Returns steps with these numbers, in the order in which they came up.
#[boxed]
pub async fn steps_with(
    connection: &mut DbConnection,
    execution: &Execution,
    numbers: &[i64],
) -> Result<Vec<Step>> {
    let query = steps_of!(execution)
        .filter(execution_steps::number.eq_any(numbers.to_vec()))
        .order(execution_steps::number.asc());
    let rows = on_backend!(connection, |conn| query.load::<StepRow>(conn).await);
    rows.or_error("find steps by their numbers")?.into_iter().map(Step::try_from).collect()
}

/// Returns the results of steps with these numbers, by the ids of their nodes.
#[boxed]
pub async fn results_of(
    connection: &mut DbConnection,
    execution: &Execution,
    numbers: &[i64],
) -> Result<Json> {
    if numbers.is_empty() {
        return Ok(Json::Object(JsonObject::new()));
    }
    let query = steps_of!(execution)
        .filter(execution_steps::number.eq_any(numbers.to_vec()))
        .order(execution_steps::number.asc())
        .select((execution_steps::node_id, execution_steps::result));
    let rows = on_backend!(connection, |conn| query.load::<(String, Option<String>)>(conn).await);
    let mut results = JsonObject::new();
    for (node_id, result) in rows.or_error("find the results of steps")? {
        let result = result.map(|text| Json::parse_stored(&text)).transpose().map_err(|problem| {
            broken_row("execution_steps", "result", stored(execution.id), problem.to_string())
        })?;
        results.insert(node_id, result.unwrap_or_default());
    }
    Ok(Json::Object(results))
}

/// Lists steps of an execution after a number, in the order in which they came up. Data and results of more than 64 KiB are cut.
#[boxed]
pub async fn list_steps(
    connection: &mut DbConnection,
    execution: &Execution,
    after: i64,
    limit: u32,
) -> Result<Slice<Step>> {
    let query = steps_of!(execution)
        .filter(execution_steps::number.gt(after))
        .order(execution_steps::number.asc())
        .select((
            execution_steps::workspace_id,
            execution_steps::execution_id,
            execution_steps::number,
            execution_steps::node_id,
            execution_steps::state,
            execution_steps::attempts,
            execution_steps::due_at,
            execution_steps::lineage,
            sql::<Text>(CUT_DATA),
            sql::<Nullable<Text>>(CUT_RESULT),
            execution_steps::message,
            execution_steps::created_at,
            execution_steps::updated_at,
        ))
        .limit(i64::from(limit) + 1);
    let rows = on_backend!(connection, |conn| query.load::<StepRow>(conn).await);
    let rows = rows.or_error("list the steps of an execution")?;
    let mut steps = rows.into_iter().map(Step::try_from).collect::<Result<Vec<_>>>()?;
    let has_more_after = steps.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    steps.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Slice { items: steps, has_more_before: after > 0, has_more_after })
}

/// What a list shows of the data of a step.
const CUT_DATA: &str =
    "CASE WHEN length(execution_steps.data) > 65536 THEN '{\"isCut\":true}' ELSE execution_steps.data END";

/// What a list shows of the result of a step.
const CUT_RESULT: &str = "CASE WHEN length(execution_steps.result) > 65536 THEN '{\"isCut\":true}' ELSE execution_steps.result END";

/// Counts how many steps of each node failed.
pub(super) async fn failures(
    connection: &mut DbConnection,
    execution: &Execution,
) -> Result<HashMap<String, u64>> {
    let query = steps_of!(execution)
        .filter(execution_steps::state.eq(StepState::Failed.to_string()))
        .select(execution_steps::node_id);
    let nodes = on_backend!(connection, |conn| query.load::<String>(conn).await);
    let mut failures = HashMap::new();
    for node in nodes.or_error("count the steps that failed")? {
        *failures.entry(node).or_insert(0) += 1;
    }
    Ok(failures)
}
