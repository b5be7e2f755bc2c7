//! Custom fields: a customer's own data about a user.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::primitives::text::without_nul;
use crate::primitives::{Patch, Reason, Violation};

/// A JSON object of at most [`MAXIMUM_BYTES`](Self::MAXIMUM_BYTES) and [`MAXIMUM_DEPTH`](Self::MAXIMUM_DEPTH) levels.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct CustomFields(Map<String, Value>);

impl CustomFields {
    /// The most bytes of the object as JSON: 64 KiB.
    pub const MAXIMUM_BYTES: usize = 64 * 1024;

    /// The most levels of objects and arrays, including the outermost object.
    pub const MAXIMUM_DEPTH: usize = 8;

    /// Wraps a stored object, which was checked before it was stored.
    pub fn from_stored(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// Returns the object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns the object by value.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// Returns the fields after a change: absent keeps them, null empties them, an object is merged.
    pub fn patched(&self, change: Patch<Map<String, Value>>) -> Result<Self, Violation> {
        match change {
            Patch::Absent => Ok(self.clone()),
            Patch::Null => Ok(Self::default()),
            Patch::Value(change) => self.merged(change),
        }
    }

    /// Merges a change as JSON Merge Patch (RFC 7396) defines it: objects merge key by key at every level, null removes a
    /// key, and other values replace the old one. Fails if the result breaks a limit.
    pub fn merged(&self, change: Map<String, Value>) -> Result<Self, Violation> {
        let mut merged = self.0.clone();
        merge(&mut merged, change);
        check(&merged)?;
        Ok(Self(merged))
    }
}

fn merge(target: &mut Map<String, Value>, change: Map<String, Value>) {
    for (key, value) in change {
        match value {
            Value::Null => {
                target.shift_remove(&key);
            }
            Value::Object(change) => {
                let slot = target.entry(key).or_insert(Value::Null);
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(object) = slot {
                    merge(object, change);
                }
            }
            value => {
                target.insert(key, value);
            }
        }
    }
}

fn check(fields: &Map<String, Value>) -> Result<(), Violation> {
    fields.iter().try_for_each(|(key, value)| check_entry(key, value, CustomFields::MAXIMUM_DEPTH - 1))?;
    let size = serde_json::to_vec(fields).map_or(usize::MAX, |json| json.len());
    if size > CustomFields::MAXIMUM_BYTES {
        let message = format!("must have at most {} bytes as JSON", CustomFields::MAXIMUM_BYTES);
        return Err(Violation::new(Reason::TooLarge, message));
    }
    Ok(())
}

fn check_entry(key: &str, value: &Value, levels_left: usize) -> Result<(), Violation> {
    without_nul(key)?;
    check_value(value, levels_left)
}

fn check_value(value: &Value, levels_left: usize) -> Result<(), Violation> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        Value::String(text) => without_nul(text),
        Value::Array(_) | Value::Object(_) if levels_left == 0 => {
            let message = format!("must have at most {} levels", CustomFields::MAXIMUM_DEPTH);
            Err(Violation::new(Reason::TooDeep, message))
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_value(item, levels_left - 1)),
        Value::Object(entries) => {
            entries.iter().try_for_each(|(key, value)| check_entry(key, value, levels_left - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("{value} is not an object") };
        map
    }

    fn merged(before: Value, change: Value) -> Value {
        Value::Object(CustomFields(object(before)).merged(object(change)).unwrap().0)
    }

    #[test]
    fn a_merge_is_deep_and_null_removes_a_key() {
        let before = json!({"company": "Acme", "plan": {"name": "free", "seats": 1}, "tags": [1, 2]});
        let change = json!({"plan": {"name": "premium", "seats": null}, "tags": [3], "company": null, "new": {"a": null}});
        assert_eq!(merged(before, change), json!({"plan": {"name": "premium"}, "tags": [3], "new": {}}));
    }

    #[test]
    fn limits_apply_to_the_result_of_a_merge() {
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
        assert!(CustomFields::default().merged(object(nested(8))).is_ok());
        let too_deep = CustomFields::default().merged(object(nested(9)));
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

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect()))
        })
    }

    fn objects() -> impl Strategy<Value = Map<String, Value>> {
        prop::collection::btree_map("[a-c]", values(), 0..4).prop_map(|map| map.into_iter().collect())
    }

    fn has_null(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Object(map) => map.values().any(has_null),
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
            prop_assert!(!merged.0.values().any(has_null));
        }

        #[test]
        fn merging_nothing_changes_nothing(before in objects()) {
            let before = CustomFields::default().merged(before).unwrap();
            prop_assert_eq!(before.merged(Map::new()).unwrap(), before);
        }
    }
}
