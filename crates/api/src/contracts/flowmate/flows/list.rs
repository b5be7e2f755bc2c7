//! Listing flows.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{
    Coded as _, Permission, SearchText, Violation, Workflow, WorkflowFilter, WorkflowKind, WorkflowStatus,
};
use denizen_persistence::workflows;
use utoipa::IntoParams;

use super::super::pages::{PageParameters, Paged, SortParameters};
use super::access::viewer;
use crate::contracts::workflows::answer::WorkflowAnswer;
use crate::guards::caller::{Caller, CanReadFlows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListFlows {
    /// Flows with this status: `active` or `1`, `inactive` or `0`, `starting`, `stopping`.
    #[param(rename = "filter[status]", value_type = Option<String>, example = "active")]
    status: Option<WorkflowStatus>,
    /// Flows of this type: `ordinary` or `long_running`.
    #[param(rename = "filter[type]", value_type = Option<String>, example = "ordinary")]
    kind: Option<WorkflowKind>,
    /// Flows that the user with this id owns.
    #[param(rename = "filter[user]", value_type = Option<String>, example = "9a4c7e1d-2b3f-4d5a-8c6e-1f2a3b4c5d6e")]
    user: Option<String>,
    /// Flows that were made of the template with this id.
    #[param(rename = "filter[fromTemplate]", value_type = Option<String>, example = "5f0c2b9e-8d41-4a37-b6e2-0c9d7a1f4e63")]
    from_template: Option<String>,
    /// Text to find in name or description, ignoring case.
    #[param(value_type = Option<String>, max_length = 250)]
    search: Option<SearchText>,
    #[param(ignore)]
    page: PageParameters,
    #[param(ignore)]
    sort: SortParameters,
}

impl FromQuery for ListFlows {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            status: parameters.one("filter[status]", status),
            kind: parameters.one("filter[type]", WorkflowKind::from_code),
            user: parameters.one("filter[user]", |text| Ok(text.to_owned())),
            from_template: parameters.one("filter[fromTemplate]", |text| Ok(text.to_owned())),
            search: parameters.search("search"),
            page: PageParameters::read(parameters),
            sort: SortParameters::read(parameters),
        }
    }
}

fn status(text: &str) -> Result<WorkflowStatus, Violation> {
    match text {
        "1" => Ok(WorkflowStatus::Active),
        "0" => Ok(WorkflowStatus::Inactive),
        code => WorkflowStatus::from_code(code),
    }
}

impl ListFlows {
    /// Returns which flows to list; `None` if an id is none, which no flow has.
    fn filter(&self) -> Option<WorkflowFilter> {
        Some(WorkflowFilter {
            status: self.status,
            kind: self.kind,
            account_id: self.user.as_deref().map(str::parse).transpose().ok()?,
            template_id: self.from_template.as_deref().map(str::parse).transpose().ok()?,
            search: self.search.as_ref().map(|search| search.as_str().to_owned()),
        })
    }
}

/// Lists flows
///
/// Returns a page of the flows of the caller's tenant that the caller or the tenant owns; holders of `all` see every flow.
/// All filters must hold. Ids that match nothing are not an error, those that are no UUIDs included.
#[utoipa::path(get, path = "/flows", operation_id = "workflows.list", tag = "Flows (FlowMate)",
    params(ListFlows, PageParameters, SortParameters),
    responses((status = 200, body = Paged<WorkflowAnswer>)),
    security(("account_token" = ["flows.read"]), ("session_cookie" = ["flows.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadFlows>,
    State(state): State<AppState>,
    Query(parameters): Query<ListFlows>,
) -> ApiResult<Response> {
    let (page, sort) = (parameters.page, parameters.sort);
    let Some(filter) = parameters.filter() else {
        return Ok(page.answer(Vec::new(), 0, |flow: Workflow| WorkflowAnswer::from(flow)));
    };
    let (viewer, window) = (viewer(&caller), page.window(sort.direction()));
    let connection = &mut state.database().read().await?;
    let total = workflows::count(connection, viewer, &filter).await?;
    let flows = workflows::list(connection, viewer, &filter, sort.order(), &window).await?;
    let may_write = caller.authority.holds(Permission::FlowsWrite);
    Ok(page.answer(flows.items, total, |flow| WorkflowAnswer::shown(flow, may_write)))
}
