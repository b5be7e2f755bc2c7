//! Lanes: who may run a workspace's jobs, and when.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::{job_lanes, jobs};
use crate::types::{StoredTime, StoredUuid, all_stored, stored};

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) workspace_id: StoredUuid,
    pub(super) lane: StoredUuid,
}

/// Selects the row of a lane.
macro_rules! row_of {
    ($lane:expr) => {
        job_lanes::table
            .filter(job_lanes::workspace_id.eq($lane.workspace_id))
            .filter(job_lanes::lane.eq($lane.lane))
    };
}

/// A lane that was found due.
#[derive(Debug, Clone)]
pub struct DueLane {
    pub(super) lane: Lane,
    due_at: StoredTime,
}

impl DueLane {
    /// Returns its workspace.
    pub fn workspace_id(&self) -> WorkspaceId {
        self.lane.workspace_id.into()
    }
}

/// Returns the lanes that have been due for longest, without those of some workspaces.
#[boxed]
pub async fn due(
    connection: &mut DbConnection,
    now: Timestamp,
    without: &[WorkspaceId],
    limit: u32,
) -> Result<Vec<DueLane>> {
    let query = job_lanes::table
        .filter(job_lanes::due_at.le(StoredTime::from(now)))
        .filter(job_lanes::workspace_id.ne_all(all_stored(without)))
        .order(job_lanes::due_at.asc())
        .select((job_lanes::workspace_id, job_lanes::lane, job_lanes::due_at))
        .limit(i64::from(limit));
    let due = on_backend!(connection, |conn| query.load::<(StoredUuid, StoredUuid, StoredTime)>(conn).await);
    let due = due.or_error("look for jobs that are due")?.into_iter();
    Ok(due
        .map(|(workspace_id, lane, due_at)| DueLane { lane: Lane { workspace_id, lane }, due_at })
        .collect())
}

/// Takes a lane until a time, unless another server has taken it since it was found due. Locks it.
pub(super) async fn take(
    connection: &mut DbConnection,
    due: &DueLane,
    (lease, until): (Uuid, Timestamp),
) -> Result<bool> {
    let unchanged = row_of!(due.lane).filter(job_lanes::due_at.eq(due.due_at));
    let taken = (
        job_lanes::lease.eq(Some(StoredUuid::from_uuid(lease))),
        job_lanes::due_at.eq(StoredTime::from(until)),
    );
    let count = on_backend!(connection, |conn| diesel::update(unchanged).set(taken).execute(conn).await);
    Ok(count.or_error("take a lane of jobs")? > 0)
}

/// Leaves a lane that was found due alone until a time, because this server cannot read its next job. Does nothing if another
/// server has taken it.
#[boxed]
pub async fn postpone(connection: &mut DbConnection, due: &DueLane, until: Timestamp) -> Result<()> {
    let unchanged = row_of!(due.lane).filter(job_lanes::due_at.eq(due.due_at));
    let later = job_lanes::due_at.eq(StoredTime::from(until));
    on_backend!(connection, |conn| diesel::update(unchanged).set(later).execute(conn).await)
        .or_error("postpone a lane of jobs")?;
    Ok(())
}

/// Extends the lease of a lane, and locks it. `false` if the lease has passed to another server.
pub(super) async fn keep(
    connection: &mut DbConnection,
    lane: Lane,
    lease: Uuid,
    until: Timestamp,
) -> Result<bool> {
    let own = row_of!(lane).filter(job_lanes::lease.eq(Some(StoredUuid::from_uuid(lease))));
    let until = job_lanes::due_at.eq(StoredTime::from(until));
    let count = on_backend!(connection, |conn| diesel::update(own).set(until).execute(conn).await);
    Ok(count.or_error("keep a lane of jobs")? > 0)
}

/// Gives a locked lane back: behind the others if its next job is due, until that is due if not, and for good if it has none.
pub(super) async fn give_back(connection: &mut DbConnection, lane: Lane, now: Timestamp) -> Result<()> {
    let next = jobs::table
        .filter(jobs::workspace_id.eq(lane.workspace_id))
        .filter(jobs::lane.eq(lane.lane))
        .filter(jobs::due_at.is_not_null())
        .order(jobs::due_at.asc())
        .select(jobs::due_at);
    let next = on_backend!(connection, |conn| next.first::<Option<StoredTime>>(conn).await.optional());
    let next = next.or_error("find the next job of a lane")?.flatten();
    let Some(next) = next.map(Timestamp::from) else {
        on_backend!(connection, |conn| diesel::delete(row_of!(lane)).execute(conn).await)
            .or_error("delete a lane of jobs")?;
        return Ok(());
    };
    let free =
        (job_lanes::lease.eq(None::<StoredUuid>), job_lanes::due_at.eq(StoredTime::from(next.max(now))));
    on_backend!(connection, |conn| diesel::update(row_of!(lane)).set(free).execute(conn).await)
        .or_error("give a lane of jobs back")?;
    Ok(())
}

/// Makes a lane due by a time, and locks it. If a server has it, that one looks for the next job when it gives it back.
pub(super) async fn make_due(connection: &mut DbConnection, lane: Lane, due_at: Timestamp) -> Result<()> {
    let due_at = StoredTime::from(due_at);
    let row = (
        job_lanes::workspace_id.eq(lane.workspace_id),
        job_lanes::lane.eq(lane.lane),
        job_lanes::due_at.eq(due_at),
        job_lanes::lease.eq(None::<StoredUuid>),
    );
    // Locks a row that is there, by changing nothing: it may be about to be deleted, for want of this very job.
    let locked = on_backend!(connection, |conn| diesel::insert_into(job_lanes::table)
        .values(row)
        .on_conflict((job_lanes::workspace_id, job_lanes::lane))
        .do_update()
        .set(job_lanes::lane.eq(lane.lane))
        .execute(conn)
        .await);
    locked.or_error("open a lane of jobs")?;
    let later = row_of!(lane).filter(job_lanes::lease.is_null()).filter(job_lanes::due_at.gt(due_at));
    let sooner = job_lanes::due_at.eq(due_at);
    on_backend!(connection, |conn| diesel::update(later).set(sooner).execute(conn).await)
        .or_error("make a lane of jobs due")?;
    connection.tell_of_due_jobs();
    Ok(())
}

/// Makes the jobs of a workspace due that wait for its events. The feed is locked.
pub(crate) async fn wake(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    now: Timestamp,
) -> Result<()> {
    let workspace_id = stored(workspace_id);
    let asleep = jobs::table
        .filter(jobs::workspace_id.eq(workspace_id))
        .filter(jobs::asleep_since.is_not_null())
        .order(jobs::lane.asc())
        .select((jobs::lane, jobs::id));
    let asleep = on_backend!(connection, |conn| asleep.load::<(StoredUuid, StoredUuid)>(conn).await);
    let asleep = asleep.or_error("look for jobs that wait for events")?;
    if asleep.is_empty() {
        return Ok(());
    }
    let mut ids = Vec::with_capacity(asleep.len());
    for (lane, id) in asleep {
        make_due(connection, Lane { workspace_id, lane }, now).await?;
        ids.push(id);
    }
    let those = jobs::table
        .filter(jobs::workspace_id.eq(workspace_id))
        .filter(jobs::id.eq_any(ids))
        .filter(jobs::asleep_since.is_not_null());
    let awake = (jobs::due_at.eq(Some(StoredTime::from(now))), jobs::asleep_since.eq(None::<StoredTime>));
    on_backend!(connection, |conn| diesel::update(those).set(awake).execute(conn).await)
        .or_error("wake jobs")?;
    Ok(())
}
