//! Jobs in responses.

use denizen_domain::{Job, JobKind, JobState, Json};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// Returns a job as `/api/v1` shows it, for callers that print it elsewhere.
pub fn job_json(job: Job) -> impl Serialize {
    JobAnswer::from(job)
}

/// Work that outlives a request. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Job, example = samples::job)]
pub(crate) struct JobAnswer {
    /// Its id.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// What it does: `webhook_delivery` or `webhook_replay`.
    #[schema(value_type = String)]
    kind: JobKind,
    /// Id of the object that it is about.
    object_id: String,
    /// How far it is: `waiting`, `running`, `succeeded`, `failed` or `cancelled`.
    #[schema(value_type = String)]
    state: JobState,
    /// What it has done so far; null if it does not say.
    #[schema(value_type = Option<HashMap<String, Value>>, required)]
    progress: Option<Json>,
    /// Why the last attempt failed; null if it did not.
    #[schema(required)]
    error: Option<String>,
    /// How many attempts have failed in a row, or run now. After 20, the job has failed.
    attempts: u32,
    /// When it runs next; null if it is finished, or waits for events.
    #[schema(required, format = "date-time")]
    due_at: Option<String>,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change of its state.
    #[schema(format = "date-time")]
    updated_at: String,
    /// When it succeeded, failed or was cancelled; null if it did not yet.
    #[schema(required, format = "date-time")]
    finished_at: Option<String>,
}

impl From<Job> for JobAnswer {
    fn from(job: Job) -> Self {
        let Job {
            id,
            workspace_id,
            lane: _,
            kind,
            object_id,
            state,
            payload: _,
            progress,
            error,
            attempts,
            due_at,
            created_at,
            updated_at,
            finished_at,
        } = job;
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            kind,
            object_id,
            state,
            progress,
            error,
            attempts,
            due_at: due_at.map(|moment| moment.to_string()),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
            finished_at: finished_at.map(|moment| moment.to_string()),
        }
    }
}
