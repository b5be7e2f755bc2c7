//! What happens to jobs: they are enqueued, taken, finished, cancelled and tried again.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, EventPosition, Job, JobId, JobState, Json, NewJob, Result, Source, Timestamp,
    WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::lanes::{self, DueLane, Lane, open_lane};
use super::listing::find;
use super::row::JobRow;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::queries::dialect::first_locked;
use crate::queries::locks::lock_feed;
use crate::queries::prepared_once::PreparedOnce;
use crate::schema::{job_lanes, jobs};
use crate::types::{StoredTime, StoredUuid, stored};

/// How long a server may run a job without a sign of life. Then another one begins it again.
pub const LEASE: Duration = Duration::from_secs(30);

/// A job that this server runs.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The job.
    pub job: Job,
    lease: Uuid,
    /// How often its lane had been called.
    calls: i64,
}

/// How a job ends, for now or for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It is done.
    Succeeded,
    /// It goes on at this time, or later if others are due.
    GoesOn(Timestamp),
    /// It goes on when the feed of its workspace has more than this position, or at this time.
    WaitsForEvents {
        /// The position up to which it has read the feed.
        after: EventPosition,
        /// When it goes on without events.
        until: Option<Timestamp>,
    },
    /// The attempt has failed. It is tried again at this time, if there is one.
    Failed {
        /// Why.
        error: String,
        /// When to try again; `None` if it was the last attempt.
        retry_at: Option<Timestamp>,
    },
}

/// A job that is to be stored, or called if it is there.
pub(crate) struct JobCall {
    pub(crate) lane: Lane,
    pub(crate) row: JobRow,
    pub(crate) now: StoredTime,
}

impl JobCall {
    pub(crate) fn new(job: &NewJob, now: Timestamp) -> Self {
        let lane = Lane { workspace_id: stored(job.workspace_id), lane: StoredUuid::from_uuid(job.lane) };
        Self { lane, row: JobRow::new(job, now), now: now.into() }
    }

    /// Returns what is to be added to the calls of the lane. They are those of the job with its id, which can be called while it
    /// runs; others are stored once only.
    pub(crate) fn count(&self) -> i64 {
        i64::from(self.row.id == self.lane.lane)
    }
}

/// Begins a job anew that has ended. Its lane is locked.
macro_rules! begin_again {
    ($call:expr) => {
        $crate::queries::prepared_once::PreparedOnce(
            diesel::update(
                $crate::schema::jobs::table
                    .filter($crate::schema::jobs::workspace_id.eq($call.row.workspace_id))
                    .filter($crate::schema::jobs::id.eq($call.row.id))
                    .filter($crate::schema::jobs::finished_at.is_not_null()),
            )
            .set(&$call.row),
        )
    };
}
pub(crate) use begin_again;

/// Stores a job, or makes the one that is there due. One that is due, or runs, stays as it is: the calls of its lane tell that it
/// must run once more. Its lane is locked.
macro_rules! store_or_call {
    ($call:expr) => {{
        use diesel::query_dsl::methods::FilterDsl;
        use $crate::schema::jobs;
        let sleeps = jobs::due_at.is_null().or(jobs::asleep_since.is_not_null());
        let call = diesel::insert_into(jobs::table)
            .values(&$call.row)
            .on_conflict((jobs::workspace_id, jobs::id))
            .do_update()
            .set((
                jobs::due_at.eq(Some($call.now)),
                jobs::asleep_since.eq(None::<$crate::types::StoredTime>),
            ));
        let is_later = sleeps.or(jobs::due_at.gt(Some($call.now)));
        $crate::queries::prepared_once::PreparedOnce(FilterDsl::filter(call, is_later))
    }};
}
pub(crate) use store_or_call;

/// Selects the row of a job.
macro_rules! row_of {
    ($workspace_id:expr, $id:expr) => {
        jobs::table.filter(jobs::workspace_id.eq(stored($workspace_id))).filter(jobs::id.eq(stored($id)))
    };
}

impl Taken {
    fn lane(&self) -> Lane {
        Lane { workspace_id: stored(self.job.workspace_id), lane: StoredUuid::from_uuid(self.job.lane) }
    }

    /// Returns whether the calls of its lane are its own.
    fn is_of_its_lane(&self) -> bool {
        self.job.id.as_uuid() == self.job.lane
    }
}

/// Stores a job that is due now, in the caller's transaction. One with the same id begins anew, unless it is unfinished: then it is
/// due from now on, and if it runs, it does so once more.
pub(crate) async fn enqueue(connection: &mut DbConnection, job: &NewJob, now: Timestamp) -> Result<()> {
    let call = JobCall::new(job, now);
    let open = open_lane!(call.lane, now, call.count());
    on_backend!(connection, |conn| open.execute(conn).await).or_error("open a lane of jobs")?;
    let again = begin_again!(call);
    on_backend!(connection, |conn| again.execute(conn).await).or_error("begin a job anew")?;
    let store = store_or_call!(call);
    on_backend!(connection, |conn| store.execute(conn).await).or_error("store a job")?;
    connection.tell_of_due_jobs();
    Ok(())
}

