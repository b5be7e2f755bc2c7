//! Deliveries of events to endpoints.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    DeliveryFilter, Origin, Result, Slice, Timestamp, WebhookDelivery, WebhookEndpoint, WebhookEndpointId,
    Window, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::endpoints::{lock, store};
use super::row::DeliveryRow;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::queries::dialect::insert_all;
use crate::queries::keyset::load_window;
use crate::schema::webhook_deliveries;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{audit_events, events};

/// How many deliveries are removed at a time.
const BATCH: i64 = 1_000;

/// Selects the deliveries to an endpoint.
macro_rules! of_endpoint {
    ($workspace_id:expr, $endpoint_id:expr) => {
        webhook_deliveries::table
            .filter(webhook_deliveries::workspace_id.eq(stored($workspace_id)))
            .filter(webhook_deliveries::endpoint_id.eq(stored($endpoint_id)))
    };
}

/// What a round of attempts has changed.
#[derive(Debug)]
pub struct Round<'round> {
    /// The endpoint before the round.
    pub before: &'round WebhookEndpoint,
    /// The endpoint after it.
    pub after: &'round WebhookEndpoint,
    /// The deliveries of events that were sent for the first time.
    pub new: &'round [WebhookDelivery],
    /// The deliveries of events that were sent again, with the times of their last change before.
    pub repeated: &'round [(Timestamp, WebhookDelivery)],
}

/// Stores what came of a round of attempts, in one transaction. Returns whether the endpoint is disabled by it. If the endpoint was
/// changed meanwhile, it begins anew, and only the deliveries count. A delivery that was asked for again meanwhile stays due.
#[boxed]
pub async fn store_round(connection: &mut DbConnection, origin: &Origin, round: &Round<'_>) -> Result<bool> {
    let Round { before, after, new, repeated } = round;
    in_transaction!(connection, {
        let Some(stored) = lock(connection, before.workspace_id, before.id).await? else { return Ok(false) };
        let mut changed = stored.clone();
        if stored.position == before.position {
            changed.position = after.position;
        }
        if stored.updated_at == before.updated_at {
            changed.failures = after.failures;
            changed.failing_since = after.failing_since;
            changed.paused_until = after.paused_until;
            changed.disabled = after.disabled;
            changed.disabled_reason.clone_from(&after.disabled_reason);
            changed.updated_at = after.updated_at;
        }
        if changed != stored {
            store(connection, &changed).await?;
            audit_events::updated(connection, origin, stored.workspace_id, &stored, &changed).await?;
        }
        let (mut new, mut repeated) = (new.to_vec(), repeated.to_vec());
        let again = repeated.iter_mut().map(|(_, delivery)| delivery);
        forget_erased(connection, before.workspace_id, new.iter_mut().chain(again).collect()).await?;
        insert(connection, &new).await?;
        for (last_changed, delivery) in &repeated {
            let row = DeliveryRow::from(delivery);
            let unchanged = of_endpoint!(delivery.workspace_id, delivery.endpoint_id)
                .filter(webhook_deliveries::event_id.eq(row.event_id))
                .filter(webhook_deliveries::updated_at.eq(StoredTime::from(*last_changed)));
            on_backend!(connection, |conn| diesel::update(unchanged).set(&row).execute(conn).await)
                .or_error("note an attempt of a delivery")?;
        }
        Ok(changed.disabled && !stored.disabled)
    })
}

/// Removes the answers to events that were erased while they were sent. The endpoint is locked.
async fn forget_erased(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    mut deliveries: Vec<&mut WebhookDelivery>,
) -> Result<()> {
    deliveries.retain(|delivery| delivery.attempts.iter().any(|attempt| !attempt.answer.is_empty()));
    if deliveries.is_empty() {
        return Ok(());
    }
    let positions: Vec<_> = deliveries.iter().map(|delivery| delivery.position).collect();
    let object_ids: Vec<_> = deliveries.iter().map(|delivery| delivery.object_id.as_str()).collect();
    let erased = events::erased(connection, workspace_id, &positions, &object_ids).await?;
    for delivery in deliveries.into_iter().filter(|delivery| erased.contains(&delivery.object_id)) {
        delivery.attempts.iter_mut().for_each(|attempt| attempt.answer.clear());
    }
    Ok(())
}

/// Inserts the deliveries that are not there yet.
pub(super) async fn insert(connection: &mut DbConnection, deliveries: &[WebhookDelivery]) -> Result<()> {
    let rows: Vec<_> = deliveries.iter().map(DeliveryRow::from).collect();
    let inserted = insert_all!(
        connection,
        webhook_deliveries,
        &rows,
        DeliveryRow {
            workspace_id,
            endpoint_id,
            event_id,
            position,
            kind,
            object_id,
            state,
            attempt_count,
            attempts,
            next_attempt_at,
            created_at,
            updated_at,
        }
    );
    inserted.or_error("insert deliveries")?;
    Ok(())
}

