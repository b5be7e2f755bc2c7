//! Custom fields: a customer's own data about a user.

use serde::de::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::primitives::text::without_nul;
use crate::primitives::{Json, JsonError, JsonNumber, JsonObject, Patch, Reason, Violation};

/// A JSON object of at most [`MAXIMUM_BYTES`](Self::MAXIMUM_BYTES) and [`MAXIMUM_DEPTH`](Self::MAXIMUM_DEPTH) levels. Its
/// numbers have at most [`MAXIMUM_DIGITS`](Self::MAXIMUM_DIGITS) characters each and keep their spelling.
///
/// It is kept as text: readers copy it, and only changes parse it.
#[derive(Debug, Clone)]
pub struct CustomFields(Box<RawValue>);

impl PartialEq for CustomFields {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for CustomFields {}

impl CustomFields {
    /// The most bytes of the object as JSON: 64 KiB.
    pub const MAXIMUM_BYTES: usize = 64 * 1024;

    /// The most levels of objects and arrays, including the outermost object.
    pub const MAXIMUM_DEPTH: usize = 8;

    /// The most characters of a number.
    pub const MAXIMUM_DIGITS: usize = 1_000;

    /// Wraps a stored text. Fails if it is not a JSON object.
    pub fn from_stored(text: String) -> Result<Self, JsonError> {
        let object = RawValue::from_string(text)?;
        if object.get().starts_with('{') {
            Ok(Self(object))
        } else {
            Err(serde_json::Error::custom("not an object").into())
        }
    }

    /// Returns the object as JSON.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads a change as JSON. Fails if it is not an object, has too many levels, or contains a string that is not
    /// Unicode. [`merged`](Self::merged) checks the other rules.
    pub fn parse_change(text: &str) -> Result<JsonObject, Violation> {
        match Json::parse(text, Self::MAXIMUM_DEPTH) {
            Ok(Json::Object(change)) => Ok(change),
            Ok(_) => Err(Violation::new(Reason::InvalidType, "must be an object")),
            Err(JsonError::TooDeep) => Err(too_deep()),
            Err(JsonError::Malformed(_)) => {
                Err(Violation::new(Reason::InvalidCharacters, "must be JSON with Unicode text"))
            }
        }
    }

    /// Returns the fields after a change: absent keeps them, null empties them, an object is merged.
    pub fn patched(&self, change: Patch<JsonObject>) -> Result<Self, Violation> {
        match change {
            Patch::Absent => Ok(self.clone()),
            Patch::Null => Ok(Self::default()),
            Patch::Value(change) => self.merged(change),
        }
    }

    /// Merges a change as JSON Merge Patch (RFC 7396) defines it: objects merge key by key at every level, null removes a
    /// key, and other values replace the old one. Fails if the result breaks a limit.
    pub fn merged(&self, change: JsonObject) -> Result<Self, Violation> {
        let mut merged = self.parsed()?;
        merge(&mut merged, change);
        checked(merged)
    }

    /// Returns the object.
    pub fn to_object(&self) -> JsonObject {
        self.parsed().unwrap_or_default()
    }

    fn parsed(&self) -> Result<JsonObject, Violation> {
        match Json::parse_stored(self.as_str()) {
            Ok(Json::Object(fields)) => Ok(fields),
            Ok(_) | Err(_) => Err(unreadable()),
        }
    }
}

impl Default for CustomFields {
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).unwrap_or_default())
    }
}

impl Serialize for CustomFields {
    /// Copies the text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn unreadable() -> Violation {
    Violation::new(Reason::InvalidFormat, "cannot be read as it is stored")
}

fn merge(target: &mut JsonObject, change: JsonObject) {
    for (key, value) in change {
        match value {
            Json::Null => {
                target.shift_remove(&key);
            }
            Json::Object(change) => {
                let slot = target.entry(key).or_default();
                if !matches!(slot, Json::Object(_)) {
                    *slot = Json::Object(JsonObject::new());
                }
                if let Json::Object(object) = slot {
                    merge(object, change);
                }
            }
            value => {
                target.insert(key, value);
            }
        }
    }
}

fn checked(fields: JsonObject) -> Result<CustomFields, Violation> {
    let fields = Json::Object(fields);
    check(&fields, CustomFields::MAXIMUM_DEPTH)?;
    let text = fields.to_string();
    if text.len() > CustomFields::MAXIMUM_BYTES {
        let message = format!("must have at most {} bytes as JSON", CustomFields::MAXIMUM_BYTES);
        return Err(Violation::new(Reason::TooLarge, message));
    }
    CustomFields::from_stored(text).map_err(|_| unreadable())
}

fn check(value: &Json, levels_left: usize) -> Result<(), Violation> {
    match value {
        Json::Null | Json::Bool(_) => Ok(()),
        Json::Number(number) => check_number(number),
        Json::String(text) => without_nul(text),
        Json::Array(_) | Json::Object(_) if levels_left == 0 => Err(too_deep()),
        Json::Array(items) => items.iter().try_for_each(|item| check(item, levels_left - 1)),
        Json::Object(members) => members.iter().try_for_each(|(key, value)| {
            without_nul(key)?;
            check(value, levels_left - 1)
        }),
    }
}

