//! How the executions of a workflow went.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use denizen_domain::{ExecutionState, WorkflowId};
use denizen_persistence::executions::{self, WorkflowStatistics};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::known::find;
use crate::contracts::workflows::answer::ExecutionAnswer;
use crate::guards::caller::{Caller, CanReadWorkflows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// In which time executions are counted.
const PERIOD: Duration = Duration::from_hours(30 * 24);

/// The statistics of a workflow in the envelope.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkflowStatisticsEnvelope {
    /// Always true; errors have another form.
    success: bool,
    /// What was done.
    message: &'static str,
    data: WorkflowStatisticsAnswer,
}

/// How the executions of a workflow went that have begun in the last 30 days, and are still kept.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkflowStatisticsAnswer {
    /// Id of the workflow.
    workflow_id: Uuid,
    /// Since when they are counted.
    #[schema(format = "date-time")]
    since: String,
    /// How many have begun.
    total: i64,
    /// How many of them run.
    running: i64,
    /// How many have succeeded.
    succeeded: i64,
    /// How many have failed.
    failed: i64,
    /// How many were cancelled.
    cancelled: i64,
    /// How long the last 100 of them took that have ended, in milliseconds, on average; null if none has.
    #[schema(required)]
    average_duration: Option<u64>,
    /// The last one; null if there is none.
    #[schema(required)]
    last_execution: Option<ExecutionAnswer>,
}

/// Returns the statistics of a workflow
///
/// Counts the executions that have begun in the last 30 days.
#[utoipa::path(get, path = "/api/v1/workflow/manager/{id}/statistics", operation_id = "workflowManager.getStatistics", tag = "Workflows",
    params(("id" = Uuid, Path, description = "The workflow's id")),
    responses(
        (status = 200, body = WorkflowStatisticsEnvelope),
        (status = 404, description = "Workflow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["workflows:read"]), ("bearer" = ["workflows:read"]), ("authorization" = ["workflows:read"])))]
pub(crate) async fn statistics(
    caller: Caller<CanReadWorkflows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
) -> ApiResult<Json<WorkflowStatisticsEnvelope>> {
    let workflow = find(&state, &caller, id).await?;
    let since = state.source().clock.now().minus(PERIOD);
    let connection = &mut state.database().read().await?;
    let WorkflowStatistics { counts, average_duration, last } =
        executions::statistics(connection, &workflow, since).await?;
    let count = |state: ExecutionState| counts.get(&state).copied().unwrap_or(0);
    let data = WorkflowStatisticsAnswer {
        workflow_id: id.as_uuid(),
        since: since.to_string(),
        total: counts.values().sum(),
        running: count(ExecutionState::Running),
        succeeded: count(ExecutionState::Succeeded),
        failed: count(ExecutionState::Failed),
        cancelled: count(ExecutionState::Cancelled),
        average_duration: average_duration
            .map(|average| u64::try_from(average.as_millis()).unwrap_or(u64::MAX)),
        last_execution: last.map(ExecutionAnswer::from),
    };
    Ok(Json(WorkflowStatisticsEnvelope { success: true, message: "Statistics found.", data }))
}
