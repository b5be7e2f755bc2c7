//! Running workflows.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use denizen_domain::{Error, Execution, Json as AnyValue, JsonObject, Origin, TriggerKind, WorkflowId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::answer::{self, ExecutionEnvelope};
use super::executions::output_of;
use super::known::find;
use crate::contracts::samples;
use crate::contracts::workflows::input;
use crate::guards::caller::{Caller, CanRunWorkflows, NamedUser};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;
use crate::wire::path::PathId;
use crate::wire::query::{FromQuery, Query, QueryReader};
use crate::workflows::{Start, caused_by, compiled};

/// The longest wait for the end of an execution, in seconds.
const LONGEST_WAIT: u32 = 60;

/// What of the time limit of a request is kept for all but the wait.
const SPARE: Duration = Duration::from_secs(5);

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExecuteWorkflow {
    /// How many seconds to wait for the end of the execution. Less than the time limit of requests, whatever is asked for.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 60, default = 0)]
    wait: u32,
}

impl FromQuery for ExecuteWorkflow {
    fn read(parameters: &mut QueryReader) -> Self {
        Self { wait: parameters.number("wait", 0, LONGEST_WAIT).unwrap_or(0) }
    }
}

/// What a workflow gets.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = samples::execute_workflow)]
#[expect(dead_code, reason = "only documents the shape; the body is read as any JSON")]
pub(crate) struct WorkflowInput {
    /// What comes to the first step, and is `trigger.input` for expressions; an empty object if it is absent.
    #[schema(required = false)]
    input: Value,
}

impl Body for WorkflowInput {
    type Record = ();
}

/// Runs a workflow
///
/// It must be active; what starts it otherwise does not matter. It runs in the context of the external user that `x-username`
/// names, who is created if the name is new and the key may create users, and in that of nobody without the header. The answer comes
/// once the execution is stored, and has the status `running`, or with `wait` once it has ended: then `output` is the result of
/// its last step. An execution that fails is no error of this request: see `status` and `error`.
#[utoipa::path(post, path = "/api/v1/workflow/manager/execute/{id}", operation_id = "workflowManager.execute", tag = "Workflows",
    params(("id" = Uuid, Path, description = "The workflow's id"), ExecuteWorkflow,
        ("x-username" = Option<String>, Header, description = "The external user in whose context the workflow runs")),
    request_body = WorkflowInput,
    responses(
        (status = 200, description = "The execution has begun, or has ended", body = ExecutionEnvelope),
        (status = 404, description = "Workflow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The workflow is not active", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["workflows:run"]), ("bearer" = ["workflows:run"]), ("authorization" = ["workflows:run"])))]
pub(crate) async fn execute(
    caller: Caller<CanRunWorkflows>,
    named_user: NamedUser,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
    Query(parameters): Query<ExecuteWorkflow>,
    headers: HeaderMap,
    AnyJson(body, unknown, _): AnyJson<WorkflowInput>,
) -> ApiResult<Json<ExecutionEnvelope>> {
    unknown.into_result(())?;
    let given = input_of(&body)?;
    let workflow = find(&state, &caller, id).await?;
    workflow.require_active()?;
    let user_id = named_user.find_or_create().await?.map(|user| user.id);
    let origin = Origin { acting_for: user_id, ..caller.origin().clone() };
    let start = Start {
        kind: TriggerKind::Manual,
        trigger: JsonObject::from_iter([("input".to_owned(), given.clone())]),
        data: given,
        user_id,
        key: None,
        caused_by: caused_by(&headers),
        refusal: None,
    };
    let graph = compiled(&workflow)?;
    let begun = state.workflows().begin(&origin, (&workflow, &graph), start).await?;
    let begun =
        begun.ok_or_else(|| Error::Internal("an execution without a key exists already".to_owned()))?;
    let execution = waited_for(&state, begun, parameters.wait).await?;
    let output = output_of(&state, &execution).await?;
    let has_ended = execution.finished_at.is_some();
    let message = if has_ended { "Workflow executed." } else { "Workflow execution started." };
    Ok(answer::execution(message, execution, output))
}

/// Returns the input in a body. No body has none.
fn input_of(body: &AnyValue) -> ApiResult<AnyValue> {
    if *body == AnyValue::Null {
        return Ok(AnyValue::Object(JsonObject::new()));
    }
    let input = input::object(body)?.get("input").cloned();
    Ok(input.unwrap_or_else(|| AnyValue::Object(JsonObject::new())))
}

async fn waited_for(state: &AppState, execution: Execution, seconds: u32) -> ApiResult<Execution> {
    if seconds == 0 {
        return Ok(execution);
    }
    let longest = state.options().request_timeout.saturating_sub(SPARE);
    let patience = Duration::from_secs(seconds.into()).min(longest);
    Ok(state.workflows().wait_for(execution, patience).await?)
}
