//! Events that have no position yet.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AuditEvent, EventId, EventType, ExternalUser, Json, JsonObject, Origin, Recorded as _, Result,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::memory::Mark;
use crate::schema::event_outbox;
use crate::types::{StoredTime, StoredUuid, stored};

/// The row of an event in the outbox. The database numbers it.
#[derive(Insertable)]
#[diesel(table_name = event_outbox, treat_none_as_default_value = false)]
pub(crate) struct OutboxRow {
    pub(crate) workspace_id: StoredUuid,
    pub(crate) id: StoredUuid,
    pub(crate) occurred_at: StoredTime,
    pub(crate) kind: String,
    pub(crate) object_id: String,
    pub(crate) data: String,
    pub(crate) previous: String,
    pub(crate) actor: String,
    pub(crate) acting_for: Option<StoredUuid>,
    pub(crate) request_id: Option<String>,
}

impl OutboxRow {
    /// Returns the row of the event for a change, if others are told of it: those of no workspace are not.
    pub(crate) fn of(change: &AuditEvent, data: JsonObject, previous: JsonObject) -> Option<Self> {
        let kind = EventType::of(change.object, change.verb, &change.changes)?;
        Some(Self {
            workspace_id: stored(change.workspace_id?),
            id: stored(change.id),
            occurred_at: change.occurred_at.into(),
            kind: kind.to_string(),
            object_id: change.object_id.clone(),
            data: Json::Object(data).to_string(),
            previous: Json::Object(previous).to_string(),
            actor: change.actor.to_string(),
            acting_for: change.acting_for.map(Into::into),
            request_id: change.request_id.clone(),
        })
    }
}

/// Tells others that an external user was authenticated, which the audit log does not record.
#[boxed]
pub async fn tell_of_authentication(
    connection: &mut DbConnection,
    origin: &Origin,
    user: &ExternalUser,
) -> Result<()> {
    let now = origin.source.clock.now();
    let mut data = user.identity();
    data.extend(user.record(now));
    let row = OutboxRow {
        workspace_id: stored(user.workspace_id),
        id: stored(EventId::from_uuid(origin.source.ids.ordered_uuid(now))),
        occurred_at: now.into(),
        kind: EventType::AUTHENTICATION.to_string(),
        object_id: user.object_id(),
        data: Json::Object(data).to_string(),
        previous: "{}".to_owned(),
        actor: origin.actor.to_string(),
        acting_for: origin.acting_for.map(Into::into),
        request_id: origin.request_id.clone(),
    };
    in_transaction!(connection, {
        // Nothing depends on it: it wakes those who follow the feed.
        connection.mark([Mark::of("authentication")]);
        on_backend!(connection, |conn| (&row).insert_into(event_outbox::table).execute(conn).await)
            .or_error("tell of an authentication")?;
        Ok(())
    })
}
