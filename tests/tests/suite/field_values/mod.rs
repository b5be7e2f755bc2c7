//! Values that come in many forms: what is accepted, and what is stored.

mod addresses;
mod languages;
mod names;
mod slugs;
mod urls;

use denizen_tests::{Reply, Value};

/// Asserts that a request breaks rules, and returns the invalid fields, sorted. Some contracts answer 400, others 422.
#[track_caller]
fn broken(reply: &Reply) -> Vec<String> {
    assert!(matches!(reply.status, 400 | 422), "{reply}");
    let fields = reply.body["error"]["details"]["fields"].as_array();
    let name = |field: &Value| field["field"].as_str().map(str::to_owned);
    let mut names: Vec<_> = fields.into_iter().flatten().filter_map(name).collect();
    names.sort();
    names.dedup();
    assert!(!names.is_empty(), "{reply}");
    names
}
