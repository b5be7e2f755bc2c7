//! The job of an endpoint: sends it the events that it has not got yet, and those again that failed.

use std::time::Duration;

use denizen_domain::{
    DeliveryAttempt, Error, Event, EventFilter, EventPosition, Job, Origin, Result, Timestamp,
    WebhookDelivery, WebhookEndpoint, WebhookEndpointId,
};
use denizen_persistence::events::{self, EventPage, Start};
use denizen_persistence::jobs::Ending;
use denizen_persistence::webhooks::{self, Round};
use futures_util::{StreamExt as _, stream};
use indexmap::IndexMap;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Attempted, Webhooks, body};

/// How long the job goes on before it lets others have a turn.
const TURN: Duration = Duration::from_secs(5);

/// How many events are sent before their outcome is stored. If the server stops, so many are sent again.
const ROUND: u32 = 64;

/// How many connections an endpoint has at most.
const CONNECTIONS: usize = 8;

/// How long an endpoint waits whose workspace is not active.
const INACTIVE: Duration = Duration::from_mins(1);

/// An event on its way, with its delivery.
struct Sending {
    delivery: WebhookDelivery,
    /// `None` if the feed no longer has it.
    event: Option<Event>,
    is_new: bool,
}

/// What there is to do for an endpoint.
struct Work {
    sendings: Vec<Sending>,
    /// The position in the feed up to which events are sent or left out.
    position: EventPosition,
    /// Whether the feed has more after it.
    has_more: bool,
    /// When the next delivery is due that is not among these.
    next_due_at: Option<Timestamp>,
}

/// Returns the endpoint that a job is about.
pub(super) fn endpoint_of(job: &Job) -> WebhookEndpointId {
    WebhookEndpointId::from_uuid(job.lane)
}

impl Webhooks {
    /// Sends what is due to an endpoint, for some seconds at most.
    pub(crate) async fn deliver(&self, job: &Job, is_open: watch::Receiver<bool>) -> Result<Ending> {
        let end = Instant::now() + TURN;
        let may_go_on = || Instant::now() < end && *is_open.borrow();
        loop {
            let now = self.source.clock.now();
            let found = {
                let connection = &mut self.database.read_by_key().await?;
                webhooks::find_for_delivery(connection, job.workspace_id, endpoint_of(job)).await?
            };
            let Some((endpoint, is_active)) = found else { return self.clear(job).await };
            if endpoint.disabled {
                return Ok(Ending::Succeeded);
            }
            if !is_active {
                return Ok(Ending::GoesOn(now.plus(INACTIVE)));
            }
            if let Some(moment) = endpoint.paused_until.filter(|moment| *moment > now) {
                return Ok(Ending::GoesOn(moment));
            }
            let work = self.find_work(&endpoint, now).await?;
            let is_idle = work.sendings.is_empty() && !work.has_more;
            let (position, until) = (work.position, work.next_due_at);
            self.do_round(&endpoint, work, &may_go_on).await?;
            if is_idle {
                return Ok(Ending::WaitsForEvents { after: position, until });
            }
            if !may_go_on() {
                return Ok(Ending::GoesOn(self.source.clock.now()));
            }
        }
    }

    /// Removes the deliveries to an endpoint that is gone.
    async fn clear(&self, job: &Job) -> Result<Ending> {
        let connection = &mut self.database.write().await?;
        let has_more = webhooks::remove_deliveries(connection, job.workspace_id, endpoint_of(job)).await?;
        let now = self.source.clock.now();
        Ok(if has_more { Ending::GoesOn(now) } else { Ending::Succeeded })
    }

