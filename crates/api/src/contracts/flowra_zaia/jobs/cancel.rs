//! Cancelling jobs.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, JobId, Resource};
use denizen_persistence::jobs;

use super::answer::JobAnswer;
use crate::guards::caller::{Caller, CanWriteJobs};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Cancels a job
///
/// A job that runs stops within ten seconds; what it has done remains. The job of a webhook endpoint that was cancelled sends nothing
/// until it is tried again, or the endpoint is changed, enabled or replayed.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", operation_id = "jobs.cancel", tag = "Jobs",
    params(("id" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The job is cancelled", body = JobAnswer),
        (status = 404, description = "Job not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The job is finished and cannot be cancelled.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["jobs:write"]), ("api_key" = ["jobs:write"]), ("bearer" = ["jobs:write"])))]
pub(crate) async fn cancel(
    caller: Caller<CanWriteJobs>,
    State(state): State<AppState>,
    PathId(id): PathId<JobId>,
) -> ApiResult<Json<JobAnswer>> {
    let connection = &mut state.database().write_by_key().await?;
    let now = state.source().clock.now();
    let job = jobs::cancel(connection, caller.workspace_id, id, now).await?;
    let job = job.ok_or_else(|| Error::not_found(Resource::Job, id))?;
    Ok(Json(JobAnswer::from(job)))
}
