//! Listing workflows.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Coded as _, Scope, SearchText, WorkflowFilter, WorkflowOrder, WorkflowStatus};
use denizen_persistence::workflows;
use utoipa::IntoParams;

use super::answer::{self, WorkflowPageEnvelope};
use super::known::viewer;
use super::page::PageParameters;
use crate::guards::caller::{Caller, CanReadWorkflows};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListWorkflows {
    /// Only workflows with this text in the name or the description, ignoring case.
    #[param(value_type = Option<String>, max_length = 250)]
    search: Option<SearchText>,
    /// Only workflows with this status: `inactive`, `starting`, `active` or `stopping`.
    #[param(value_type = Option<String>)]
    status: Option<WorkflowStatus>,
    #[param(ignore)]
    page: PageParameters,
}

impl FromQuery for ListWorkflows {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            search: parameters.search("search"),
            status: parameters.one("status", WorkflowStatus::from_code),
            page: PageParameters::read(parameters),
        }
    }
}

/// Lists workflows
///
/// Returns the workflows that the workspace owns, newest first. Those that belong to accounts alone are not among them.
#[utoipa::path(get, path = "/api/v1/workflow/manager/list", operation_id = "workflowManager.list", tag = "Workflows",
    params(ListWorkflows, PageParameters),
    responses((status = 200, body = WorkflowPageEnvelope)),
    security(("api_key" = ["workflows:read"]), ("bearer" = ["workflows:read"]), ("authorization" = ["workflows:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadWorkflows>,
    State(state): State<AppState>,
    Query(parameters): Query<ListWorkflows>,
) -> ApiResult<Json<WorkflowPageEnvelope>> {
    let ListWorkflows { search, status, page } = parameters;
    let search = search.map(|text| text.to_string());
    let filter = WorkflowFilter { status, search, ..WorkflowFilter::default() };
    let (viewer, order) = (viewer(&caller), WorkflowOrder::CreatedAt);
    let connection = &mut state.database().read().await?;
    let total = workflows::count(connection, viewer, &filter).await?;
    let slice = workflows::list(connection, viewer, &filter, order, &page.window()).await?;
    Ok(answer::workflows(page, slice, total, caller.scopes.contains(Scope::WriteWorkflows)))
}
