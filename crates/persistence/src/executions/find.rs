//! Finds, lists and counts executions.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Execution, ExecutionFilter, ExecutionId, Reach, Result, Slice, Timestamp, Window, Workflow, WorkflowId,
    WorkflowViewer, WorkspaceId,
};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::row::ExecutionRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::workflows::owners_of;
use crate::queries::keyset::load_window;
use crate::schema::{executions, workflow_owners};
use crate::types::{StoredTime, StoredUuid, stored};

/// An operator sees all executions.
const OPERATOR: WorkflowViewer = WorkflowViewer { reach: Reach::Everywhere, account_id: None };

/// How many executions are counted at most.
const MOST_COUNTED: i64 = 10_000;

/// The columns of an execution. What has started it is cut if it is long: a page of such texts would not fit into memory.
macro_rules! columns_of_lists {
    () => {
        (
            executions::workspace_id,
            executions::id,
            executions::workflow_id,
            executions::lane,
            executions::user_id,
            executions::ordered_by,
            executions::state,
            executions::trigger_kind,
            executions::trigger_key,
            diesel::dsl::sql::<diesel::sql_types::Text>(CUT_TRIGGER),
            executions::depth,
            executions::counters,
            executions::error,
            executions::due_at,
            executions::last_step,
            executions::revision,
            executions::created_at,
            executions::updated_at,
            executions::expires_at,
            executions::finished_at,
        )
    };
}

/// What a list shows of what has started an execution.
const CUT_TRIGGER: &str =
    "CASE WHEN length(executions.trigger) > 16384 THEN '{\"isCut\":true}' ELSE executions.trigger END";

/// Selects the executions of the workflows that someone may see.
macro_rules! visible {
    ($viewer:expr) => {
        visible!(executions::table.into_boxed(), $viewer)
    };
    ($query:expr, $viewer:expr) => {{
        let mut query = $query;
        let viewer: WorkflowViewer = $viewer;
        if let Reach::Workspace(workspace_id) = viewer.reach {
            let owned = workflow_owners::table
                .filter(workflow_owners::workspace_id.eq(stored(workspace_id)))
                .filter(workflow_owners::owner.eq_any(owners_of(workspace_id, viewer.account_id)))
                .select(workflow_owners::workflow_id);
            query = query.filter(executions::workspace_id.eq(stored(workspace_id)));
            query = query.filter(executions::workflow_id.eq_any(owned));
        }
        query
    }};
}

macro_rules! filtered {
    ($viewer:expr, $filter:expr) => {
        filtered!(executions::table.into_boxed(), $viewer, $filter)
    };
    ($query:expr, $viewer:expr, $filter:expr) => {{
        let ExecutionFilter { workflow_id, state, user_id } = $filter;
        let mut query = visible!($query, $viewer);
        if let Some(workflow_id) = workflow_id {
            query = query.filter(executions::workflow_id.eq(stored(*workflow_id)));
        }
        if let Some(state) = state {
            query = query.filter(executions::state.eq(state.to_string()));
        }
        if let Some(user_id) = user_id {
            query = query.filter(executions::user_id.eq(Some(stored(*user_id))));
        }
        query
    }};
}

/// Finds an execution by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExecutionId,
) -> Result<Option<Execution>> {
    let query = executions::table
        .filter(executions::workspace_id.eq(stored(workspace_id)))
        .filter(executions::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<ExecutionRow>(conn).await.optional());
    row.or_error("find an execution")?.map(Execution::try_from).transpose()
}

/// Finds an execution by id that someone may see.
#[boxed]
pub async fn find_within(
    connection: &mut DbConnection,
    viewer: WorkflowViewer,
    id: ExecutionId,
) -> Result<Option<Execution>> {
    let row = on_backend!(connection, |conn| visible!(viewer)
        .filter(executions::id.eq(stored(id)))
        .first::<ExecutionRow>(conn)
        .await
        .optional());
    row.or_error("find an execution")?.map(Execution::try_from).transpose()
}

/// Finds the execution of a workflow that has begun with a key.
#[boxed]
pub async fn find_by_key(
    connection: &mut DbConnection,
    workflow: &Workflow,
    key: &str,
) -> Result<Option<Execution>> {
    let query = executions::table
        .filter(executions::workspace_id.eq(stored(workflow.workspace_id)))
        .filter(executions::workflow_id.eq(stored(workflow.id)))
        .filter(executions::trigger_key.eq(key));
    let row = on_backend!(connection, |conn| query.first::<ExecutionRow>(conn).await.optional());
    row.or_error("find an execution by its key")?.map(Execution::try_from).transpose()
}