/// Takes a lane, and begins the job in it that has been due for longest. `None` if another server has taken the lane since it was
/// found, or it has no such job any more.
///
/// A job that no server has finished within its lease is taken again. After its last attempt, it has failed.
#[boxed]
pub async fn take(connection: &mut DbConnection, source: &Source, due: &DueLane) -> Result<Option<Taken>> {
    let (now, lease) = (source.clock.now(), source.ids.uuid());
    let lane = due.lane;
    in_transaction!(connection, {
        let calls = lanes::take(connection, due, (lease, now.plus(LEASE))).await?;
        let Some(calls) = calls else { return Ok(None) };
        while let Some(job) = first_due(connection, lane, now).await? {
            if !job.is_exhausted() {
                let job = begin(connection, job, now).await?;
                return Ok(Some(Taken { job, lease, calls }));
            }
            let error = job.error.clone();
            let error = error.unwrap_or_else(|| "The server stopped during the last attempt.".to_owned());
            end(connection, &job, &Ending::Failed { error, retry_at: None }, None, now).await?;
        }
        lanes::give_back(connection, lane, now).await?;
        Ok(None)
    })
}

async fn first_due(connection: &mut DbConnection, lane: Lane, now: Timestamp) -> Result<Option<Job>> {
    let query = jobs::table
        .filter(jobs::workspace_id.eq(lane.workspace_id))
        .filter(jobs::lane.eq(lane.lane))
        .filter(jobs::due_at.le(StoredTime::from(now)))
        .order((jobs::due_at.asc(), jobs::id.asc()));
    let row = on_backend!(connection, |conn| query.first::<JobRow>(conn).await.optional());
    row.or_error("find the first job of a lane")?.map(Job::try_from).transpose()
}

/// Notes that a job is running. It keeps its due time, so that it is first again if this server stops.
async fn begin(connection: &mut DbConnection, job: Job, now: Timestamp) -> Result<Job> {
    let job = Job { state: JobState::Running, attempts: job.attempts + 1, updated_at: now, ..job };
    let running = (
        jobs::state.eq(job.state.to_string()),
        jobs::attempts.eq(i64::from(job.attempts)),
        jobs::asleep_since.eq(None::<StoredTime>),
        jobs::updated_at.eq(StoredTime::from(now)),
    );
    let begin = PreparedOnce(diesel::update(row_of!(job.workspace_id, job.id)).set(running));
    on_backend!(connection, |conn| begin.execute(conn).await).or_error("begin a job")?;
    Ok(job)
}

/// Extends the lease of a job that runs. `false` if it must stop: it was cancelled, or another server has it.
#[boxed]
pub async fn keep(connection: &mut DbConnection, taken: &Taken, now: Timestamp) -> Result<bool> {
    if lanes::keep(connection, taken.lane(), taken.lease, now.plus(LEASE)).await?.is_none() {
        return Ok(false);
    }
    let state = row_of!(taken.job.workspace_id, taken.job.id).select(jobs::state);
    let state = on_backend!(connection, |conn| state.first::<String>(conn).await.optional());
    Ok(state.or_error("look whether a job still runs")?.is_some_and(|state| state == "running"))
}

/// Stores how a job has ended, and what it has done so far, and gives its lane back. Does nothing if another server has it; if
/// it was cancelled, it remains so.
#[boxed]
pub async fn finish(
    connection: &mut DbConnection,
    taken: &Taken,
    ending: &Ending,
    progress: Option<&Json>,
    now: Timestamp,
) -> Result<()> {
    in_transaction!(connection, {
        let ending = settled(connection, &taken.job, ending, now).await?;
        // Locks the lane.
        if let Some(calls) = lanes::keep(connection, taken.lane(), taken.lease, now.plus(LEASE)).await? {
            // What has changed since it was called may have come too late for it.
            let is_called_again = taken.is_of_its_lane() && calls != taken.calls;
            let ending = if is_called_again { Ending::GoesOn(now) } else { ending };
            end(connection, &taken.job, &ending, progress, now).await?;
            lanes::give_back(connection, taken.lane(), now).await?;
        }
        Ok(())
    })
}

/// Looks whether a job that is about to wait for events has missed some. Locks the feed, so that none can come in between.
async fn settled(
    connection: &mut DbConnection,
    job: &Job,
    ending: &Ending,
    now: Timestamp,
) -> Result<Ending> {
    if let Ending::WaitsForEvents { after, .. } = ending
        && lock_feed(connection, stored(job.workspace_id)).await? > after.as_i64()
    {
        return Ok(Ending::GoesOn(now));
    }
    Ok(ending.clone())
}

