//! Executions of workflows.

use axum::Json;
use axum::extract::State;
use denizen_domain::{
    Coded as _, Error, Execution, ExecutionFilter, ExecutionId, ExecutionState, InvalidId, Json as AnyJson,
    KeyHolder, Resource, Result, WorkflowId,
};
use denizen_persistence::executions;
use utoipa::IntoParams;

use super::answer::{self, ExecutionEnvelope, ExecutionPageEnvelope};
use super::known::{find, viewer};
use super::page::PageParameters;
use crate::guards::caller::{Caller, CanReadWorkflows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;
use crate::wire::query::{FromQuery, Query, QueryReader, invalid_id};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListExecutionsOfWorkflow {
    /// Only executions in this state: `running`, `succeeded`, `failed` or `cancelled`.
    #[param(value_type = Option<String>)]
    status: Option<ExecutionState>,
    #[param(ignore)]
    page: PageParameters,
}

impl FromQuery for ListExecutionsOfWorkflow {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            status: parameters.one("status", ExecutionState::from_code),
            page: PageParameters::read(parameters),
        }
    }
}

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListWorkflowExecutions {
    /// Only executions of this workflow.
    #[param(value_type = Option<uuid::Uuid>)]
    workflow_id: Option<WorkflowId>,
    #[param(ignore)]
    others: ListExecutionsOfWorkflow,
}

impl FromQuery for ListWorkflowExecutions {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            workflow_id: parameters.one("workflowId", |text| text.parse().map_err(|InvalidId| invalid_id())),
            others: ListExecutionsOfWorkflow::read(parameters),
        }
    }
}

/// Lists executions
///
/// Returns the executions of the workflows that the workspace owns, newest first. They are kept for some time after their end: 30
/// days unless the server says otherwise.
#[utoipa::path(get, path = "/api/v1/workflow/manager/executions", operation_id = "workflowManager.listExecutions", tag = "Workflows",
    params(ListWorkflowExecutions, ListExecutionsOfWorkflow, PageParameters),
    responses((status = 200, body = ExecutionPageEnvelope)),
    security(("api_key" = ["workflows:read"]), ("bearer" = ["workflows:read"]), ("authorization" = ["workflows:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadWorkflows>,
    State(state): State<AppState>,
    Query(parameters): Query<ListWorkflowExecutions>,
) -> ApiResult<Json<ExecutionPageEnvelope>> {
    let ListWorkflowExecutions { workflow_id, others } = parameters;
    page(&state, &caller, workflow_id, others).await
}

/// Lists the executions of a workflow
///
/// Returns them newest first.
#[utoipa::path(get, path = "/api/v1/workflow/manager/{id}/executions", operation_id = "workflowManager.listExecutionsOf", tag = "Workflows",
    params(("id" = Uuid, Path, description = "The workflow's id"), ListExecutionsOfWorkflow, PageParameters),
    responses(
        (status = 200, body = ExecutionPageEnvelope),
        (status = 404, description = "Workflow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["workflows:read"]), ("bearer" = ["workflows:read"]), ("authorization" = ["workflows:read"])))]
pub(crate) async fn list_of_workflow(
    caller: Caller<CanReadWorkflows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
    Query(parameters): Query<ListExecutionsOfWorkflow>,
) -> ApiResult<Json<ExecutionPageEnvelope>> {
    let workflow = find(&state, &caller, id).await?;
    page(&state, &caller, Some(workflow.id), parameters).await
}

async fn page(
    state: &AppState,
    holder: &KeyHolder,
    workflow_id: Option<WorkflowId>,
    parameters: ListExecutionsOfWorkflow,
) -> ApiResult<Json<ExecutionPageEnvelope>> {
    let ListExecutionsOfWorkflow { status, page } = parameters;
    let filter = ExecutionFilter { workflow_id, state: status, user_id: None };
    let connection = &mut state.database().read().await?;
    let total = executions::count(connection, viewer(holder), &filter).await?;
    let slice = executions::list(connection, viewer(holder), &filter, &page.window()).await?;
    Ok(answer::executions(page, slice, total))
}

/// Returns an execution
#[utoipa::path(get, path = "/api/v1/workflow/manager/executions/{id}", operation_id = "workflowManager.getExecution", tag = "Workflows",
    params(("id" = Uuid, Path, description = "The execution's id")),
    responses(
        (status = 200, body = ExecutionEnvelope),
        (status = 404, description = "Execution not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["workflows:read"]), ("bearer" = ["workflows:read"]), ("authorization" = ["workflows:read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadWorkflows>,
    State(state): State<AppState>,
    PathId(id): PathId<ExecutionId>,
) -> ApiResult<Json<ExecutionEnvelope>> {
    let found = {
        let connection = &mut state.database().read_by_key().await?;
        executions::find_within(connection, viewer(&caller), id).await?
    };
    let execution = found.ok_or_else(|| Error::not_found(Resource::Execution, id))?;
    let output = output_of(&state, &execution).await?;
    Ok(answer::execution("Execution found.", execution, output))
}

/// Returns the result of the last step of an execution that has ended.
pub(super) async fn output_of(state: &AppState, execution: &Execution) -> Result<Option<AnyJson>> {
    if execution.finished_at.is_none() {
        return Ok(None);
    }
    let connection = &mut state.database().read_by_key().await?;
    let before = execution.last_step.saturating_sub(1);
    let last = executions::list_steps(connection, execution, before, 1).await?.items.pop();
    Ok(last.and_then(|step| step.result))
}
