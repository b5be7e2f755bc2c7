//! Gives events their positions.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Result, Timestamp, WorkspaceId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend, on_each_backend};
use crate::jobs;
use crate::queries::locks::lock_feed;
use crate::schema::{event_feeds, event_outbox, events};
use crate::types::{StoredUuid, stored};

/// How many events get their positions in one transaction.
const BATCH: i64 = 500;

/// Gives positions to a batch of a workspace's events in the outbox. Returns whether more may be left. If another
/// transaction is about to do the same, waits for it. Jobs that wait for events are due now.
#[boxed]
pub async fn give_positions(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    now: Timestamp,
) -> Result<bool> {
    in_transaction!(connection, {
        let workspace = workspace_id;
        let workspace_id = stored(workspace);
        let last_position = lock_feed(connection, workspace_id).await?;
        let numbers = event_outbox::table
            .filter(event_outbox::workspace_id.eq(workspace_id))
            .order(event_outbox::number.asc())
            .select(event_outbox::number)
            .limit(BATCH);
        let numbers = on_backend!(connection, |conn| numbers.load::<i64>(conn).await);
        let numbers = numbers.or_error("look for events without a position")?;
        let Some(last_number) = numbers.last().copied() else { return Ok(false) };
        let count = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        move_out(connection, workspace_id, last_position, numbers, last_number).await?;
        let feed = event_feeds::table.filter(event_feeds::workspace_id.eq(workspace_id));
        let position = event_feeds::last_position.eq(last_position + count);
        on_backend!(connection, |conn| diesel::update(feed).set(position).execute(conn).await)
            .or_error("note the last position of a feed")?;
        jobs::wake(connection, workspace, now).await?;
        Ok(count == BATCH)
    })
}

/// Moves events from the outbox into the feed, in the order of their numbers. PostgreSQL names each, because others with
/// smaller numbers may be committed in the meantime. SQLite has no others during a transaction that writes.
async fn move_out(
    connection: &mut DbConnection,
    workspace_id: StoredUuid,
    last_position: i64,
    numbers: Vec<i64>,
    last_number: i64,
) -> Result<()> {
    let of_workspace = event_outbox::table.filter(event_outbox::workspace_id.eq(workspace_id));
    let numbered = sql::<BigInt>("row_number() OVER (ORDER BY number) + ").bind::<BigInt, _>(last_position);
    let columns = (
        event_outbox::workspace_id,
        numbered,
        event_outbox::id,
        event_outbox::occurred_at,
        event_outbox::kind,
        event_outbox::object_id,
        event_outbox::data,
        event_outbox::previous,
        event_outbox::actor,
        event_outbox::acting_for,
        event_outbox::request_id,
    );
    let into = (
        events::workspace_id,
        events::position,
        events::id,
        events::occurred_at,
        events::kind,
        events::object_id,
        events::data,
        events::previous,
        events::actor,
        events::acting_for,
        events::request_id,
    );
    macro_rules! moved {
        ($conn:ident, $which:expr) => {{
            let those = of_workspace.filter($which);
            those.select(columns).insert_into(events::table).into_columns(into).execute($conn).await?;
            diesel::delete(of_workspace.filter($which)).execute($conn).await
        }};
    }
    let moved = on_each_backend!(
        connection,
        Postgres | conn | async { moved!(conn, event_outbox::number.eq_any(&numbers)) }.await,
        Sqlite | conn | async { moved!(conn, event_outbox::number.le(last_number)) }.await
    );
    moved.or_error("give events their positions")?;
    Ok(())
}

/// Returns whether a workspace has events in the outbox.
#[boxed]
pub async fn has_outbox(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<bool> {
    let query = event_outbox::table
        .filter(event_outbox::workspace_id.eq(stored(workspace_id)))
        .select(event_outbox::number)
        .limit(1);
    let found = on_backend!(connection, |conn| query.load::<i64>(conn).await);
    Ok(!found.or_error("look for new events")?.is_empty())
}

/// Returns a workspace that has events in the outbox: the first one, or the first one after another.
#[boxed]
pub async fn next_with_outbox(
    connection: &mut DbConnection,
    after: Option<WorkspaceId>,
) -> Result<Option<WorkspaceId>> {
    // No workspace has the nil UUID.
    let after = after.map_or(StoredUuid::from_uuid(Uuid::nil()), Into::into);
    let query = event_outbox::table
        .filter(event_outbox::workspace_id.gt(after))
        .order(event_outbox::workspace_id.asc())
        .select(event_outbox::workspace_id);
    let found = on_backend!(connection, |conn| query.first::<StoredUuid>(conn).await.optional());
    Ok(found.or_error("look for workspaces with new events")?.map(Into::into))
}