async fn end(
    connection: &mut DbConnection,
    job: &Job,
    ending: &Ending,
    progress: Option<&Json>,
    now: Timestamp,
) -> Result<()> {
    let (state, due_at, error) = match ending {
        Ending::Succeeded => (JobState::Succeeded, None, None),
        Ending::GoesOn(at) => (JobState::Waiting, Some(*at), None),
        Ending::WaitsForEvents { until, .. } => (JobState::Waiting, *until, None),
        Ending::Failed { error, retry_at: Some(at) } => (JobState::Waiting, Some(*at), Some(error.clone())),
        Ending::Failed { error, retry_at: None } => (JobState::Failed, None, Some(error.clone())),
    };
    let is_asleep = matches!(ending, Ending::WaitsForEvents { .. });
    let attempts = if error.is_some() { job.attempts } else { 0 };
    let progress = progress.or(job.progress.as_ref());
    let ended = (
        jobs::state.eq(state.to_string()),
        jobs::due_at.eq(due_at.map(StoredTime::from)),
        jobs::asleep_since.eq(is_asleep.then(|| StoredTime::from(now))),
        jobs::error.eq(error),
        jobs::attempts.eq(i64::from(attempts)),
        jobs::progress.eq(progress.map(ToString::to_string)),
        jobs::updated_at.eq(StoredTime::from(now)),
        jobs::finished_at.eq(state.is_final().then(|| StoredTime::from(now))),
    );
    let unfinished = row_of!(job.workspace_id, job.id).filter(jobs::finished_at.is_null());
    let end = PreparedOnce(diesel::update(unfinished).set(ended));
    on_backend!(connection, |conn| end.execute(conn).await).or_error("note the end of a job")?;
    Ok(())
}

/// Cancels a job. A server that runs it stops within ten seconds. `None` if the workspace has no such job; fails with
/// [`Conflict::JobFinished`] if nothing is left to cancel, and with
/// [`Conflict::JobOfWorkflow`] for what stopping a workflow ends.
#[boxed]
pub async fn cancel(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: JobId,
    now: Timestamp,
) -> Result<Option<Job>> {
    change(connection, workspace_id, id, |job| {
        if job.state.is_final() {
            return Err(Error::Conflict(Conflict::JobFinished));
        }
        if job.kind.is_of_workflows() {
            return Err(Error::Conflict(Conflict::JobOfWorkflow));
        }
        Ok(Job { state: JobState::Cancelled, due_at: None, updated_at: now, finished_at: Some(now), ..job })
    })
    .await
}

/// Tries a job again that has failed or was cancelled, where it left off. `None` if the workspace has no such job; fails with
/// [`Conflict::JobNotFailed`] if it is in another state.
#[boxed]
pub async fn retry(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: JobId,
    now: Timestamp,
) -> Result<Option<Job>> {
    change(connection, workspace_id, id, |job| {
        if !matches!(job.state, JobState::Failed | JobState::Cancelled) {
            return Err(Error::Conflict(Conflict::JobNotFailed));
        }
        Ok(Job {
            state: JobState::Waiting,
            due_at: Some(now),
            attempts: 0,
            updated_at: now,
            finished_at: None,
            ..job
        })
    })
    .await
}

/// Changes the state of a job with its row locked. Opens its lane if it is due.
async fn change(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: JobId,
    change: impl Fn(Job) -> Result<Job> + Send,
) -> Result<Option<Job>> {
    in_transaction!(connection, {
        let Some(found) = find(connection, workspace_id, id).await? else { return Ok(None) };
        let lane = Lane { workspace_id: stored(workspace_id), lane: StoredUuid::from_uuid(found.lane) };
        let now = change(found)?.updated_at;
        lanes::make_due(connection, lane, now).await?;
        let query = row_of!(workspace_id, id);
        let row = first_locked!(connection, query, for_update, JobRow).or_error("lock a job")?;
        let Some(job) = row.map(Job::try_from).transpose()? else { return Ok(None) };
        let job = change(job)?;
        let changed = (
            jobs::state.eq(job.state.to_string()),
            jobs::due_at.eq(job.due_at.map(StoredTime::from)),
            jobs::asleep_since.eq(None::<StoredTime>),
            jobs::attempts.eq(i64::from(job.attempts)),
            jobs::updated_at.eq(StoredTime::from(job.updated_at)),
            jobs::finished_at.eq(job.finished_at.map(StoredTime::from)),
        );
        let row = row_of!(workspace_id, id);
        on_backend!(connection, |conn| diesel::update(row).set(changed).execute(conn).await)
            .or_error("change a job")?;
        Ok(Some(job))
    })
}
