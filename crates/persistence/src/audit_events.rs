//! The audit log. Each function that changes an object records the change here, in the same transaction.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Actor, AuditAction, AuditEvent, AuditEventFilter, AuditEventId, Conflict, Error, FieldChanges,
    ObjectKind, Origin, Recorded, Result, Slice, Timestamp, Verb, Window, WorkspaceId, fold,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::connection::{DbConnection, OrError as _, broken_row, on_backend};
use crate::memory::Mark;
use crate::queries::dialect::insert_all;
use crate::queries::keyset::load_window;
use crate::schema::audit_events;
use crate::types::{StoredTime, StoredUuid, stored};

/// The row of an event.
#[derive(Queryable, Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
pub(crate) struct AuditEventRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    occurred_at: StoredTime,
    actor: String,
    acting_for: Option<StoredUuid>,
    action: String,
    object_id: String,
    changes: String,
    request_id: Option<String>,
    address: Option<String>,
}

impl AuditEventRow {
    /// Returns the row of an event for the connection's transaction to store. Marks what the event has changed: no row can
    /// be made without.
    pub(crate) fn new(connection: &mut DbConnection, event: AuditEvent) -> Self {
        connection.mark(marks_of(&event));
        let action = event.action().to_string();
        let AuditEvent {
            id,
            workspace_id,
            occurred_at,
            actor,
            acting_for,
            verb: _,
            object: _,
            object_id,
            changes,
            request_id,
            address,
        } = event;
        Self {
            workspace_id: stored_workspace(workspace_id),
            id: stored(id),
            occurred_at: occurred_at.into(),
            actor: actor.to_string(),
            acting_for: acting_for.map(Into::into),
            action,
            object_id,
            changes: changes.to_stored(),
            request_id,
            address: address.map(|address| address.to_string()),
        }
    }
}

impl TryFrom<AuditEventRow> for AuditEvent {
    type Error = Error;

    fn try_from(row: AuditEventRow) -> Result<Self> {
        let AuditEventRow {
            workspace_id,
            id,
            occurred_at,
            actor,
            acting_for,
            action,
            object_id,
            changes,
            request_id,
            address,
        } = row;
        let broken = |column, problem: String| broken_row("audit_events", column, id, problem);
        let actor: Actor = actor.parse().map_err(|problem| broken("actor", format!("{problem:?}")))?;
        let AuditAction { object, verb } =
            action.parse().map_err(|problem| broken("action", format!("{problem:?}")))?;
        let changes =
            FieldChanges::from_stored(&changes).map_err(|problem| broken("changes", problem.to_string()))?;
        let address = address.map(|address| address.parse()).transpose();
        let address =
            address.map_err(|problem: std::net::AddrParseError| broken("address", problem.to_string()))?;
        Ok(Self {
            id: id.into(),
            workspace_id: Some(workspace_id).filter(|id| *id != SERVER).map(Into::into),
            occurred_at: occurred_at.into(),
            actor,
            acting_for: acting_for.map(Into::into),
            verb,
            object,
            object_id,
            changes,
            request_id,
            address,
        })
    }
}

/// The workspace id of the server's own log, for objects outside workspaces.
const SERVER: StoredUuid = StoredUuid::from_uuid(Uuid::nil());

fn stored_workspace(workspace_id: Option<WorkspaceId>) -> StoredUuid {
    workspace_id.map_or(SERVER, Into::into)
}

/// Records the creation of an object.
pub(crate) async fn created<T: Recorded>(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: impl Into<Option<WorkspaceId>>,
    made: &T,
) -> Result<()> {
    insert(connection, event(origin, workspace_id.into(), Verb::Create, None, Some(made))).await
}

/// Records the changes to an object, if any.
pub(crate) async fn updated<T: Recorded>(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: impl Into<Option<WorkspaceId>>,
    before: &T,
    after: &T,
) -> Result<()> {
    match change(origin, workspace_id.into(), before, after) {
        Some(event) => insert(connection, event).await,
        None => Ok(()),
    }
}