fn check_number(number: &JsonNumber) -> Result<(), Violation> {
    if number.as_str().len() > CustomFields::MAXIMUM_DIGITS {
        let message = format!("must have numbers of at most {} characters", CustomFields::MAXIMUM_DIGITS);
        return Err(Violation::new(Reason::TooLong, message));
    }
    Ok(())
}

fn too_deep() -> Violation {
    let message = format!("must have at most {} levels", CustomFields::MAXIMUM_DEPTH);
    Violation::new(Reason::TooDeep, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn object(value: Value) -> JsonObject {
        let Json::Object(object) = Json::from(value) else { panic!("not an object") };
        object
    }

    fn merged(before: &Value, change: Value) -> Value {
        let before = CustomFields::from_stored(before.to_string()).unwrap();
        serde_json::from_str(before.merged(object(change)).unwrap().as_str()).unwrap()
    }

    #[test]
    fn a_merge_is_deep_and_null_removes_a_key() {
        let before = json!({"company": "Acme", "plan": {"name": "free", "seats": 1}, "tags": [1, 2]});
        let change = json!({"plan": {"name": "premium", "seats": null}, "tags": [3], "company": null, "new": {"a": null}});
        assert_eq!(merged(&before, change), json!({"plan": {"name": "premium"}, "tags": [3], "new": {}}));
    }

    #[test]
    fn limits_apply_to_the_result_of_a_merge() {
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
        assert!(CustomFields::default().merged(object(nested(8))).is_ok());
        let too_deep = CustomFields::default().merged(object(nested(9)));
        assert_eq!(too_deep.unwrap_err().reason, Reason::TooDeep);
        let too_deep = CustomFields::parse_change(&nested(9).to_string());
        assert_eq!(too_deep.unwrap_err().reason, Reason::TooDeep);

        let half = "x".repeat(40 * 1024);
        let first = CustomFields::default().merged(object(json!({ "a": half }))).unwrap();
        let both = first.merged(object(json!({ "b": half })));
        assert_eq!(both.unwrap_err().reason, Reason::TooLarge);
        assert!(first.merged(object(json!({ "a": null, "b": half }))).is_ok());
    }

    #[test]
    fn nul_is_rejected_in_keys_and_values_at_every_level() {
        for wrong in
            [json!({"a\0": 1}), json!({"a": "\0"}), json!({"a": [{"b": "\0"}]}), json!({"a": {"\0": 1}})]
        {
            let result = CustomFields::default().merged(object(wrong));
            assert_eq!(result.unwrap_err().reason, Reason::InvalidCharacters);
        }
    }

    #[test]
    fn a_merge_keeps_numbers_as_they_are_written() {
        let before = r#"{"a":{"big":123456789012345678901234567890,"price":10.10},"b":-0}"#;
        let before = CustomFields::from_stored(before.to_owned()).unwrap();
        let change =
            CustomFields::parse_change(r#" { "a": { "few": 1E+2, "price": 10.100 }, "c": [ 1e400 ] } "#);
        let after = before.merged(change.unwrap()).unwrap();
        let expected =
            r#"{"a":{"big":123456789012345678901234567890,"price":10.100,"few":1E+2},"b":-0,"c":[1e400]}"#;
        assert_eq!(after.as_str(), expected);
        assert_eq!(serde_json::to_string(&after).unwrap(), expected);
    }

    #[test]
    fn numbers_have_at_most_a_thousand_characters() {
        let of_length = |length: usize| format!("{{\"a\":[{}]}}", "7".repeat(length));
        let merged =
            |text: String| CustomFields::default().merged(CustomFields::parse_change(&text).unwrap());
        assert!(merged(of_length(1_000)).is_ok());
        assert_eq!(merged(of_length(1_001)).unwrap_err().reason, Reason::TooLong);
    }

    #[test]
    fn stored_text_is_an_object() {
        assert!(CustomFields::from_stored("{\"a\": 1}".to_owned()).is_ok());
        for text in ["", "[]", "1", "null", "{", "{}}"] {
            assert!(CustomFields::from_stored(text.to_owned()).is_err(), "{text}");
        }
    }

    fn values() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<i32>().prop_map(|number| Json::from(Value::from(number))),
            "[a-c]{0,2}".prop_map(Json::String)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect()))
        })
    }

    fn objects() -> impl Strategy<Value = JsonObject> {
        prop::collection::btree_map("[a-c]", values(), 0..4).prop_map(|map| map.into_iter().collect())
    }

    fn has_null(value: &Json) -> bool {
        match value {
            Json::Null => true,
            Json::Object(members) => members.values().any(has_null),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn merging_is_idempotent(before in objects(), change in objects()) {
            let before = CustomFields::default().merged(before).unwrap();
            let once = before.merged(change.clone()).unwrap();
            prop_assert_eq!(once.merged(change).unwrap(), once);
        }

        #[test]
        fn merging_keeps_no_null(before in objects(), change in objects()) {
            let merged = CustomFields::default().merged(before).unwrap().merged(change).unwrap();
            prop_assert!(!merged.to_object().values().any(has_null));
        }

        #[test]
        fn merging_nothing_changes_nothing(before in objects()) {
            let before = CustomFields::default().merged(before).unwrap();
            prop_assert_eq!(before.merged(JsonObject::new()).unwrap(), before);
        }
    }
}
