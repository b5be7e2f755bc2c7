//! Organizations and flows, and the people in them, at the root and below `/v1` (Flowdock).

mod acme;
mod at_once;
mod blocking;
mod callers;
mod credentials;
mod effects;
mod flow_changes;
mod flow_users;
mod flows;
mod import;
mod invitations;
mod invited;
mod joining;
mod lists;
mod members;
mod npm_client;
mod organizations;
mod parameters;
mod stories;
mod throttling;
mod under_way;
mod users;
mod visible_users;

use denizen_tests::{Reply, Value};

use crate::support::keys;

/// The content type of every answer, even an empty one.
pub(crate) const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// The numbers of users, organizations or invitations, in the order of a list.
#[track_caller]
pub(crate) fn numbers(list: &[Value]) -> Vec<i64> {
    let number = |item: &Value| item["id"].as_i64().unwrap_or_else(|| panic!("no number in {item:#}"));
    list.iter().map(number).collect()
}

/// Asserts 400 as the contract says, and returns the invalid parameters, sorted.
#[track_caller]
pub(crate) fn broken(reply: Reply) -> Vec<String> {
    assert_eq!(reply.body["message"], "Validation error", "{reply}");
    let errors = reply.body["errors"].clone();
    let fields = reply.broken_fields(400, "bad_request");
    assert_eq!(keys(&errors), fields, "errors name the fields, too");
    for messages in errors.as_object().unwrap().values() {
        let messages = messages.as_array().unwrap();
        let says_something = |message: &Value| message.as_str().is_some_and(|text| !text.is_empty());
        assert!(!messages.is_empty() && messages.iter().all(says_something), "{errors:#}");
    }
    fields
}

/// An error without its request id.
#[track_caller]
pub(crate) fn refusal(reply: Reply, status: u16, code: &str) -> Value {
    let mut body = reply.body.clone();
    reply.error(status, code);
    body["error"]["request_id"] = Value::Null;
    body
}
