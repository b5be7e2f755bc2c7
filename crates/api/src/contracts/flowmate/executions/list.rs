//! Listing executions.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{
    Coded as _, Direction, Execution, ExecutionFilter, ExecutionState, Reason, Timestamp, Violation,
};
use denizen_persistence::executions;
use utoipa::IntoParams;

use super::super::flows::viewer;
use super::super::pages::{PageParameters, Paged};
use super::counts::{self, ExecutionCounts, Grouping};
use super::period::Period;
use crate::contracts::workflows::answer::ExecutionAnswer;
use crate::guards::caller::{Caller, CanReadFlows};
use crate::state::AppState;
use crate::wire::error::{ApiResult, invalid};
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListExecutions {
    /// Only executions of this flow.
    #[param(rename = "filter[flowId]", value_type = Option<String>)]
    workflow_id: Option<String>,
    /// Only executions in this state: `running`, `succeeded`, `failed` or `cancelled`.
    #[param(rename = "filter[status]", value_type = Option<String>)]
    state: Option<ExecutionState>,
    /// Only executions in the name of the external user with this id.
    #[param(rename = "filter[user]", value_type = Option<String>)]
    user_id: Option<String>,
    /// Counts instead of a list: by the account that made the flow, by flow, or by component.
    #[param(value_type = Option<String>, example = "flow")]
    groupby: Option<Grouping>,
    /// The first day to count, in UTC. A month before the last one unless it is given, at most a year.
    #[param(value_type = Option<String>, example = "2024-01-15")]
    start: Option<Timestamp>,
    /// The last day to count, in UTC. Today unless it is given.
    #[param(value_type = Option<String>, example = "2024-02-15")]
    end: Option<Timestamp>,
    #[param(ignore)]
    page: PageParameters,
}

impl FromQuery for ListExecutions {
    fn read(parameters: &mut QueryReader) -> Self {
        let read = Self {
            workflow_id: parameters.one("filter[flowId]", |text| Ok(text.to_owned())),
            state: parameters.one("filter[status]", ExecutionState::from_code),
            user_id: parameters.one("filter[user]", |text| Ok(text.to_owned())),
            groupby: parameters.one("groupby", Grouping::from_code),
            start: parameters.time("start"),
            end: parameters.time("end"),
            page: PageParameters::read(parameters),
        };
        parameters.truthy("meta");
        if read.groupby.is_none() && (read.start.is_some() || read.end.is_some()) {
            let message = "must be user, flow or component where start or end is given";
            parameters.add("groupby", Violation::new(Reason::Required, message));
        }
        read
    }
}

impl ListExecutions {
    /// Returns which executions to list; `None` if an id is none, which no execution has.
    fn filter(&self) -> Option<ExecutionFilter> {
        Some(ExecutionFilter {
            workflow_id: self.workflow_id.as_deref().map(str::parse).transpose().ok()?,
            state: self.state,
            user_id: self.user_id.as_deref().map(str::parse).transpose().ok()?,
        })
    }
}

/// Lists executions
///
/// Returns the runs of the flows that the caller sees, newest first. Executions are kept for some time after their end: 30 days
/// unless the server says otherwise. With `groupby`, returns how many have begun between two days, both included, most first. `total` of the list is at most
/// 10,000.
#[utoipa::path(get, path = "/executions", operation_id = "executions.list", tag = "Executions", params(ListExecutions, PageParameters),
    responses((status = 200, body = ListedExecutions)),
    security(("account_token" = ["flows.read"]), ("session_cookie" = ["flows.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadFlows>,
    State(state): State<AppState>,
    Query(parameters): Query<ListExecutions>,
) -> ApiResult<Response> {
    let (viewer, page) = (viewer(&caller), parameters.page);
    if let Some(grouping) = parameters.groupby {
        let (start, end, now) = (parameters.start, parameters.end, state.source().clock.now());
        let period = Period::of(start, end, now).map_err(|violation| invalid("start", violation))?;
        return Ok(Json(counts::count(&state, viewer, period, grouping).await?).into_response());
    }
    let Some(filter) = parameters.filter() else {
        return Ok(page.answer(Vec::new(), 0, |execution: Execution| ExecutionAnswer::from(execution)));
    };
    let connection = &mut state.database().read().await?;
    let total = executions::count(connection, viewer, &filter).await?;
    let window = page.window(Direction::Descending);
    let slice = executions::list(connection, viewer, &filter, &window).await?;
    Ok(page.answer(slice.items, total, ExecutionAnswer::from))
}

/// Lists executions
///
/// The same as `GET /executions`.
#[utoipa::path(get, path = "/icenter/executions", operation_id = "executions.listAtIcenter", tag = "Executions",
    params(ListExecutions, PageParameters),
    responses((status = 200, body = ListedExecutions)),
    security(("account_token" = ["flows.read"]), ("session_cookie" = ["flows.read"])))]
pub(crate) async fn list_at_icenter(
    caller: Caller<CanReadFlows>,
    state: State<AppState>,
    parameters: Query<ListExecutions>,
) -> ApiResult<Response> {
    list(caller, state, parameters).await
}

/// A page of executions, or counts of them.
#[derive(utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only documents the shapes")]
pub(crate) enum ListedExecutions {
    /// Without `groupby`.
    Page(Paged<ExecutionAnswer>),
    /// With `groupby`.
    Counts(ExecutionCounts),
}
