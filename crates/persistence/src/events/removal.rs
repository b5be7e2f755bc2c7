//! Removes events: old ones, those of a deleted workspace, and the personal data of an object.

use std::collections::BTreeMap;

use async_recursion::async_recursion as boxed;
use denizen_domain::{EventPosition, Json, JsonObject, Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::queries::dialect::load_locked;
use crate::queries::locks::lock_feed;
use crate::schema::{event_feeds, event_outbox, events, webhook_deliveries, webhook_endpoints};
use crate::types::{StoredTime, StoredUuid, stored};

/// Removes the oldest events from before a time, up to about a limit. Returns how many. A feed always loses its beginning
/// as a whole: an event with a later time than one after it goes along with it.
#[boxed]
pub async fn sweep(connection: &mut DbConnection, before: Timestamp, limit: u32) -> Result<usize> {
    let old = events::table
        .filter(events::occurred_at.lt(StoredTime::from(before)))
        .order(events::occurred_at.asc())
        .select((events::workspace_id, events::position))
        .limit(i64::from(limit));
    let old = on_backend!(connection, |conn| old.load::<(StoredUuid, i64)>(conn).await);
    let mut ends: BTreeMap<Uuid, i64> = BTreeMap::new();
    for (workspace_id, position) in old.or_error("look for old events")? {
        let end = ends.entry(workspace_id.as_uuid()).or_default();
        *end = position.max(*end);
    }
    let mut removed = 0;
    for (workspace_id, end) in ends {
        removed += remove_through(connection, StoredUuid::from_uuid(workspace_id), end).await?;
    }
    Ok(removed)
}

/// Removes the beginning of a feed, up to a position.
async fn remove_through(connection: &mut DbConnection, workspace_id: StoredUuid, end: i64) -> Result<usize> {
    in_transaction!(connection, {
        lock_feed(connection, workspace_id).await?;
        let feed = event_feeds::table
            .filter(event_feeds::workspace_id.eq(workspace_id))
            .filter(event_feeds::removed_through.lt(end));
        let removed_through = event_feeds::removed_through.eq(end);
        on_backend!(connection, |conn| diesel::update(feed).set(removed_through).execute(conn).await)
            .or_error("note what a feed has lost")?;
        let old =
            events::table.filter(events::workspace_id.eq(workspace_id)).filter(events::position.le(end));
        on_backend!(connection, |conn| diesel::delete(old).execute(conn).await).or_error("remove old events")
    })
}

/// Removes what events tell of an object, but for its id. The events remain.
pub(crate) async fn erase(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    object_id: &str,
) -> Result<()> {
    let workspace_id = stored(workspace_id);
    // Meanwhile, none moves from the outbox into the feed.
    lock_feed(connection, workspace_id).await?;
    let id = remains_of(object_id);
    macro_rules! erase_in {
        ($table:ident) => {{
            let about = $table::table
                .filter($table::workspace_id.eq(workspace_id))
                .filter($table::object_id.eq(object_id));
            let nothing = ($table::data.eq(&id), $table::previous.eq("{}"));
            on_backend!(connection, |conn| diesel::update(about).set(nothing).execute(conn).await)
                .or_error("erase the values of events")?;
        }};
    }
    erase_in!(events);
    erase_in!(event_outbox);
    // What endpoints have answered to them, and nothing is added meanwhile: whoever adds to it locks the endpoint and then looks
    // for events that are erased.
    let endpoints = webhook_endpoints::table
        .filter(webhook_endpoints::workspace_id.eq(workspace_id))
        .order(webhook_endpoints::id.asc())
        .select(webhook_endpoints::id);
    load_locked!(connection, endpoints, StoredUuid).or_error("lock webhook endpoints")?;
    let about = webhook_deliveries::table
        .filter(webhook_deliveries::workspace_id.eq(workspace_id))
        .filter(webhook_deliveries::object_id.eq(object_id));
    let nothing = webhook_deliveries::attempts.eq("[]");
    on_backend!(connection, |conn| diesel::update(about).set(nothing).execute(conn).await)
        .or_error("erase the answers of endpoints")?;
    Ok(())
}

/// Returns what is left of an event's data once it is erased.
fn remains_of(object_id: &str) -> String {
    let id = JsonObject::from_iter([("id".to_owned(), Json::String(object_id.to_owned()))]);
    Json::Object(id).to_string()
}

/// Returns which of some objects have been erased from the events at some positions.
pub(crate) async fn erased(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    positions: &[EventPosition],
    object_ids: &[&str],
) -> Result<Vec<String>> {
    let positions: Vec<_> = positions.iter().map(|position| position.as_i64()).collect();
    let remains: Vec<_> = object_ids.iter().map(|object_id| remains_of(object_id)).collect();
    let query = events::table
        .filter(events::workspace_id.eq(stored(workspace_id)))
        .filter(events::position.eq_any(positions))
        .filter(events::data.eq_any(remains))
        .select(events::object_id);
    on_backend!(connection, |conn| query.load(conn).await).or_error("look for erased events")
}

/// Removes the feed of a workspace whose events are gone.
pub(crate) async fn remove_feed(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<()> {
    let feed = event_feeds::table.filter(event_feeds::workspace_id.eq(stored(workspace_id)));
    on_backend!(connection, |conn| diesel::delete(feed).execute(conn).await).or_error("remove a feed")?;
    Ok(())
}