/// Returns how many executions have led to one of any workspace, or 0 if it is not kept any more.
#[boxed]
pub async fn depth_of(connection: &mut DbConnection, id: ExecutionId) -> Result<u32> {
    let query = executions::table.filter(executions::id.eq(stored(id))).select(executions::depth);
    let depth = on_backend!(connection, |conn| query.first::<i64>(conn).await.optional());
    let depth = depth.or_error("find what has led to an execution")?.unwrap_or(0);
    Ok(u32::try_from(depth).unwrap_or(u32::MAX))
}

/// Lists a page of executions by creation time.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    viewer: WorkflowViewer,
    filter: &ExecutionFilter,
    window: &Window,
) -> Result<Slice<Execution>> {
    let rows = load_window!(
        connection,
        filtered!(executions::table.select(columns_of_lists!()).into_boxed(), viewer, filter),
        executions::created_at,
        executions::id,
        window,
        StoredTime,
        ExecutionRow
    );
    let executions = rows.or_error("list executions")?.into_iter().map(Execution::try_from);
    Ok(Slice::cut(executions.collect::<Result<_>>()?, window))
}

/// Lists a page of all executions of a workspace by creation time.
#[boxed]
pub async fn list_of(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ExecutionFilter,
    window: &Window,
) -> Result<Slice<Execution>> {
    let rows = load_window!(
        connection,
        filtered!(executions::table.select(columns_of_lists!()).into_boxed(), OPERATOR, filter)
            .filter(executions::workspace_id.eq(stored(workspace_id))),
        executions::created_at,
        executions::id,
        window,
        StoredTime,
        ExecutionRow
    );
    let executions =
        rows.or_error("list the executions of a workspace")?.into_iter().map(Execution::try_from);
    Ok(Slice::cut(executions.collect::<Result<_>>()?, window))
}

/// Counts the executions of a list, up to 10,000.
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    viewer: WorkflowViewer,
    filter: &ExecutionFilter,
) -> Result<i64> {
    let ids = on_backend!(connection, |conn| filtered!(viewer, filter)
        .select(executions::id)
        .limit(MOST_COUNTED)
        .load::<StoredUuid>(conn)
        .await);
    Ok(i64::try_from(ids.or_error("count executions")?.len()).unwrap_or(MOST_COUNTED))
}

/// How many executions of a workflow have begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkflowCount {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// How many.
    pub executions: i64,
}

/// Counts the executions of each workflow that have begun from one moment until before another.
#[boxed]
pub async fn counts(
    connection: &mut DbConnection,
    viewer: WorkflowViewer,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<WorkflowCount>> {
    let grouped = || {
        executions::table.group_by((executions::workspace_id, executions::workflow_id)).select((
            executions::workspace_id,
            executions::workflow_id,
            count_star(),
        ))
    };
    let rows = on_backend!(connection, |conn| visible!(grouped().into_boxed(), viewer)
        .filter(executions::created_at.ge(StoredTime::from(from)))
        .filter(executions::created_at.lt(StoredTime::from(until)))
        .load::<(StoredUuid, StoredUuid, i64)>(conn)
        .await);
    let rows = rows.or_error("count the executions of workflows")?.into_iter();
    Ok(rows
        .map(|(workspace_id, workflow_id, executions)| WorkflowCount {
            workspace_id: workspace_id.into(),
            workflow_id: workflow_id.into(),
            executions,
        })
        .collect())
}

/// Finds the executions in a lane that have been due for longest.
#[boxed]
pub async fn find_due(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    lane: Uuid,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Execution>> {
    let query = executions::table
        .filter(executions::workspace_id.eq(stored(workspace_id)))
        .filter(executions::lane.eq(StoredUuid::from_uuid(lane)))
        .filter(executions::due_at.le(StoredTime::from(now)))
        .order((executions::due_at.asc(), executions::id.asc()))
        .limit(i64::from(limit));
    let rows = on_backend!(connection, |conn| query.load::<ExecutionRow>(conn).await);
    rows.or_error("find executions that are due")?.into_iter().map(Execution::try_from).collect()
}

/// Returns when the next execution in a lane is due, if there is one.
#[boxed]
pub async fn next_due_at(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    lane: Uuid,
) -> Result<Option<Timestamp>> {
    let query = executions::table
        .filter(executions::workspace_id.eq(stored(workspace_id)))
        .filter(executions::lane.eq(StoredUuid::from_uuid(lane)))
        .filter(executions::due_at.is_not_null())
        .order(executions::due_at.asc())
        .select(executions::due_at);
    let due_at = on_backend!(connection, |conn| query.first::<Option<StoredTime>>(conn).await.optional());
    Ok(due_at.or_error("find when an execution is due")?.flatten().map(Into::into))
}
