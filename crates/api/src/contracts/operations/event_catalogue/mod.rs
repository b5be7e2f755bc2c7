//! `/docs/events`: the types of events, each with a schema and an example. Both are made of sample objects by the code that
//! records objects for events, so that they show what the feed sends.

mod objects;
mod page;
mod schema;

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use denizen_domain::{
    Actor, Event, EventId, EventPosition, EventType, EventVerb, Json, JsonObject, ObjectKind, previous_values,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use uuid::uuid;

use self::objects::{ACCOUNT, KEY, Samples, State, USER, WORKSPACE, now};
use super::home::accepts_html;
use crate::contracts::flowra_zaia::event_json;

/// The page may have styles of its own, and nothing else.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The document, built on first use.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&Catalogue::new()).unwrap_or_default());

/// The page, built on first use.
static PAGE: LazyLock<String> = LazyLock::new(|| page::of(&Catalogue::new().types));

/// Lists the types of events: as a page for browsers, which accept `text/html`, and as JSON for programs.
pub(crate) async fn event_catalogue(headers: HeaderMap) -> Response {
    let vary = [(header::VARY, HeaderValue::from_static("accept"))];
    if accepts_html(&headers) {
        (vary, [(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], Html(PAGE.as_str())).into_response()
    } else {
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (vary, json, DOCUMENT.as_str()).into_response()
    }
}

/// All types of events.
#[derive(Serialize)]
struct Catalogue {
    types: Vec<Entry>,
}

/// A type of events.
#[derive(Serialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: EventType,
    /// When there is such an event, in a sentence.
    description: String,
    /// The JSON Schema of the whole event, with those of `data` and `previous` in it.
    schema: Value,
    /// An event as the feed sends it.
    example: Value,
}

impl Catalogue {
    fn new() -> Self {
        let entry = |kind: EventType| Some(Entry::new(kind, &Samples::of(kind.object())?));
        Self { types: EventType::all().filter_map(entry).collect() }
    }
}

impl Entry {
    fn new(kind: EventType, samples: &Samples) -> Self {
        let description = format!("{} {}.", object_in_words(kind.object()), verb_in_words(kind.verb()));
        let told = Told::example(kind.verb(), samples);
        let is_change = !told.previous.is_empty();
        let example = event(kind, told, Cause::USUAL);
        let extreme = |state, cause| event(kind, Told::extreme(kind.verb(), state, is_change), cause);
        let (full, empty) = (extreme(&samples.full, Cause::FULL), extreme(&samples.empty, Cause::EMPTY));
        Self { kind, description, schema: event_schema(kind, &full, &empty), example }
    }
}

/// What an event tells of its object.
struct Told {
    object_id: String,
    data: JsonObject,
    previous: JsonObject,
}

impl Told {
    /// The whole object, which is new, gone, or as it was.
    fn whole(object: &State) -> Self {
        Self { object_id: object.object_id.clone(), data: object.data(), previous: JsonObject::new() }
    }

    fn change(before: &State, after: &State) -> Self {
        Self { previous: previous_values(&before.record, &after.record), ..Self::whole(after) }
    }

    /// What is left of an erased object.
    fn erased(object: &State) -> Self {
        let id = Json::String(object.object_id.clone());
        Self { data: JsonObject::from_iter([("id".to_owned(), id)]), ..Self::whole(object) }
    }

    /// What most events of a kind tell.
    fn example(verb: EventVerb, samples: &Samples) -> Self {
        let Samples { full, empty: _, usual, earlier } = samples;
        match verb {
            EventVerb::Created | EventVerb::Deleted | EventVerb::Restored | EventVerb::Authenticated => {
                Self::whole(usual)
            }
            EventVerb::Updated => Self::change(earlier, usual),
            EventVerb::Blocked | EventVerb::Revoked | EventVerb::Disabled | EventVerb::Expired => {
                Self::change(usual, full)
            }
            EventVerb::Unblocked => Self::change(full, usual),
            // A key gets another secret, which no event tells.
            EventVerb::Rotated => Self::change(usual, usual),
            EventVerb::Erased => Self::erased(usual),
        }
    }

    /// The most or the least that an event tells, with an object in this state.
    fn extreme(verb: EventVerb, object: &State, is_change: bool) -> Self {
        match verb {
            EventVerb::Erased => Self::erased(object),
            _ if is_change => Self { previous: object.record.clone(), ..Self::whole(object) },
            _ => Self::whole(object),
        }
    }
}

/// Where the change of an event comes from.
#[derive(Clone, Copy)]
struct Cause {
    /// Who made it, if not the usual actor.
    actor: Option<Actor>,
    is_for_user: bool,
    has_request: bool,
}

impl Cause {
    const USUAL: Self = Self { actor: None, is_for_user: false, has_request: true };
    const FULL: Self = Self { is_for_user: true, ..Self::USUAL };
    const EMPTY: Self = Self { actor: Some(Actor::Operator), is_for_user: false, has_request: false };
}

/// Returns an event as the feed sends it.
fn event(kind: EventType, told: Told, cause: Cause) -> Value {
    let Told { object_id, data, previous } = told;
    let event = Event {
        id: EventId::from_uuid(uuid!("018d0c3a-7b5e-7f21-8c4d-2a6b8e0f1c37")),
        workspace_id: WORKSPACE,
        position: EventPosition::from_stored(4711),
        kind,
        occurred_at: now(),
        object_id,
        data: raw(&data),
        previous: raw(&previous),
        actor: cause.actor.unwrap_or_else(|| usual_actor(kind.object())),
        acting_for: cause.is_for_user.then_some(USER),
        // Not a UUID: clients choose it.
        request_id: cause.has_request.then(|| "order-4711".to_owned()),
    };
    serde_json::to_value(event_json(event)).unwrap_or_default()
}

fn raw(object: &JsonObject) -> Box<RawValue> {
    to_raw_value(object).unwrap_or_default()
}

/// Returns who changes most objects of a kind.
fn usual_actor(object: ObjectKind) -> Actor {
    match object {
        ObjectKind::ExternalUser
        | ObjectKind::ExternalUserGroup
        | ObjectKind::Tier
        | ObjectKind::Channel
        | ObjectKind::ApiKey
        | ObjectKind::WebhookEndpoint => Actor::ApiKey(KEY),
        _ => Actor::Account(ACCOUNT),
    }
}

/// Returns the schema of the events of a type from two that have everything and nothing optional.
fn event_schema(kind: EventType, full: &Value, empty: &Value) -> Value {
    let mut schema = schema::of(full, empty);
    let properties = &mut schema["properties"];
    properties["type"] = json!({ "const": kind });
    // Only the fields that have changed.
    if let Some(previous) = properties["previous"].as_object_mut() {
        previous.remove("required");
    }
    if kind.verb() != EventVerb::Erased && is_erasable(kind.object()) {
        properties["data"] = or_erased(&properties["data"]);
    }
    let mut named = Map::new();
    named.insert("$schema".to_owned(), schema::DIALECT.into());
    named.insert("title".to_owned(), json!(kind));
    if let Value::Object(schema) = schema {
        named.extend(schema);
    }
    Value::Object(named)
}

/// Returns whether objects of a kind can be erased, which leaves only the id in all their events.
fn is_erasable(object: ObjectKind) -> bool {
    EventType::all().any(|kind| kind.object() == object && kind.verb() == EventVerb::Erased)
}

/// Allows what erasing leaves of the data of an event.
fn or_erased(data: &Value) -> Value {
    let erased = json!({
        "description": "Once the object was erased",
        "type": "object",
        "required": ["id"],
        "properties": { "id": data["properties"]["id"] },
        "maxProperties": 1,
    });
    json!({ "anyOf": [data, erased] })
}

/// Names one object of a kind.
fn object_in_words(object: ObjectKind) -> &'static str {
    match object {
        ObjectKind::ExternalUser => "An external user",
        ObjectKind::ExternalUserGroup => "A group of external users",
        ObjectKind::Tier => "A tier",
        ObjectKind::Channel => "A channel",
        ObjectKind::ApiKey => "An API key",
        ObjectKind::Workspace => "The workspace",
        ObjectKind::Account => "An account whose home is the workspace",
        ObjectKind::AccountToken => "A log-in or token of an account whose home is the workspace",
        ObjectKind::Role => "A role of the workspace",
        ObjectKind::Membership => "An account's membership of the workspace",
        ObjectKind::Flow => "A flow",
        ObjectKind::FlowMembership => "An account's membership of a flow",
        ObjectKind::Invitation => "An invitation to a flow",
        ObjectKind::WorkspaceKey => "The key that other services keep with the workspace",
        ObjectKind::WebhookEndpoint => "A webhook endpoint",
        ObjectKind::Workflow => "A workflow",
        ObjectKind::WorkflowTemplate => "A template of workflows",
        ObjectKind::AuthConfig => "An auth config",
        ObjectKind::ConnectedAccount => "A connected account",
        ObjectKind::Execution => "An execution of a workflow",
        ObjectKind::ServerSecret => "A secret of the server",
    }
}

