//! The audit log. Each function that changes an object records the change here, in the same transaction, and with it the
//! event by which others are told.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Actor, AuditAction, AuditEvent, AuditEventFilter, AuditEventId, Conflict, Error, FieldChanges, Json,
    JsonObject, ObjectKind, Origin, Recorded, Result, Slice, Timestamp, Verb, Window, WorkspaceId, fold,
    previous_values,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::connection::{DbConnection, OrError as _, broken_row, on_backend};
use crate::events::{self, OutboxRow};
use crate::memory::Mark;
use crate::queries::dialect::insert_all;
use crate::queries::keyset::load_window;
use crate::schema::{audit_events, event_outbox};
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
    operator: Option<String>,
}

impl AuditEventRow {
    fn new(event: AuditEvent) -> Self {
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
            operator,
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
            operator,
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
            operator,
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
            operator,
        })
    }
}

/// A change that is not recorded yet.
#[derive(Debug)]
pub(crate) struct Change {
    /// Its entry in the log.
    pub(crate) entry: AuditEvent,
    /// The object after the change, or as it last was.
    data: JsonObject,
    /// The values that the change replaced.
    previous: JsonObject,
}

/// The rows of a change.
pub(crate) struct ChangeRows {
    /// Its row in the log.
    pub(crate) entry: AuditEventRow,
    /// Its row in the outbox, if others are told of it.
    pub(crate) event: Option<OutboxRow>,
}

impl Change {
    /// Returns the rows for the connection's transaction to store. Marks what has changed: no row can be made without.
    pub(crate) fn into_rows(self, connection: &mut DbConnection) -> ChangeRows {
        let Self { entry, data, previous } = self;
        connection.mark(marks_of(&entry));
        let event = OutboxRow::of(&entry, data, previous);
        ChangeRows { entry: AuditEventRow::new(entry), event }
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
    insert(connection, change_between(origin, workspace_id.into(), Verb::Create, None, Some(made))).await
}

/// Records the changes to an object, if any.
pub(crate) async fn updated<T: Recorded>(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: impl Into<Option<WorkspaceId>>,
    before: &T,
    after: &T,
) -> Result<()> {
    match update_between(origin, workspace_id.into(), before, after) {
        Some(change) => insert(connection, change).await,
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
    insert(connection, change_between(origin, workspace_id.into(), Verb::Delete, Some(gone), None)).await
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
    insert(connection, change_between(origin, workspace_id.into(), verb, before, after)).await
}

/// Records that an object's personal data was erased.
pub(crate) async fn erased<T: Recorded>(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    object_id: String,
) -> Result<()> {
    let mut change = change_between::<T>(origin, Some(workspace_id), Verb::Erase, None, None);
    change.data.insert("id".to_owned(), Json::String(object_id.clone()));
    change.entry.object_id = object_id;
    insert(connection, change).await
}

/// Describes the changes to an object, if any. Does not record them.
pub(crate) fn update_between<T: Recorded>(
    origin: &Origin,
    workspace_id: Option<WorkspaceId>,
    before: &T,
    after: &T,
) -> Option<Change> {
    let change = change_between(origin, workspace_id, Verb::Update, Some(before), Some(after));
    Some(change).filter(|change| !change.entry.changes.is_empty())
}

/// Describes a change from one state to another. Does not record it.
pub(crate) fn change_between<T: Recorded>(
    origin: &Origin,
    workspace_id: Option<WorkspaceId>,
    verb: Verb,
    before: Option<&T>,
    after: Option<&T>,
) -> Change {
    let now = origin.source.clock.now();
    let record = |thing: Option<&T>| thing.map(|thing| thing.record(now)).unwrap_or_default();
    let (old, new) = (record(before), record(after));
    let shown = after.or(before);
    let entry = AuditEvent {
        id: AuditEventId::from_uuid(origin.source.ids.ordered_uuid(now)),
        workspace_id,
        occurred_at: now,
        actor: origin.actor,
        acting_for: origin.acting_for,
        verb,
        object: T::KIND,
        object_id: shown.map(T::object_id).unwrap_or_default(),
        changes: FieldChanges::between(&old, &new),
        request_id: origin.request_id.clone(),
        address: origin.address,
        operator: origin.operator.clone(),
    };
    let is_update = before.is_some() && after.is_some();
    let previous = if is_update { previous_values(&old, &new) } else { JsonObject::new() };
    let mut data = shown.map(T::identity).unwrap_or_default();
    data.extend(if after.is_some() { new } else { old });
    Change { entry, data, previous }
}

/// Records a change.
pub(crate) async fn insert(connection: &mut DbConnection, change: Change) -> Result<()> {
    let ChangeRows { entry, event } = change.into_rows(connection);
    // A failure here rolls back the change: no change goes unrecorded.
    on_backend!(connection, |conn| (&entry).insert_into(audit_events::table).execute(conn).await)
        .or_error("note what has changed")?;
    if let Some(event) = event {
        on_backend!(connection, |conn| (&event).insert_into(event_outbox::table).execute(conn).await)
            .or_error("note what others are told")?;
    }
    Ok(())
}

/// Records several changes.
pub(crate) async fn insert_all(connection: &mut DbConnection, changes: Vec<Change>) -> Result<()> {
    let (mut entries, mut events) = (Vec::with_capacity(changes.len()), Vec::with_capacity(changes.len()));
    for change in changes {
        let ChangeRows { entry, event } = change.into_rows(connection);
        entries.push(entry);
        events.extend(event);
    }
    let count = entries.len() + events.len();
    let noted = insert_all!(
        connection,
        audit_events,
        &entries,
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
            operator,
        }
    );
    let noted = noted.or_error("note what has changed")?;
    let told = insert_all!(
        connection,
        event_outbox,
        &events,
        OutboxRow {
            workspace_id,
            id,
            occurred_at,
            kind,
            object_id,
            data,
            previous,
            actor,
            acting_for,
            request_id,
        }
    );
    let told = told.or_error("note what others are told")?;
    // See `insert`.
    if noted + told == count { Ok(()) } else { Err(Error::Conflict(Conflict::ConcurrentChange)) }
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

/// Removes the recorded values of an object, and what events tell of it. The entries and the events remain.
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
    events::erase(connection, workspace_id, object_id).await
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
