//! Reading jobs, and removing old ones.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Job, JobFilter, JobId, JobKind, JobState, Result, Slice, Timestamp, Window, WorkspaceId,
};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::JobRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::keyset::load_window;
use crate::schema::jobs;
use crate::types::{StoredTime, StoredUuid, stored};

/// Finds a job by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: JobId,
) -> Result<Option<Job>> {
    let query =
        jobs::table.filter(jobs::workspace_id.eq(stored(workspace_id))).filter(jobs::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<JobRow>(conn).await.optional());
    row.or_error("find a job")?.map(Job::try_from).transpose()
}

/// Lists a page of a workspace's jobs by creation time.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &JobFilter,
    window: &Window,
) -> Result<Slice<Job>> {
    macro_rules! filtered {
        () => {{
            let JobFilter { state, kind, object_id } = filter;
            let mut query = jobs::table.filter(jobs::workspace_id.eq(stored(workspace_id))).into_boxed();
            if let Some(state) = state {
                query = query.filter(jobs::state.eq(state.to_string()));
            }
            if let Some(kind) = kind {
                query = query.filter(jobs::kind.eq(kind.to_string()));
            }
            if let Some(object_id) = object_id {
                query = query.filter(jobs::object_id.eq(object_id.clone()));
            }
            query
        }};
    }
    let rows = load_window!(connection, filtered!(), jobs::created_at, jobs::id, window, StoredTime, JobRow);
    let jobs = rows.or_error("list jobs")?.into_iter().map(Job::try_from).collect::<Result<_>>()?;
    Ok(Slice::cut(jobs, window))
}

/// How many jobs of all workspaces there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobLoad {
    /// Those that wait.
    pub waiting: i64,
    /// Those that run.
    pub running: i64,
    /// Those that have failed and are kept.
    pub failed: i64,
    /// Since when the oldest is due that waits for a server.
    pub oldest_due_at: Option<Timestamp>,
}

/// Counts the jobs of all workspaces.
#[boxed]
pub async fn load(connection: &mut DbConnection, now: Timestamp) -> Result<JobLoad> {
    let mut load = JobLoad::default();
    for (state, count) in [
        (JobState::Waiting, &mut load.waiting),
        (JobState::Running, &mut load.running),
        (JobState::Failed, &mut load.failed),
    ] {
        let those = jobs::table.filter(jobs::state.eq(state.to_string())).select(count_star());
        *count = on_backend!(connection, |conn| those.first(conn).await).or_error("count jobs")?;
    }
    let due = jobs::table
        .filter(jobs::state.eq(JobState::Waiting.to_string()))
        .filter(jobs::due_at.le(StoredTime::from(now)))
        .order(jobs::due_at.asc())
        .select(jobs::due_at);
    let oldest = on_backend!(connection, |conn| due.first::<Option<StoredTime>>(conn).await.optional());
    load.oldest_due_at = oldest.or_error("find the oldest job")?.flatten().map(Into::into);
    Ok(load)
}

/// Returns whether an unfinished job of a kind is about an object.
pub(crate) async fn has_unfinished(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    kind: JobKind,
    object_id: String,
) -> Result<bool> {
    let query = jobs::table
        .filter(jobs::workspace_id.eq(stored(workspace_id)))
        .filter(jobs::object_id.eq(object_id))
        .filter(jobs::kind.eq(kind.to_string()))
        .filter(jobs::finished_at.is_null())
        .select(jobs::id)
        .limit(1);
    let found = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    Ok(!found.or_error("look for unfinished jobs")?.is_empty())
}

/// Removes the oldest jobs that were finished before a time, up to a limit, and all that were finished at the same time as the
/// last one. Returns how many.
#[boxed]
pub async fn sweep(connection: &mut DbConnection, before: Timestamp, limit: u32) -> Result<usize> {
    let last = jobs::table
        .filter(jobs::finished_at.lt(StoredTime::from(before)))
        .order(jobs::finished_at.asc())
        .select(jobs::finished_at)
        .offset(i64::from(limit.saturating_sub(1)));
    let last = on_backend!(connection, |conn| last.first::<Option<StoredTime>>(conn).await.optional());
    let last = last.or_error("look for old jobs")?.flatten();
    let old = jobs::table
        .filter(jobs::finished_at.lt(StoredTime::from(before)))
        .filter(jobs::finished_at.le(last.unwrap_or(before.into())));
    on_backend!(connection, |conn| diesel::delete(old).execute(conn).await).or_error("remove old jobs")
}