/// Records the deletion or removal of an object.
pub(crate) async fn deleted<T: Recorded>(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: impl Into<Option<WorkspaceId>>,
    gone: &T,
) -> Result<()> {
    insert(connection, event(origin, workspace_id.into(), Verb::Delete, Some(gone), None)).await
}

/// Records another action on an object.
pub(crate) async fn done<T: Recorded>(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: impl Into<Option<WorkspaceId>>,
    verb: Verb,
    before: Option<&T>,
    after: Option<&T>,
) -> Result<()> {
    insert(connection, event(origin, workspace_id.into(), verb, before, after)).await
}

/// Records that an object's personal data was erased.
pub(crate) async fn erased<T: Recorded>(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    object_id: String,
) -> Result<()> {
    let event = event::<T>(origin, Some(workspace_id), Verb::Erase, None, None);
    insert(connection, AuditEvent { object_id, ..event }).await
}

/// Creates an event for the changes to an object, if any. Does not store it.
pub(crate) fn change<T: Recorded>(
    origin: &Origin,
    workspace_id: Option<WorkspaceId>,
    before: &T,
    after: &T,
) -> Option<AuditEvent> {
    let event = event(origin, workspace_id, Verb::Update, Some(before), Some(after));
    Some(event).filter(|event| !event.changes.is_empty())
}

/// Creates an event for a change from one state to another. Does not store it.
pub(crate) fn event<T: Recorded>(
    origin: &Origin,
    workspace_id: Option<WorkspaceId>,
    verb: Verb,
    before: Option<&T>,
    after: Option<&T>,
) -> AuditEvent {
    let now = origin.source.clock.now();
    let record = |thing: Option<&T>| thing.map(|thing| thing.record(now)).unwrap_or_default();
    AuditEvent {
        id: AuditEventId::from_uuid(origin.source.ids.ordered_uuid(now)),
        workspace_id,
        occurred_at: now,
        actor: origin.actor,
        acting_for: origin.acting_for,
        verb,
        object: T::KIND,
        object_id: after.or(before).map(T::object_id).unwrap_or_default(),
        changes: FieldChanges::between(&record(before), &record(after)),
        request_id: origin.request_id.clone(),
        address: origin.address,
    }
}

/// Stores an event.
pub(crate) async fn insert(connection: &mut DbConnection, event: AuditEvent) -> Result<()> {
    let row = AuditEventRow::new(connection, event);
    // A failure here rolls back the change: no change goes unrecorded.
    on_backend!(connection, |conn| (&row).insert_into(audit_events::table).execute(conn).await)
        .or_error("note what has changed")?;
    Ok(())
}

/// Stores several events.
pub(crate) async fn insert_all(connection: &mut DbConnection, events: Vec<AuditEvent>) -> Result<()> {
    let rows: Vec<_> = events.into_iter().map(|event| AuditEventRow::new(connection, event)).collect();
    let count = rows.len();
    let noted = insert_all!(
        connection,
        audit_events,
        &rows,
        AuditEventRow {
            workspace_id,
            id,
            occurred_at,
            actor,
            acting_for,
            action,
            object_id,
            changes,
            request_id,
            address,
        }
    );
    let noted = noted.or_error("note what has changed")?;
    // See `insert`.
    if noted == count { Ok(()) } else { Err(Error::Conflict(Conflict::ConcurrentChange)) }
}

/// Returns the marks of what an event has changed: the object, the names by which external users are found, and lists of
/// them.
fn marks_of(event: &AuditEvent) -> Vec<Mark> {
    let mut marks = vec![mark_of_object(&event.object_id)];
    if let Some(workspace_id) = event.workspace_id {
        marks.push(match (event.object, event.verb) {
            (ObjectKind::ExternalUser, Verb::Create | Verb::Update) => mark_of_written_users(workspace_id),
            _ => mark_of_removed_users(workspace_id),
        });
    }
    if let (ObjectKind::ExternalUser, Some(workspace_id)) = (event.object, event.workspace_id) {
        let names = ["externalId", "identifier"].into_iter().flat_map(|field| event.changes.texts_of(field));
        marks.extend(names.map(|name| mark_of_name(workspace_id, name)));
    }
    marks
}

