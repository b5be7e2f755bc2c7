//! Reads a workspace's feed.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{Error, Event, EventFilter, EventPosition, Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::value::RawValue;

use crate::connection::{DbConnection, OrError as _, broken_row, on_backend};
use crate::queries::dialect::load_rows;
use crate::schema::{event_feeds, events};
use crate::types::{StoredTime, StoredUuid, all_stored, stored, texts};

/// How many positions one page looks at: with a filter that few events fit, it is not full.
const LOOKED_AT: i64 = 5_000;

/// How much later an event may have happened than one with a later position: the difference of the servers' clocks, and the
/// time that changes take.
const DISORDER: Duration = Duration::from_mins(5);

/// Where to begin to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the oldest event that is kept.
    Oldest,
    /// After this position.
    After(EventPosition),
    /// At the end: only events of the future follow.
    Latest,
}

/// A part of a feed.
#[derive(Debug)]
pub struct EventPage {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// The position after which to go on: all events up to it were looked at.
    pub position: EventPosition,
    /// Whether more follow already.
    pub has_more: bool,
}

#[derive(Queryable)]
#[diesel(table_name = events)]
struct EventRow {
    workspace_id: StoredUuid,
    position: i64,
    id: StoredUuid,
    occurred_at: StoredTime,
    kind: String,
    object_id: String,
    data: String,
    previous: String,
    actor: String,
    acting_for: Option<StoredUuid>,
    request_id: Option<String>,
}

impl TryFrom<EventRow> for Event {
    type Error = Error;

    fn try_from(row: EventRow) -> Result<Self> {
        let EventRow {
            workspace_id,
            position,
            id,
            occurred_at,
            kind,
            object_id,
            data,
            previous,
            actor,
            acting_for,
            request_id,
        } = row;
        let broken = |column, problem: String| broken_row("events", column, id, problem);
        let object = |column, text: String| {
            RawValue::from_string(text).map_err(|problem| broken(column, problem.to_string()))
        };
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            position: EventPosition::from_stored(position),
            kind: kind.parse().map_err(|problem| broken("kind", format!("{problem:?}")))?,
            occurred_at: occurred_at.into(),
            object_id,
            data: object("data", data)?,
            previous: object("previous", previous)?,
            actor: actor.parse().map_err(|problem| broken("actor", format!("{problem:?}")))?,
            acting_for: acting_for.map(Into::into),
            request_id,
        })
    }
}

/// The ends of a feed: the last position that was removed, and the last one of all.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    removed_through: i64,
    last_position: i64,
}

/// Lists a part of a workspace's feed, oldest first, of at most `limit` events. Fails with [`Error::PositionGone`] if the
/// feed has no such position any more, or not yet.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    start: Start,
    filter: &EventFilter,
    limit: u32,
) -> Result<EventPage> {
    loop {
        let ends = ends_of(connection, workspace_id).await?;
        let after = match start {
            Start::Oldest => ends.removed_through,
            Start::After(position) => position.as_i64(),
            Start::Latest => ends.last_position,
        };
        if after > ends.last_position {
            return Err(gone(ends));
        }
        let end = ends.last_position.min(after.saturating_add(LOOKED_AT));
        let rows = load(connection, workspace_id, (after, end), filter, limit).await?;
        // Read afterwards: what was removed in the meantime is missing.
        let ends = ends_of(connection, workspace_id).await?;
        match start {
            _ if after >= ends.removed_through => return page_of(rows, limit, end, ends),
            Start::After(_) => return Err(gone(ends)),
            Start::Oldest | Start::Latest => {}
        }
    }
}

fn page_of(mut rows: Vec<EventRow>, limit: u32, end: i64, ends: Ends) -> Result<EventPage> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_cut = rows.len() > limit;
    rows.truncate(limit);
    let position = match rows.last() {
        Some(last) if is_cut => last.position,
        _ => end,
    };
    let events = rows.into_iter().map(Event::try_from).collect::<Result<_>>()?;
    let has_more = position < ends.last_position;
    Ok(EventPage { events, position: EventPosition::from_stored(position), has_more })
}

