//! Reading the feed.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{EventFilter, EventPosition, EventType, Reason, Result, Violation};
use denizen_persistence::events::Start;
use utoipa::IntoParams;

use super::answer::EventPageAnswer;
use super::reading::Reading;
use super::stream;
use crate::contracts::audit_events::object_id;
use crate::guards::caller::{Caller, CanReadEvents, Recheck};
use crate::state::AppState;
use crate::wire::error::{self, ApiResult};
use crate::wire::query::{FromQuery, Query, QueryReader};

/// What a client that was disconnected saw last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The longest wait for new events, in seconds.
const MAXIMUM_WAIT: u32 = 60;

/// How long before its time-out a request stops to wait.
const SPARE: Duration = Duration::from_secs(5);

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListEvents {
    /// The position after which to begin: the `position` of the last answer, 0 for the first event, or `latest` for none
    /// but future ones. If absent, begins with the oldest event that is kept.
    #[param(value_type = Option<String>, example = "4711")]
    after: Option<Start>,
    /// Only events of these types, such as `external_user.created`, or of all of an object, such as `external_user.*`.
    /// Repeatable, or separated by commas.
    #[param(value_type = Option<Vec<String>>)]
    types: Vec<EventType>,
    /// Only events of the object with this id.
    #[param(max_length = 100)]
    object_id: Option<String>,
    /// Maximum number of events.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 100)]
    limit: u32,
    /// How many seconds to wait for new events if there are none. The request's time-out may end it earlier.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 60, default = 0)]
    wait: u32,
}

impl FromQuery for ListEvents {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            after: parameters.one("after", start),
            types: types(parameters),
            object_id: parameters.one("objectId", object_id),
            limit: parameters.number("limit", 1, 100).unwrap_or(100),
            wait: parameters.number("wait", 0, MAXIMUM_WAIT).unwrap_or(0),
        }
    }
}

/// Reads a position: `latest`, or a number.
fn start(text: &str) -> Result<Start, Violation> {
    if text == "latest" {
        return Ok(Start::Latest);
    }
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number);
    let violation = || Violation::new(Reason::InvalidFormat, "must be a position, 0 or more, or latest");
    Ok(Start::After(EventPosition::from_stored(number.ok_or_else(violation)?)))
}

fn types(parameters: &mut QueryReader) -> Vec<EventType> {
    let mut types = Vec::new();
    let texts = parameters.texts("types");
    for pattern in texts.iter().flat_map(|text| text.split(',')).map(str::trim) {
        match EventType::matching(pattern) {
            Ok(known) => types.extend(known),
            Err(violation) => {
                parameters.add("types", violation);
                break;
            }
        }
    }
    types.sort_unstable();
    types.dedup();
    types
}

/// Reads the events of the workspace
///
/// Returns every change of the workspace, oldest first, each exactly once. To follow it, send the `position` of each answer
/// as `after` of the next request, with `wait` for new events. An event is in the feed as soon as its change was answered,
/// and no event ever appears before one that was read. With `Accept: text/event-stream`, the answer is a stream of
/// server-sent events instead that goes on until either side ends it: `id` is the position, `event` the type, `data` the
/// event; `Last-Event-ID` goes before `after`. `/docs/events` lists the types of events with their schemas.
///
/// Events are kept for a time that the operator sets. A position before that answers 410. Then send `after=latest`, note
/// the `position`, read the lists of objects, and follow the feed from there: changes in between come twice.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "events.list", tag = "Events", params(ListEvents,
    ("last-event-id" = Option<String>, Header, description = "Only for streams: the position after which to begin")),
    responses((status = 200, content((EventPageAnswer = "application/json"), (String = "text/event-stream"))),
        (status = 410, description = "The feed has no such position any more, or not yet", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["events:read"]), ("api_key" = ["events:read"]), ("bearer" = ["events:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadEvents>,
    recheck: Recheck<CanReadEvents>,
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(parameters): Query<ListEvents>,
) -> ApiResult<Response> {
    let ListEvents { after, types, object_id, limit, wait } = parameters;
    let reading = Reading {
        feeds: state.feeds().clone(),
        workspace_id: caller.workspace_id,
        filter: EventFilter { types, object_id },
        limit,
    };
    if accepts_stream(&headers) {
        let start = last_event_id(&headers)?.or(after).unwrap_or(Start::Oldest);
        return stream::answer(reading, start, recheck).await;
    }
    let longest = state.options().request_timeout.saturating_sub(SPARE);
    let wait = Duration::from_secs(wait.into()).min(longest);
    let page = reading.wait_for_some(after.unwrap_or(Start::Oldest), wait).await?;
    Ok(Json(EventPageAnswer::from(page)).into_response())
}

fn accepts_stream(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.to_ascii_lowercase().contains("text/event-stream"))
}

fn last_event_id(headers: &HeaderMap) -> ApiResult<Option<Start>> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let position = start(value.to_str().unwrap_or_default());
    Ok(Some(position.map_err(|violation| error::invalid(LAST_EVENT_ID.as_str(), violation))?))
}
