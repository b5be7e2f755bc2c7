//! The rows of jobs.

use denizen_domain::{Error, Job, JobState, Json, JsonError, NewJob, Result, Timestamp};
use diesel::prelude::*;

use crate::connection::broken_row;
use crate::schema::jobs;
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = jobs, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(primary_key(workspace_id, id))]
pub(crate) struct JobRow {
    pub(crate) workspace_id: StoredUuid,
    pub(crate) id: StoredUuid,
    pub(super) lane: StoredUuid,
    kind: String,
    object_id: String,
    state: String,
    payload: String,
    progress: Option<String>,
    error: Option<String>,
    attempts: i64,
    due_at: Option<StoredTime>,
    asleep_since: Option<StoredTime>,
    created_at: StoredTime,
    updated_at: StoredTime,
    finished_at: Option<StoredTime>,
}

impl JobRow {
    /// Returns the row of a new job that is due now.
    pub(super) fn new(job: &NewJob, now: Timestamp) -> Self {
        let NewJob { id, workspace_id, lane, kind, object_id, payload } = job;
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            lane: StoredUuid::from_uuid(*lane),
            kind: kind.to_string(),
            object_id: object_id.clone(),
            state: JobState::Waiting.to_string(),
            payload: payload.to_string(),
            progress: None,
            error: None,
            attempts: 0,
            due_at: Some(now.into()),
            asleep_since: None,
            created_at: now.into(),
            updated_at: now.into(),
            finished_at: None,
        }
    }
}

impl TryFrom<JobRow> for Job {
    type Error = Error;

    fn try_from(row: JobRow) -> Result<Self> {
        let JobRow {
            workspace_id,
            id,
            lane,
            kind,
            object_id,
            state,
            payload,
            progress,
            error,
            attempts,
            due_at,
            asleep_since: _,
            created_at,
            updated_at,
            finished_at,
        } = row;
        let broken = |column, problem: String| broken_row("jobs", column, id, problem);
        let json = |column, text: &str| {
            Json::parse_stored(text).map_err(|problem: JsonError| broken(column, problem.to_string()))
        };
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            lane: lane.as_uuid(),
            kind: kind.parse().map_err(|problem| broken("kind", format!("{problem:?}")))?,
            object_id,
            state: state.parse().map_err(|problem| broken("state", format!("{problem:?}")))?,
            payload: json("payload", &payload)?,
            progress: progress.map(|text| json("progress", &text)).transpose()?,
            error,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            due_at: due_at.map(Into::into),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            finished_at: finished_at.map(Into::into),
        })
    }
}
