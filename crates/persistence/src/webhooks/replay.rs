//! Sends events of the past again.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, DeliveryState, Error, Event, EventFilter, EventId, EventPosition, Job, JobId, JobKind, Json,
    JsonObject, NewJob, Origin, Result, Timestamp, WebhookDelivery, WebhookEndpoint, WebhookEndpointId,
    WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::deliveries::insert;
use super::endpoints::{call_job, lock};
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::events::{self, EventPage, Start};
use crate::jobs;
use crate::schema::webhook_deliveries;
use crate::types::{StoredTime, StoredUuid, all_stored, stored};

/// How many events one batch makes due.
const BATCH: u32 = 500;

/// Which events to send again: those that happened in this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayRange {
    /// From this moment on.
    pub since: Timestamp,
    /// Up to this moment.
    pub until: Timestamp,
}

impl ReplayRange {
    const SINCE: &str = "since";
    const UNTIL: &str = "until";

    /// Reads what [`begin_replay`] has stored with the job.
    pub fn of(job: &Job) -> Option<Self> {
        let Json::Object(payload) = &job.payload else { return None };
        let moment = |name: &str| match payload.get(name) {
            Some(Json::String(text)) => text.parse().ok(),
            _ => None,
        };
        Some(Self { since: moment(Self::SINCE)?, until: moment(Self::UNTIL)? })
    }

    fn payload(self) -> Json {
        let text = |moment: Timestamp| Json::String(moment.to_string());
        Json::Object(JsonObject::from_iter([
            (Self::SINCE.to_owned(), text(self.since)),
            (Self::UNTIL.to_owned(), text(self.until)),
        ]))
    }
}

fn require_enabled(endpoint: &WebhookEndpoint) -> Result<()> {
    if endpoint.disabled { Err(Error::Conflict(Conflict::EndpointDisabled)) } else { Ok(()) }
}

/// Makes the deliveries of these events due now, as if they had never been tried. `None` if the workspace has no such endpoint;
/// otherwise the events that were never sent to it: then nothing is changed unless there are none.
#[boxed]
pub async fn replay_events(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    endpoint_id: WebhookEndpointId,
    event_ids: &[EventId],
) -> Result<Option<Vec<EventId>>> {
    in_transaction!(connection, {
        let Some(endpoint) = lock(connection, workspace_id, endpoint_id).await? else { return Ok(None) };
        require_enabled(&endpoint)?;
        let known = webhook_deliveries::table
            .filter(webhook_deliveries::workspace_id.eq(stored(workspace_id)))
            .filter(webhook_deliveries::endpoint_id.eq(stored(endpoint_id)))
            .filter(webhook_deliveries::event_id.eq_any(all_stored(event_ids)))
            .select(webhook_deliveries::event_id);
        let known = on_backend!(connection, |conn| known.load::<StoredUuid>(conn).await);
        let known = known.or_error("look for deliveries")?;
        let unknown: Vec<_> = event_ids.iter().copied().filter(|id| !known.contains(&stored(*id))).collect();
        if unknown.is_empty() {
            let now = origin.source.clock.now();
            make_due(connection, &endpoint, event_ids, now).await?;
            call_job(connection, &endpoint, now).await?;
        }
        Ok(Some(unknown))
    })
}

async fn make_due(
    connection: &mut DbConnection,
    endpoint: &WebhookEndpoint,
    event_ids: &[EventId],
    now: Timestamp,
) -> Result<()> {
    let those = webhook_deliveries::table
        .filter(webhook_deliveries::workspace_id.eq(stored(endpoint.workspace_id)))
        .filter(webhook_deliveries::endpoint_id.eq(stored(endpoint.id)))
        .filter(webhook_deliveries::event_id.eq_any(all_stored(event_ids)));
    let due = (
        webhook_deliveries::state.eq(DeliveryState::Pending.to_string()),
        webhook_deliveries::attempt_count.eq(0),
        webhook_deliveries::next_attempt_at.eq(Some(StoredTime::from(now))),
        webhook_deliveries::updated_at.eq(StoredTime::from(now)),
    );
    on_backend!(connection, |conn| diesel::update(those).set(due).execute(conn).await)
        .or_error("make deliveries due")?;
    Ok(())
}

/// Begins a job that sends the events of some time to an endpoint again, those that it gets by its filters. `None` if the
/// workspace has no such endpoint. Fails with [`Conflict::EndpointDisabled`] and [`Conflict::ReplayUnderWay`].
#[boxed]
pub async fn begin_replay(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    endpoint_id: WebhookEndpointId,
    range: ReplayRange,
) -> Result<Option<JobId>> {
    in_transaction!(connection, {
        let Some(endpoint) = lock(connection, workspace_id, endpoint_id).await? else { return Ok(None) };
        require_enabled(&endpoint)?;
        let (kind, object_id) = (JobKind::WebhookReplay, endpoint_id.to_string());
        if jobs::has_unfinished(connection, workspace_id, kind, object_id.clone()).await? {
            return Err(Error::Conflict(Conflict::ReplayUnderWay));
        }
        let now = origin.source.clock.now();
        let job = NewJob {
            id: JobId::from_uuid(origin.source.ids.ordered_uuid(now)),
            workspace_id,
            lane: endpoint_id.as_uuid(),
            kind,
            object_id,
            payload: range.payload(),
        };
        jobs::enqueue(connection, &job, now).await?;
        Ok(Some(job.id))
    })
}

/// Makes a batch of the events of some time due for an endpoint, after a position or from the first one on. Returns how many,
/// and the position after which to go on; `None` if none is left. Leaves out those that it gets anyway.
#[boxed]
pub async fn replay_some(
    connection: &mut DbConnection,
    (workspace_id, endpoint_id): (WorkspaceId, WebhookEndpointId),
    range: ReplayRange,
    after: Option<EventPosition>,
    now: Timestamp,
) -> Result<(u64, Option<EventPosition>)> {
    in_transaction!(connection, {
        let Some(endpoint) = lock(connection, workspace_id, endpoint_id).await? else { return Ok((0, None)) };
        let after = match after {
            Some(position) => position,
            None => events::position_before(connection, workspace_id, range.since).await?,
        };
        let filter = EventFilter { types: endpoint.filter.event_types(), object_id: None };
        let page = match events::list(connection, workspace_id, Start::After(after), &filter, BATCH).await {
            Err(Error::PositionGone { .. }) => {
                events::list(connection, workspace_id, Start::Oldest, &filter, BATCH).await?
            }
            page => page?,
        };
        let EventPage { events, position, has_more } = page;
        let is_over = position >= endpoint.position
            || events.last().is_some_and(|last| events::is_surely_after(last, range.until));
        let is_in_time = |event: &Event| range.since <= event.occurred_at && event.occurred_at <= range.until;
        let events = events.into_iter().filter(|event| {
            is_in_time(event) && event.position <= endpoint.position && endpoint.filter.admits(event)
        });
        let events: Vec<_> = events.collect();
        let deliveries: Vec<_> =
            events.iter().map(|event| WebhookDelivery::due(endpoint.id, event, now)).collect();
        insert(connection, &deliveries).await?;
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        make_due(connection, &endpoint, &ids, now).await?;
        call_job(connection, &endpoint, now).await?;
        let count = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        Ok((count, Some(position).filter(|_| has_more && !is_over)))
    })
}
