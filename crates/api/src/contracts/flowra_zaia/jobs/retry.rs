//! Trying jobs again.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, JobId, Resource};
use denizen_persistence::jobs;

use super::answer::JobAnswer;
use crate::guards::caller::{Caller, CanWriteJobs};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Tries a job again
///
/// For a job that has failed or was cancelled. It goes on where it left off, at once, with all its attempts.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", operation_id = "jobs.retry", tag = "Jobs",
    params(("id" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The job is waiting", body = JobAnswer),
        (status = 404, description = "Job not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The job has neither failed nor was it cancelled", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["jobs:write"]), ("api_key" = ["jobs:write"]), ("bearer" = ["jobs:write"])))]
pub(crate) async fn retry(
    caller: Caller<CanWriteJobs>,
    State(state): State<AppState>,
    PathId(id): PathId<JobId>,
) -> ApiResult<Json<JobAnswer>> {
    let connection = &mut state.database().write_by_key().await?;
    let now = state.source().clock.now();
    let job = jobs::retry(connection, caller.workspace_id, id, now).await?;
    let job = job.ok_or_else(|| Error::not_found(Resource::Job, id))?;
    Ok(Json(JobAnswer::from(job)))
}
