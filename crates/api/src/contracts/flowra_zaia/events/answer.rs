//! Pages of events in responses.

use denizen_domain::Event;
use denizen_persistence::events::EventPage;
use serde::Serialize;
use utoipa::ToSchema;

use crate::contracts::samples;
use crate::feeds::EventAnswer;

/// Returns an event as `/api/v1` shows it, for callers that print it elsewhere.
pub fn event_json(event: Event) -> impl Serialize {
    EventAnswer::from(event)
}

/// A part of a feed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventPage, example = samples::event_page)]
pub(crate) struct EventPageAnswer {
    /// The events, oldest first.
    events: Vec<EventAnswer>,
    /// The position to send as `after` next. With filters, it also moves on past other events.
    #[schema(minimum = 0, example = 4711)]
    position: i64,
    /// Whether more events follow already. If not, `wait` for them.
    has_more: bool,
}

impl From<EventPage> for EventPageAnswer {
    fn from(page: EventPage) -> Self {
        let EventPage { events, position, has_more } = page;
        let events = events.into_iter().map(EventAnswer::from).collect();
        Self { events, position: position.as_i64(), has_more }
    }
}
