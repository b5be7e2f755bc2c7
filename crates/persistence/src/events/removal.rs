//! Removes events: old ones, those of a deleted workspace, and the personal data of an object.

use std::collections::BTreeMap;

use async_recursion::async_recursion as boxed;
use denizen_domain::{Json, JsonObject, Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::positions::lock_feed;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::schema::{event_feeds, event_outbox, events};
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
    let id = JsonObject::from_iter([("id".to_owned(), Json::String(object_id.to_owned()))]);
    let id = Json::Object(id).to_string();
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
    Ok(())
}

/// Removes the feed of a workspace whose events are gone.
pub(crate) async fn remove_feed(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<()> {
    let feed = event_feeds::table.filter(event_feeds::workspace_id.eq(stored(workspace_id)));
    on_backend!(connection, |conn| diesel::delete(feed).execute(conn).await).or_error("remove a feed")?;
    Ok(())
}
