//! What is sent of an event.

use axum::body::Bytes;
use denizen_domain::{Event, Json, JsonObject};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::feeds::EventAnswer;

/// Maximum size of a body, in bytes.
const MAXIMUM: usize = 20_000;

/// An event that is too large to be sent whole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shortened {
    #[serde(flatten)]
    event: EventAnswer,
    /// Says that `data` is the id alone, and `previous` empty.
    truncated: bool,
    /// Where the whole event can be read.
    url: String,
}

/// Returns the event as the feed shows it. If that has more than 20,000 bytes, only the id of its object, and the URL of the
/// event in the feed.
pub(super) fn body_of(event: &Event, public_url: Option<&str>) -> Bytes {
    let whole = json(&EventAnswer::from(event.clone()));
    if whole.len() <= MAXIMUM {
        return whole;
    }
    let before = event.position.as_i64().saturating_sub(1);
    let url = format!("{}/api/v1/events?after={before}&limit=1", public_url.unwrap_or_default());
    let id = JsonObject::from_iter([("id".to_owned(), Json::String(event.object_id.clone()))]);
    let (data, previous) = (raw(&Json::Object(id)), raw(&Json::Object(JsonObject::new())));
    let event = EventAnswer::from(Event { data, previous, ..event.clone() });
    json(&Shortened { event, truncated: true, url })
}

/// These values always serialize.
fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}

fn raw(object: &Json) -> Box<RawValue> {
    RawValue::from_string(object.to_string()).unwrap_or_default()
}