fn gone(ends: Ends) -> Error {
    Error::PositionGone {
        begins_after: EventPosition::from_stored(ends.removed_through),
        ends_at: EventPosition::from_stored(ends.last_position),
    }
}

async fn ends_of(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<Ends> {
    let query = event_feeds::table
        .filter(event_feeds::workspace_id.eq(stored(workspace_id)))
        .select((event_feeds::removed_through, event_feeds::last_position));
    let ends = on_backend!(connection, |conn| query.first::<(i64, i64)>(conn).await.optional());
    let ends = ends.or_error("find the ends of a feed")?.unwrap_or_default();
    Ok(Ends { removed_through: ends.0, last_position: ends.1 })
}

/// Loads the events after one position and up to another one, and up to one more than the limit.
async fn load(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    (after, end): (i64, i64),
    filter: &EventFilter,
    limit: u32,
) -> Result<Vec<EventRow>> {
    macro_rules! filtered {
        () => {{
            let mut query = events::table
                .filter(events::workspace_id.eq(stored(workspace_id)))
                .filter(events::position.gt(after))
                .filter(events::position.le(end))
                .order(events::position.asc())
                .limit(i64::from(limit) + 1)
                .into_boxed();
            if !filter.types.is_empty() {
                query = query.filter(events::kind.eq_any(texts(&filter.types)));
            }
            if let Some(id) = &filter.object_id {
                query = query.filter(events::object_id.eq(id.clone()));
            }
            query
        }};
    }
    load_rows!(connection, filtered!(), EventRow).or_error("list events")
}

/// Returns the last positions of workspaces' feeds.
#[boxed]
pub async fn last_positions(
    connection: &mut DbConnection,
    workspace_ids: &[WorkspaceId],
) -> Result<Vec<(WorkspaceId, EventPosition)>> {
    let query = event_feeds::table
        .filter(event_feeds::workspace_id.eq_any(all_stored(workspace_ids)))
        .select((event_feeds::workspace_id, event_feeds::last_position));
    let found = on_backend!(connection, |conn| query.load::<(StoredUuid, i64)>(conn).await);
    let found = found.or_error("find the ends of feeds")?.into_iter();
    Ok(found.map(|(id, position)| (id.into(), EventPosition::from_stored(position))).collect())
}

/// Returns the events at these positions that are kept.
#[boxed]
pub async fn at(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    positions: &[EventPosition],
) -> Result<Vec<Event>> {
    let positions: Vec<_> = positions.iter().map(|position| position.as_i64()).collect();
    macro_rules! those {
        () => {
            events::table
                .filter(events::workspace_id.eq(stored(workspace_id)))
                .filter(events::position.eq_any(positions))
                .order(events::position.asc())
        };
    }
    let rows = load_rows!(connection, those!(), EventRow).or_error("find events")?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Returns whether all events after one happened after a moment.
pub fn is_surely_after(event: &Event, moment: Timestamp) -> bool {
    event.occurred_at > moment.plus(DISORDER)
}

/// Returns a position up to which all events happened before a moment: with a few look-ups, however long the feed is.
#[boxed]
pub async fn position_before(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    moment: Timestamp,
) -> Result<EventPosition> {
    let moment = StoredTime::from(moment.minus(DISORDER));
    let ends = ends_of(connection, workspace_id).await?;
    // Events up to `low` happened before the moment, as far as they are looked at; those after `high` did not.
    let (mut low, mut high) = (ends.removed_through, ends.last_position);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let event = events::table
            .filter(events::workspace_id.eq(stored(workspace_id)))
            .filter(events::position.eq(middle))
            .select(events::occurred_at);
        let found = on_backend!(connection, |conn| event.first::<StoredTime>(conn).await.optional());
        match found.or_error("find the time of an event")? {
            Some(time) if Timestamp::from(time) >= Timestamp::from(moment) => high = middle - 1,
            // One that is gone is old.
            Some(_) | None => low = middle,
        }
    }
    Ok(EventPosition::from_stored(low))
}
