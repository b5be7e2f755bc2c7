//! The rows of executions and steps.

use denizen_domain::{Error, Execution, Json, Result, Step};
use diesel::prelude::*;
use uuid::Uuid;

use crate::connection::broken_row;
use crate::schema::{execution_steps, executions};
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Insertable)]
#[diesel(table_name = executions, treat_none_as_default_value = false)]
pub(super) struct ExecutionRow {
    pub(super) workspace_id: StoredUuid,
    pub(super) id: StoredUuid,
    pub(super) workflow_id: StoredUuid,
    pub(super) lane: StoredUuid,
    user_id: Option<StoredUuid>,
    ordered_by: Option<StoredUuid>,
    state: String,
    trigger_kind: String,
    pub(super) trigger_key: Option<String>,
    trigger: String,
    depth: i64,
    counters: String,
    error: Option<String>,
    due_at: Option<StoredTime>,
    last_step: i64,
    revision: i64,
    created_at: StoredTime,
    updated_at: StoredTime,
    expires_at: StoredTime,
    finished_at: Option<StoredTime>,
}

impl ExecutionRow {
    /// Returns the row of an execution in a lane, which begins once for each such key.
    pub(super) fn new(execution: &Execution, lane: Uuid, key: Option<String>) -> Self {
        let Execution {
            id,
            workspace_id,
            workflow_id,
            user_id,
            ordered_by,
            state,
            trigger_kind,
            trigger,
            depth,
            counters,
            error,
            due_at,
            last_step,
            revision,
            created_at,
            updated_at,
            expires_at,
            finished_at,
        } = execution;
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            workflow_id: stored(*workflow_id),
            lane: StoredUuid::from_uuid(lane),
            user_id: user_id.map(Into::into),
            ordered_by: ordered_by.map(Into::into),
            state: state.to_string(),
            trigger_kind: trigger_kind.to_string(),
            trigger_key: key,
            trigger: trigger.to_string(),
            depth: i64::from(*depth),
            counters: as_json(counters),
            error: error.clone(),
            due_at: due_at.map(Into::into),
            last_step: *last_step,
            revision: *revision,
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            expires_at: (*expires_at).into(),
            finished_at: finished_at.map(Into::into),
        }
    }
}

impl TryFrom<ExecutionRow> for Execution {
    type Error = Error;

    fn try_from(row: ExecutionRow) -> Result<Self> {
        let ExecutionRow {
            workspace_id,
            id,
            workflow_id,
            lane: _,
            user_id,
            ordered_by,
            state,
            trigger_kind,
            trigger_key: _,
            trigger,
            depth,
            counters,
            error,
            due_at,
            last_step,
            revision,
            created_at,
            updated_at,
            expires_at,
            finished_at,
        } = row;
        let broken = |column, problem: String| broken_row("executions", column, id, problem);
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            workflow_id: workflow_id.into(),
            user_id: user_id.map(Into::into),
            ordered_by: ordered_by.map(Into::into),
            state: state.parse().map_err(|problem| broken("state", format!("{problem:?}")))?,
            trigger_kind: trigger_kind
                .parse()
                .map_err(|problem| broken("trigger_kind", format!("{problem:?}")))?,
            trigger: Json::parse_stored(&trigger)
                .map_err(|problem| broken("trigger", problem.to_string()))?,
            depth: u32::try_from(depth).unwrap_or(u32::MAX),
            counters: serde_json::from_str(&counters)
                .map_err(|problem| broken("counters", problem.to_string()))?,
            error,
            due_at: due_at.map(Into::into),
            last_step,
            revision,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            expires_at: expires_at.into(),
            finished_at: finished_at.map(Into::into),
        })
    }
}

/// Returns a value as JSON. These always serialize.
pub(super) fn as_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = execution_steps, treat_none_as_default_value = false)]
pub(super) struct StepRow {
    pub(super) workspace_id: StoredUuid,
    pub(super) execution_id: StoredUuid,
    pub(super) number: i64,
    pub(super) node_id: String,
    pub(super) state: String,
    pub(super) attempts: i64,
    pub(super) due_at: Option<StoredTime>,
    pub(super) lineage: String,
    pub(super) data: String,
    pub(super) result: Option<String>,
    pub(super) message: Option<String>,
    pub(super) created_at: StoredTime,
    pub(super) updated_at: StoredTime,
}

impl StepRow {
    /// Returns the row of a step.
    pub(super) fn of(execution: &Execution, step: &Step) -> Self {
        let Step {
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
        } = step;
        Self {
            workspace_id: stored(execution.workspace_id),
            execution_id: stored(execution.id),
            number: *number,
            node_id: node_id.clone(),
            state: state.to_string(),
            attempts: i64::from(*attempts),
            due_at: due_at.map(Into::into),
            lineage: as_json(lineage),
            data: data.to_string(),
            result: result.as_ref().map(ToString::to_string),
            message: message.clone(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

impl TryFrom<StepRow> for Step {
    type Error = Error;

    fn try_from(row: StepRow) -> Result<Self> {
        let StepRow {
            workspace_id: _,
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
        } = row;
        let broken = |column, problem: String| broken_row("execution_steps", column, execution_id, problem);
        let json = |column, text: &str| {
            Json::parse_stored(text).map_err(|problem| broken(column, problem.to_string()))
        };
        Ok(Self {
            number,
            node_id,
            state: state.parse().map_err(|problem| broken("state", format!("{problem:?}")))?,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            due_at: due_at.map(Into::into),
            lineage: serde_json::from_str(&lineage)
                .map_err(|problem| broken("lineage", problem.to_string()))?,
            data: json("data", &data)?,
            result: result.map(|text| json("result", &text)).transpose()?,
            message,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}
