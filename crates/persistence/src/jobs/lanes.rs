//! Lanes: who may run a workspace's jobs, and when.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::prepared_once::PreparedOnce;
use crate::schema::{job_lanes, jobs};
use crate::types::{StoredTime, StoredUuid, all_stored, stored};

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) workspace_id: StoredUuid,
    pub(crate) lane: StoredUuid,
}

/// Selects the row of a lane.
macro_rules! row_of {
    ($lane:expr) => {
        job_lanes::table
            .filter(job_lanes::workspace_id.eq($lane.workspace_id))
            .filter(job_lanes::lane.eq($lane.lane))
    };
}

/// Stores who has a lane, and until when, and returns how often it has been called, or `None` if no row was selected.
macro_rules! set_lease {
    ($connection:ident, $row:expr, $lease:expr) => {{
        let set = PreparedOnce(diesel::update($row).set($lease).returning(job_lanes::calls));
        on_backend!($connection, |conn| set.get_result::<i64>(conn).await.optional())
    }};
}

/// Makes a lane due by a time unless a server has it, and counts so many calls of its own job. Locks a row that is there even if
/// nothing changes: it may be about to be deleted, for want of this very job.
macro_rules! open_lane {
    ($lane:expr, $due_at:expr, $calls:expr) => {{
        let due_at = $crate::types::StoredTime::from($due_at);
        let row = (
            job_lanes::workspace_id.eq($lane.workspace_id),
            job_lanes::lane.eq($lane.lane),
            job_lanes::due_at.eq(due_at),
            job_lanes::lease.eq(None::<$crate::types::StoredUuid>),
            job_lanes::calls.eq(0),
        );
        let is_later = job_lanes::lease.is_null().and(job_lanes::due_at.gt(due_at));
        let sooner = diesel::dsl::case_when(is_later, due_at.into_sql::<$crate::types::PortableTimestamp>());
        $crate::queries::prepared_once::PreparedOnce(
            diesel::insert_into(job_lanes::table)
                .values(row)
                .on_conflict((job_lanes::workspace_id, job_lanes::lane))
                .do_update()
                .set((
                    job_lanes::calls.eq(job_lanes::calls + $calls),
                    job_lanes::due_at.eq(sooner.otherwise(job_lanes::due_at)),
                )),
        )
    }};
}
pub(crate) use open_lane;

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

/// Takes a lane until a time, unless another server has taken it since it was found due. Locks it. Returns how often it has been
/// called.
pub(super) async fn take(
    connection: &mut DbConnection,
    due: &DueLane,
    (lease, until): (Uuid, Timestamp),
) -> Result<Option<i64>> {
    let unchanged = row_of!(due.lane).filter(job_lanes::due_at.eq(due.due_at));
    let taken = (
        job_lanes::lease.eq(Some(StoredUuid::from_uuid(lease))),
        job_lanes::due_at.eq(StoredTime::from(until)),
    );
    set_lease!(connection, unchanged, taken).or_error("take a lane of jobs")
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

/// Extends the lease of a lane, and locks it. Returns how often it has been called; `None` if the lease has passed to another
/// server.
pub(super) async fn keep(
    connection: &mut DbConnection,
    lane: Lane,
    lease: Uuid,
    until: Timestamp,
) -> Result<Option<i64>> {
    let own = row_of!(lane).filter(job_lanes::lease.eq(Some(StoredUuid::from_uuid(lease))));
    let until = job_lanes::due_at.eq(StoredTime::from(until));
    set_lease!(connection, own, until).or_error("keep a lane of jobs")
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
    let free = PreparedOnce(diesel::update(row_of!(lane)).set(free));
    on_backend!(connection, |conn| free.execute(conn).await).or_error("give a lane of jobs back")?;
    Ok(())
}

/// Makes a lane due by a time, and locks it. If a server has it, that one looks for the next job when it gives it back.
pub(super) async fn make_due(connection: &mut DbConnection, lane: Lane, due_at: Timestamp) -> Result<()> {
    let open = open_lane!(lane, due_at, 0);
    on_backend!(connection, |conn| open.execute(conn).await).or_error("open a lane of jobs")?;
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