/// Returns the mark of an object.
pub(crate) fn mark_of_object(id: &str) -> Mark {
    Mark::of(id)
}

/// Returns the mark of a name of external users. It is the same for all names that may be taken for one another.
pub(crate) fn mark_of_name(workspace_id: WorkspaceId, name: &str) -> Mark {
    Mark::of((workspace_id, fold(name.trim())))
}

/// Returns the mark of external users of a workspace that are created or updated.
pub(crate) fn mark_of_written_users(workspace_id: WorkspaceId) -> Mark {
    Mark::of((workspace_id, "written external users"))
}

/// Returns the mark of external users of a workspace that are removed or restored, and of anything else that may change who
/// is in a list.
pub(crate) fn mark_of_removed_users(workspace_id: WorkspaceId) -> Mark {
    Mark::of((workspace_id, "removed external users"))
}

macro_rules! filtered {
    ($workspace_id:expr, $filter:expr) => {{
        let filter: &AuditEventFilter = $filter;
        let mut query = audit_events::table
            .filter(audit_events::workspace_id.eq(stored_workspace($workspace_id)))
            .into_boxed();
        if let Some(id) = &filter.object_id {
            query = query.filter(audit_events::object_id.eq(id.clone()));
        }
        if let Some(actor) = filter.actor {
            query = query.filter(audit_events::actor.eq(actor.to_string()));
        }
        if let Some(action) = filter.action {
            query = query.filter(audit_events::action.eq(action.to_string()));
        }
        if let Some(moment) = filter.after {
            query = query.filter(audit_events::occurred_at.gt(StoredTime::from(moment)));
        }
        if let Some(moment) = filter.before {
            query = query.filter(audit_events::occurred_at.lt(StoredTime::from(moment)));
        }
        query
    }};
}

/// Lists a page of a workspace's log, or of the server's, by time. Each condition alone has an index that also gives
/// the order.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: Option<WorkspaceId>,
    filter: &AuditEventFilter,
    window: &Window,
) -> Result<Slice<AuditEvent>> {
    let rows = load_window!(
        connection,
        filtered!(workspace_id, filter),
        audit_events::occurred_at,
        audit_events::id,
        window,
        StoredTime,
        AuditEventRow
    );
    let events = rows.or_error("list audit events")?.into_iter().map(AuditEvent::try_from);
    Ok(Slice::cut(events.collect::<Result<_>>()?, window))
}

/// Removes the recorded values of an object. The events remain.
pub(crate) async fn erase_values(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    object_id: &str,
) -> Result<()> {
    let about = audit_events::table
        .filter(audit_events::workspace_id.eq(stored(workspace_id)))
        .filter(audit_events::object_id.eq(object_id));
    on_backend!(connection, |conn| diesel::update(about)
        .set(audit_events::changes.eq("{}"))
        .execute(conn)
        .await)
    .or_error("erase the values of audit events")?;
    Ok(())
}

/// Deletes the oldest events from before a time, up to a limit, and all at the same time as the last one. Returns how
/// many. Compares times only, because events of one moment may belong to a thousand workspaces.
#[boxed]
pub async fn sweep(connection: &mut DbConnection, before: Timestamp, limit: u32) -> Result<usize> {
    let last = audit_events::table
        .filter(audit_events::occurred_at.lt(StoredTime::from(before)))
        .order(audit_events::occurred_at.asc())
        .select(audit_events::occurred_at)
        .offset(i64::from(limit.saturating_sub(1)))
        .limit(1);
    let last = on_backend!(connection, |conn| last.first::<StoredTime>(conn).await.optional());
    let last = last.or_error("look for old audit events")?;
    let end = last.unwrap_or_else(|| before.minus(Duration::from_micros(1)).into());
    let old = audit_events::table.filter(audit_events::occurred_at.le(end));
    on_backend!(connection, |conn| diesel::delete(old).execute(conn).await)
        .or_error("remove old audit events")
}
