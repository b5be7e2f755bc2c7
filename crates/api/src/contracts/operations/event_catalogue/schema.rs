//! JSON Schemas (draft 2020-12) of values, from two samples: one with every optional part, one without any.

use denizen_domain::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The dialect of all schemas.
pub(super) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Returns the schema that both samples fit. What is null in one of them may be null. Objects with the same fields in both
/// always have these; others have any.
pub(super) fn of(full: &Value, empty: &Value) -> Value {
    match (full, empty) {
        (Value::Null, Value::Null) => json!({ "type": "null" }),
        (Value::Null, value) | (value, Value::Null) => or_null(of(value, value)),
        (Value::Object(full), Value::Object(empty)) => object(full, empty),
        (Value::Array(full), Value::Array(empty)) => array(full.first().or_else(|| empty.first())),
        (Value::String(full), Value::String(empty)) => string(full, empty),
        (Value::Number(number), _) => json!({ "type": if number.is_f64() { "number" } else { "integer" } }),
        (Value::Bool(_), _) => json!({ "type": "boolean" }),
        // Samples of one field have one type.
        (Value::Object(_) | Value::Array(_) | Value::String(_), _) => json!({}),
    }
}

fn or_null(mut schema: Value) -> Value {
    schema["type"] = json!([schema["type"].take(), "null"]);
    schema
}

fn object(full: &Map<String, Value>, empty: &Map<String, Value>) -> Value {
    if full.is_empty() && empty.is_empty() {
        return json!({ "type": "object", "maxProperties": 0 });
    }
    if !full.keys().eq(empty.keys()) {
        return json!({ "type": "object" });
    }
    let fields = full.iter().zip(empty.values());
    let properties: Map<_, _> = fields.map(|((name, full), empty)| (name.clone(), of(full, empty))).collect();
    let required: Vec<_> = full.keys().collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn array(item: Option<&Value>) -> Value {
    match item {
        Some(item) => json!({ "type": "array", "items": of(item, item) }),
        None => json!({ "type": "array" }),
    }
}

fn string(full: &str, empty: &str) -> Value {
    match format_of(full).filter(|format| format_of(empty) == Some(format)) {
        Some(format) => json!({ "type": "string", "format": format }),
        None => json!({ "type": "string" }),
    }
}

/// Returns the format of a text, if all texts of its field have it. Samples of other texts look like neither.
fn format_of(text: &str) -> Option<&'static str> {
    if Uuid::try_parse(text).is_ok() {
        Some("uuid")
    } else if text.parse::<Timestamp>().is_ok() {
        Some("date-time")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_samples_show_what_may_be_null_or_differ() {
        let full = json!({
            "id": "5b0f6f3c-7f0e-4a55-8a6c-3f1f2f9f1c11", "name": "Jane", "at": "2024-01-15T10:30:00.000000Z",
            "count": 3, "share": 0.5, "flag": true, "tags": ["a"], "more": { "plan": "free" }, "none": {},
            "by": { "type": "api_key", "id": "5b0f6f3c-7f0e-4a55-8a6c-3f1f2f9f1c11" },
        });
        let empty = json!({
            "id": "5b0f6f3c-7f0e-4a55-8a6c-3f1f2f9f1c11", "name": "Joe", "at": null,
            "count": null, "share": 0.5, "flag": false, "tags": [], "more": {}, "none": {},
            "by": { "type": "operator", "id": null },
        });
        let by = json!({
            "type": "object", "required": ["type", "id"],
            "properties": { "type": { "type": "string" }, "id": { "type": ["string", "null"], "format": "uuid" } },
        });
        let expected = json!({
            "type": "object",
            "required": ["id", "name", "at", "count", "share", "flag", "tags", "more", "none", "by"],
            "properties": {
                "id": { "type": "string", "format": "uuid" }, "name": { "type": "string" },
                "at": { "type": ["string", "null"], "format": "date-time" },
                "count": { "type": ["integer", "null"] }, "share": { "type": "number" },
                "flag": { "type": "boolean" }, "tags": { "type": "array", "items": { "type": "string" } },
                "more": { "type": "object" }, "none": { "type": "object", "maxProperties": 0 }, "by": by,
            },
        });
        assert_eq!(of(&full, &empty), expected);
    }
}
