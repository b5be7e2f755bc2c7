//! Listing jobs.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::{Coded as _, Direction, Job, JobFilter, JobKind, JobState, Window};
use denizen_persistence::jobs;
use utoipa::IntoParams;

use super::answer::JobAnswer;
use crate::contracts::audit_events::object_id;
use crate::guards::caller::{Caller, CanReadJobs};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName};
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListJobs {
    /// Only jobs in this state: `waiting`, `running`, `succeeded`, `failed` or `cancelled`.
    #[param(value_type = Option<String>)]
    state: Option<JobState>,
    /// Only jobs of this kind: `webhook_delivery` or `webhook_replay`.
    #[param(value_type = Option<String>)]
    kind: Option<JobKind>,
    /// Only jobs about the object with this id.
    #[param(max_length = 100)]
    object_id: Option<String>,
    /// The page size.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 25)]
    limit: u32,
    /// Cursor of the next page, from `Link`.
    cursor: Option<String>,
}

impl FromQuery for ListJobs {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            state: parameters.one("state", JobState::from_code),
            kind: parameters.one("kind", JobKind::from_code),
            object_id: parameters.one("objectId", object_id),
            limit: parameters.number("limit", 1, 100).unwrap_or(25),
            cursor: parameters.one("cursor", |text| Ok(text.to_owned())),
        }
    }
}

/// Lists jobs
///
/// Returns the work of the workspace that outlives a request, newest first. Finished jobs are kept for 30 days.
#[utoipa::path(get, path = "/api/v1/jobs", operation_id = "jobs.list", tag = "Jobs", params(ListJobs),
    responses((status = 200, body = Vec<JobAnswer>, headers(
        ("link" = String, description = "The next page, as `rel=\"next\"`")))),
    security(("authorization" = ["jobs:read"]), ("api_key" = ["jobs:read"]), ("bearer" = ["jobs:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadJobs>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<ListJobs>,
) -> ApiResult<Response> {
    let ListJobs { state: job_state, kind, object_id, limit, cursor } = parameters;
    let name = ListName::new(caller.workspace_id, "jobs");
    let page = name.page(state.cursors(), cursor.as_deref(), None)?;
    let window = Window { page, limit, direction: Direction::Descending };
    let filter = JobFilter { state: job_state, kind, object_id };
    let connection = &mut state.database().read().await?;
    let slice = jobs::list(connection, caller.workspace_id, &filter, &window).await?;
    Ok(paging::answer(state.cursors(), (&context, &uri), &name, slice, Job::list_position, JobAnswer::from)?)
}