/// Returns the deliveries to an endpoint that are due by a time, the longest due first, and when the next one is due after
/// these.
#[boxed]
pub async fn due(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    endpoint_id: WebhookEndpointId,
    now: Timestamp,
    limit: u32,
) -> Result<(Vec<WebhookDelivery>, Option<Timestamp>)> {
    let query = of_endpoint!(workspace_id, endpoint_id)
        .filter(webhook_deliveries::next_attempt_at.is_not_null())
        .order((webhook_deliveries::next_attempt_at.asc(), webhook_deliveries::position.asc()))
        .limit(i64::from(limit) + 1);
    let rows = on_backend!(connection, |conn| query.load::<DeliveryRow>(conn).await);
    let mut due = Vec::new();
    for row in rows.or_error("look for deliveries that are due")? {
        let delivery = WebhookDelivery::try_from(row)?;
        let is_full = u32::try_from(due.len()).is_ok_and(|count| count >= limit);
        if is_full || delivery.next_attempt_at.is_some_and(|moment| moment > now) {
            return Ok((due, delivery.next_attempt_at));
        }
        due.push(delivery);
    }
    Ok((due, None))
}

/// Lists a page of an endpoint's deliveries by creation time.
#[boxed]
pub async fn list_deliveries(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    endpoint_id: WebhookEndpointId,
    filter: &DeliveryFilter,
    window: &Window,
) -> Result<Slice<WebhookDelivery>> {
    macro_rules! filtered {
        () => {{
            let DeliveryFilter { state, event_id } = filter;
            let mut query = of_endpoint!(workspace_id, endpoint_id).into_boxed();
            if let Some(state) = state {
                query = query.filter(webhook_deliveries::state.eq(state.to_string()));
            }
            if let Some(event_id) = event_id {
                query = query.filter(webhook_deliveries::event_id.eq(stored(*event_id)));
            }
            query
        }};
    }
    let rows = load_window!(
        connection,
        filtered!(),
        webhook_deliveries::created_at,
        webhook_deliveries::event_id,
        window,
        StoredTime,
        DeliveryRow
    );
    let rows = rows.or_error("list deliveries")?.into_iter();
    Ok(Slice::cut(rows.map(WebhookDelivery::try_from).collect::<Result<_>>()?, window))
}

/// Removes a batch of the deliveries to an endpoint that is gone. Returns whether more may be left.
#[boxed]
pub async fn remove_deliveries(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    endpoint_id: WebhookEndpointId,
) -> Result<bool> {
    let batch = of_endpoint!(workspace_id, endpoint_id).select(webhook_deliveries::event_id).limit(BATCH);
    let ids = on_backend!(connection, |conn| batch.load::<StoredUuid>(conn).await);
    let ids = ids.or_error("look for the deliveries to an endpoint that is gone")?;
    let is_full = i64::try_from(ids.len()).is_ok_and(|count| count == BATCH);
    let batch = of_endpoint!(workspace_id, endpoint_id).filter(webhook_deliveries::event_id.eq_any(ids));
    on_backend!(connection, |conn| diesel::delete(batch).execute(conn).await)
        .or_error("remove the deliveries to an endpoint that is gone")?;
    Ok(is_full)
}

/// Removes a batch of the deliveries of a workspace that is gone. Returns whether there were any.
pub(crate) async fn remove_some_of(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<bool> {
    let any = webhook_deliveries::table
        .filter(webhook_deliveries::workspace_id.eq(stored(workspace_id)))
        .select(webhook_deliveries::endpoint_id);
    let any = on_backend!(connection, |conn| any.first::<StoredUuid>(conn).await.optional());
    let Some(endpoint_id) = any.or_error("look for the deliveries of a workspace that is gone")? else {
        return Ok(false);
    };
    remove_deliveries(connection, workspace_id, endpoint_id.into()).await?;
    Ok(true)
}

/// Removes the oldest deliveries that were last tried before a time and are not tried again, up to a limit, and all that were
/// tried at the same time as the last one. Returns how many.
#[boxed]
pub async fn sweep(connection: &mut DbConnection, before: Timestamp, limit: u32) -> Result<usize> {
    let last = webhook_deliveries::table
        .filter(webhook_deliveries::next_attempt_at.is_null())
        .filter(webhook_deliveries::updated_at.lt(StoredTime::from(before)))
        .order(webhook_deliveries::updated_at.asc())
        .select(webhook_deliveries::updated_at)
        .offset(i64::from(limit.saturating_sub(1)));
    let last = on_backend!(connection, |conn| last.first::<StoredTime>(conn).await.optional());
    let last = last.or_error("look for old deliveries")?;
    let old = webhook_deliveries::table
        .filter(webhook_deliveries::next_attempt_at.is_null())
        .filter(webhook_deliveries::updated_at.lt(StoredTime::from(before)))
        .filter(webhook_deliveries::updated_at.le(last.unwrap_or(before.into())));
    on_backend!(connection, |conn| diesel::delete(old).execute(conn).await).or_error("remove old deliveries")
}