    /// Reads the deliveries that are due, and then new events.
    async fn find_work(&self, endpoint: &WebhookEndpoint, now: Timestamp) -> Result<Work> {
        let WebhookEndpoint { id, workspace_id, ref filter, .. } = *endpoint;
        let connection = &mut self.database.read().await?;
        let size = endpoint.round_size(ROUND);
        let (due, next_due_at) = webhooks::due(connection, workspace_id, id, now, size).await?;
        let positions: Vec<_> = due.iter().map(|delivery| delivery.position).collect();
        let mut found = IndexMap::new();
        if !positions.is_empty() {
            let events = events::at(connection, workspace_id, &positions).await?;
            found.extend(events.into_iter().map(|event| (event.position.as_i64(), event)));
        }
        let mut sendings: Vec<_> = due
            .into_iter()
            .map(|delivery| {
                let event = found.swap_remove(&delivery.position.as_i64());
                Sending { delivery, event, is_new: false }
            })
            .collect();
        let room = size.saturating_sub(u32::try_from(sendings.len()).unwrap_or(u32::MAX));
        if room == 0 {
            return Ok(Work { sendings, position: endpoint.position, has_more: true, next_due_at });
        }
        let event_filter = EventFilter { types: filter.event_types(), object_id: None };
        let start = Start::After(endpoint.position);
        let page = match events::list(connection, workspace_id, start, &event_filter, room).await {
            // Events that were removed before they could be sent are lost to the endpoint.
            Err(Error::PositionGone { .. }) => {
                tracing::warn!(endpoint = %id, "a webhook endpoint has missed events that are no longer kept");
                events::list(connection, workspace_id, Start::Oldest, &event_filter, room).await?
            }
            page => page?,
        };
        let EventPage { events, position, has_more } = page;
        sendings.extend(events.into_iter().filter(|event| filter.admits(event)).map(|event| Sending {
            delivery: WebhookDelivery::due(id, &event, now),
            event: Some(event),
            is_new: true,
        }));
        Ok(Work { sendings, position, has_more, next_due_at })
    }

    /// Sends events and stores what came of it. What is not begun in time is due again at once.
    async fn do_round(
        &self,
        endpoint: &WebhookEndpoint,
        work: Work,
        may_go_on: &(impl Fn() -> bool + Sync),
    ) -> Result<()> {
        let Work { sendings, position, .. } = work;
        // Events about one object are sent one after the other, so that they arrive in order as long as all goes well.
        let mut by_object: IndexMap<String, Vec<Sending>> = IndexMap::new();
        for sending in sendings {
            by_object.entry(sending.delivery.object_id.clone()).or_default().push(sending);
        }
        let objects = by_object.into_values().map(|sendings| async move {
            let mut done = Vec::with_capacity(sendings.len());
            for sending in sendings {
                let attempted = if may_go_on() { self.send(endpoint, &sending).await } else { None };
                done.push((sending, attempted));
            }
            done
        });
        let done: Vec<_> = stream::iter(objects).buffer_unordered(CONNECTIONS).concat().await;
        self.store(endpoint, done, position).await
    }

    async fn send(&self, endpoint: &WebhookEndpoint, sending: &Sending) -> Option<Attempted> {
        let event = sending.event.as_ref()?;
        let body = body::body_of(event, self.public_url.as_deref());
        Some(self.attempt(endpoint, &event.id.to_string(), body).await)
    }

    async fn store(
        &self,
        before: &WebhookEndpoint,
        done: Vec<(Sending, Option<Attempted>)>,
        position: EventPosition,
    ) -> Result<()> {
        let now = self.source.clock.now();
        let (mut new, mut repeated) = (Vec::new(), Vec::new());
        let (mut attempts, mut longest_wait) = (Vec::<DeliveryAttempt>::new(), None);
        for (Sending { mut delivery, event, is_new }, attempted) in done {
            let (last_changed, due_before) = (delivery.updated_at, delivery.next_attempt_at);
            if let Some((attempt, retry_after)) = attempted {
                let not_before = retry_after.map(|wait: Duration| now.plus(wait));
                delivery.add(attempt.clone(), not_before, self.source.ids.random_bytes());
                longest_wait = longest_wait.max(retry_after);
                attempts.push(attempt);
            } else if event.is_none() {
                delivery.give_up(now);
            }
            if is_new {
                new.push(delivery);
            } else if delivery.next_attempt_at != due_before {
                repeated.push((last_changed, delivery));
            }
        }
        let mut after = WebhookEndpoint { position, ..before.clone() };
        after.note(&attempts, longest_wait, now, self.source.ids.random_bytes());
        if new.is_empty() && repeated.is_empty() && after == *before {
            return Ok(());
        }
        let origin = Origin::server(self.source.clone());
        let round = Round { before, after: &after, new: &new, repeated: &repeated };
        if webhooks::store_round(&mut self.database.write().await?, &origin, &round).await? {
            let reason = after.disabled_reason.as_deref();
            tracing::warn!(endpoint = %after.id, workspace = %after.workspace_id, reason, "a webhook endpoint is disabled");
            metrics::counter!("denizen_webhook_endpoints_disabled_total").increment(1);
        }
        Ok(())
    }
}
