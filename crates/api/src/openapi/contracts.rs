//! The served documents: the whole, and one per contract.

use std::collections::BTreeSet;

use axum::body::Bytes;
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

use crate::wire::contract::{speaks_flowdock, speaks_flowra_alone, starts_flows};

/// A contract with its own document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contract {
    /// Display name.
    pub(crate) title: &'static str,
    /// The path of its document.
    pub(crate) path: &'static str,
    has: fn(&str) -> bool,
}

/// The contracts. Flowra and Zaia share the paths of external users.
pub(crate) const CONTRACTS: [Contract; 6] = [
    Contract { title: "Flowra", path: "/openapi/flowra.json", has: is_of_flowra },
    Contract { title: "Zaia", path: "/openapi/zaia.json", has: is_of_zaia },
    Contract { title: "Notiflows", path: "/openapi/notiflows.json", has: is_of_notiflows },
    Contract { title: "FlowMate", path: "/openapi/flowmate.json", has: is_of_flowmate },
    Contract { title: "Flowdock", path: "/openapi/flowdock.json", has: speaks_flowdock },
    Contract { title: "Operations", path: "/openapi/operations.json", has: is_of_operations },
];

/// The documents as JSON.
pub(crate) struct Documents {
    /// The whole.
    pub(crate) whole: Bytes,
    /// One per entry of [`CONTRACTS`], in its order.
    pub(crate) contracts: [Bytes; CONTRACTS.len()],
}

impl Documents {
    /// Splits the whole document by contract.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let whole = serde_json::to_value(document).unwrap_or_default();
        let contracts = CONTRACTS.map(|contract| json(&cut(&whole, contract)));
        Self { whole: json(&whole), contracts }
    }
}

fn json(document: &Value) -> Bytes {
    serde_json::to_vec(document).unwrap_or_default().into()
}

/// Returns the document of one contract: its paths and references.
fn cut(whole: &Value, contract: Contract) -> Value {
    let mut document = whole.clone();
    document["info"]["title"] = format!("Denizen: {}", contract.title).into();
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.retain(|path, _| (contract.has)(path));
    }
    let mut needed = BTreeSet::new();
    collect(whole, &document["paths"], &mut needed);
    let tags = tags_of(&document["paths"]);
    if let Some(known) = document["tags"].as_array_mut() {
        known.retain(|tag| tag["name"].as_str().is_some_and(|name| tags.contains(name)));
    }
    for (kind, components) in document["components"].as_object_mut().into_iter().flatten() {
        retain(components, |name| needed.contains(&format!("#/components/{kind}/{name}")));
    }
    document
}

fn retain(components: &mut Value, is_needed: impl Fn(&str) -> bool) {
    if let Some(components) = components.as_object_mut() {
        components.retain(|name, _| is_needed(name));
    }
}

fn is_of_flowra(path: &str) -> bool {
    let shared = ["/api/v1/external-users", "/api/v1/external-users/me", "/api/v1/external-users/{id}"];
    is_of_flowra_alone(path) || shared.contains(&path)
}

fn is_of_flowra_alone(path: &str) -> bool {
    path.contains("/username/") || path.ends_with("/toggle-active") || speaks_flowra_alone(path)
}

fn is_of_zaia(path: &str) -> bool {
    path.starts_with("/api/v1/") && !is_of_flowra_alone(path)
}

fn is_of_notiflows(path: &str) -> bool {
    path.starts_with("/admin/")
}

fn is_of_flowmate(path: &str) -> bool {
    let is_at_root = matches!(path, "/login" | "/logout") || starts_flows(path);
    is_at_root || (path.starts_with("/api/") && !path.starts_with("/api/v1/"))
}

fn is_of_operations(path: &str) -> bool {
    let others = [is_of_flowra, is_of_zaia, is_of_notiflows, is_of_flowmate, speaks_flowdock];
    !others.into_iter().any(|has| has(path))
}

/// Collects the references in a part of the document, recursively.
fn collect(whole: &Value, part: &Value, needed: &mut BTreeSet<String>) {
    match part {
        Value::Object(object) => {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str)
                && needed.insert(reference.to_owned())
            {
                let referred = whole.pointer(reference.trim_start_matches('#'));
                collect(whole, referred.unwrap_or(&Value::Null), needed);
            }
            collect_schemes(object, needed);
            object.values().for_each(|value| collect(whole, value, needed));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(whole, item, needed)),
        _ => {}
    }
}

/// Collects security schemes, which operations name without `$ref`.
fn collect_schemes(object: &Map<String, Value>, needed: &mut BTreeSet<String>) {
    let requirements = object.get("security").and_then(Value::as_array).into_iter().flatten();
    for name in requirements.filter_map(Value::as_object).flat_map(Map::keys) {
        needed.insert(format!("#/components/securitySchemes/{name}"));
    }
}

fn tags_of(paths: &Value) -> BTreeSet<String> {
    let items = paths.as_object().into_iter().flat_map(Map::values);
    let operations = items.filter_map(Value::as_object).flat_map(Map::values);
    let tags = operations.filter_map(|operation| operation["tags"].as_array()).flatten();
    tags.filter_map(Value::as_str).map(str::to_owned).collect()
}
