//! What became of an event that was sent to an endpoint.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::{Event, EventType};
use crate::job::jittered;
use crate::primitives::{
    Coded, EventId, EventPosition, Position, Timestamp, WebhookEndpointId, WorkspaceId, coded_texts,
};

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// It is tried again.
    Pending,
    /// The endpoint has accepted it.
    Succeeded,
    /// It failed as often as it may, or its event is gone.
    Failed,
}

impl Coded for DeliveryState {
    const ALL: &'static [Self] = &[Self::Pending, Self::Succeeded, Self::Failed];

    fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

coded_texts!(DeliveryState);

/// One attempt to send an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAttempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_milliseconds: u64,
    /// The status of the answer; `None` without an answer.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// The first kilobyte of the answer's body.
    pub answer: String,
}

impl DeliveryAttempt {
    /// Returns whether the endpoint has accepted the event: with a status from 200 to 299.
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// An event that was sent to an endpoint, or will be again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The endpoint.
    pub endpoint_id: WebhookEndpointId,
    /// The event, and the `webhook-id` of each attempt.
    pub event_id: EventId,
    /// The event's position in the feed.
    pub position: EventPosition,
    /// The event's type.
    pub kind: EventType,
    /// The event's object.
    pub object_id: String,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried since it was created or last replayed.
    pub attempt_count: u32,
    /// The last attempts, oldest first: at most [`KEPT_ATTEMPTS`](Self::KEPT_ATTEMPTS).
    pub attempts: Vec<DeliveryAttempt>,
    /// When it is tried next.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was first tried or asked for.
    pub created_at: Timestamp,
    /// When it was last tried or asked for.
    pub updated_at: Timestamp,
}

impl WebhookDelivery {
    /// How many attempts are kept.
    pub const KEPT_ATTEMPTS: usize = 20;

    /// The pauses between attempts. After the tenth, the delivery has failed.
    pub const PAUSES: [Duration; 9] = [
        Duration::from_secs(5),
        Duration::from_mins(5),
        Duration::from_mins(30),
        Duration::from_hours(2),
        Duration::from_hours(5),
        Duration::from_hours(10),
        Duration::from_hours(14),
        Duration::from_hours(20),
        Duration::from_hours(24),
    ];

    /// Creates the delivery of an event that is due at once.
    pub fn due(endpoint_id: WebhookEndpointId, event: &Event, now: Timestamp) -> Self {
        Self {
            workspace_id: event.workspace_id,
            endpoint_id,
            event_id: event.id,
            position: event.position,
            kind: event.kind,
            object_id: event.object_id.clone(),
            state: DeliveryState::Pending,
            attempt_count: 0,
            attempts: Vec::new(),
            next_attempt_at: Some(now),
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns its place in lists.
    pub fn list_position(&self) -> Position {
        Position::at(self.created_at, self.event_id.as_uuid())
    }

    /// Adds an attempt, and plans the next one if it failed: after the pause of the schedule and up to a tenth more at
    /// random, but not before the time that the endpoint asked for.
    pub fn add(&mut self, attempt: DeliveryAttempt, not_before: Option<Timestamp>, random: [u8; 32]) {
        let now = attempt.at.plus(Duration::from_millis(attempt.duration_milliseconds));
        let pause = usize::try_from(self.attempt_count).ok().and_then(|count| Self::PAUSES.get(count));
        let next = pause.map(|pause| now.plus(*pause + jittered(*pause, random) / 10));
        self.attempt_count = self.attempt_count.saturating_add(1);
        self.updated_at = now;
        (self.state, self.next_attempt_at) = match next {
            _ if attempt.is_success() => (DeliveryState::Succeeded, None),
            Some(next) => (DeliveryState::Pending, Some(not_before.map_or(next, |moment| moment.max(next)))),
            None => (DeliveryState::Failed, None),
        };
        self.attempts.push(attempt);
        let surplus = self.attempts.len().saturating_sub(Self::KEPT_ATTEMPTS);
        self.attempts.drain(..surplus);
    }

    /// Gives up, because the event can no longer be read.
    pub fn give_up(&mut self, now: Timestamp) {
        let error = Some("the event is no longer kept".to_owned());
        let attempt =
            DeliveryAttempt { at: now, duration_milliseconds: 0, status: None, error, answer: String::new() };
        self.attempt_count = u32::MAX;
        self.add(attempt, None, [0; 32]);
    }
}

/// Which deliveries to list. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Of the event with this id.
    pub event_id: Option<EventId>,
}
