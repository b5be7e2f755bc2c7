//! Reading one job.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, JobId, Resource};
use denizen_persistence::jobs;

use super::answer::JobAnswer;
use crate::guards::caller::{Caller, CanReadJobs};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a job
#[utoipa::path(get, path = "/api/v1/jobs/{id}", operation_id = "jobs.get", tag = "Jobs",
    params(("id" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, body = JobAnswer),
        (status = 404, description = "Job not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["jobs:read"]), ("api_key" = ["jobs:read"]), ("bearer" = ["jobs:read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadJobs>,
    State(state): State<AppState>,
    PathId(id): PathId<JobId>,
) -> ApiResult<Json<JobAnswer>> {
    let connection = &mut state.database().read_by_key().await?;
    let job = jobs::find(connection, caller.workspace_id, id).await?;
    let job = job.ok_or_else(|| Error::not_found(Resource::Job, id))?;
    Ok(Json(JobAnswer::from(job)))
}
