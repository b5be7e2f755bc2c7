//! Listing the steps of an execution.

use axum::Json;
use axum::extract::State;
use denizen_domain::ExecutionId;
use denizen_persistence::executions;
use utoipa::IntoParams;

use super::answer::ExecutionStepPage;
use super::get::find;
use crate::guards::caller::{Caller, CanReadFlows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSteps {
    /// Only steps with a greater number.
    #[param(value_type = Option<u32>, default = 0)]
    after: u32,
    /// The most steps to return.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 100)]
    limit: u32,
}

impl FromQuery for ListSteps {
    fn read(parameters: &mut QueryReader) -> Self {
        parameters.truthy("meta");
        Self {
            after: parameters.number("after", 0, u32::MAX).unwrap_or(0),
            limit: parameters.number("limit", 1, 100).unwrap_or(100),
        }
    }
}

/// Lists the steps of an execution
///
/// Returns them in the order in which they came up, with what came to each and what came of it.
#[utoipa::path(get, path = "/executions/{id}/steps", operation_id = "executions.listSteps", tag = "Executions",
    params(("id" = Uuid, Path, description = "The execution's id"), ListSteps),
    responses(
        (status = 200, body = ExecutionStepPage),
        (status = 404, description = "Execution not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.read"]), ("session_cookie" = ["flows.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<ExecutionId>,
    Query(parameters): Query<ListSteps>,
) -> ApiResult<Json<ExecutionStepPage>> {
    let execution = find(&state, &caller, id).await?;
    let ListSteps { after, limit } = parameters;
    let connection = &mut state.database().read().await?;
    let slice = executions::list_steps(connection, &execution, after.into(), limit).await?;
    Ok(Json(ExecutionStepPage::of(slice.items, slice.has_more_after)))
}