/// Says what happened to an object.
fn verb_in_words(verb: EventVerb) -> &'static str {
    match verb {
        EventVerb::Created => "was created",
        EventVerb::Updated => "was changed",
        EventVerb::Blocked => "was blocked, perhaps along with other changes",
        EventVerb::Unblocked => "was unblocked, perhaps along with other changes",
        EventVerb::Disabled => {
            "was disabled, by someone or because it failed, perhaps along with other changes"
        }
        EventVerb::Deleted => "was deleted",
        EventVerb::Restored => "was restored",
        EventVerb::Erased => "lost its personal data for good, in earlier events, too",
        EventVerb::Rotated => "got a new secret",
        EventVerb::Revoked => "was revoked",
        EventVerb::Expired => "expired: its system issues no more tokens",
        EventVerb::Authenticated => {
            "was authenticated and got an access token, which the server tells only with --authentication-events"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_described() {
        let described: Vec<_> = Catalogue::new().types.iter().map(|entry| entry.kind).collect();
        assert_eq!(described, EventType::all().collect::<Vec<_>>());
    }

    #[test]
    fn examples_tell_of_changes_where_there_are_any() {
        for Entry { kind, example, .. } in Catalogue::new().types {
            let is_change = matches!(
                kind.verb(),
                EventVerb::Updated
                    | EventVerb::Blocked
                    | EventVerb::Unblocked
                    | EventVerb::Revoked
                    | EventVerb::Disabled
                    | EventVerb::Expired
            );
            let changed = example["previous"].as_object().unwrap();
            assert_eq!(!changed.is_empty(), is_change, "{kind}");
            for (field, before) in changed {
                assert_ne!(example["data"][field], *before, "{field} of {kind}");
            }
        }
    }
}
