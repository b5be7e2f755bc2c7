//! JSON whose numbers keep their spelling: `10.10` stays `10.10`, where a float would be `10.1`.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize as _, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON object, in the order of its keys.
pub type JsonObject = IndexMap<String, Json>;

/// A JSON value. Numbers are equal if they are spelled alike.
///
/// ```
/// use denizen_domain::Json;
///
/// let json = Json::parse(r#"{ "price": 10.10 }"#, 2)?;
/// assert_eq!(json.to_string(), r#"{"price":10.10}"#);
/// # Ok::<(), denizen_domain::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Json {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(JsonNumber),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(JsonObject),
}

/// A JSON number as it was written, of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonNumber(String);

impl JsonNumber {
    /// Returns the number as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not read as JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The text is not JSON, or contains a string that is not Unicode.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
    /// The text has more levels of objects and arrays than allowed.
    #[error("the JSON has too many levels")]
    TooDeep,
}

impl Json {
    /// The most levels that [`of`](Self::of) and [`parse_stored`](Self::parse_stored) read: those of `serde_json`.
    pub(crate) const MAXIMUM_LEVELS: usize = 128;

    /// Parses a text with at most this many levels of objects and arrays. Of repeated keys, the last one counts. Takes
    /// time in proportion to the text and the levels.
    pub fn parse(text: &str, levels: usize) -> Result<Self, JsonError> {
        let text = text.trim_ascii();
        match text.bytes().next() {
            Some(b'{' | b'[') if levels == 0 => Err(JsonError::TooDeep),
            Some(b'{') => {
                let members = json_members(text)?.into_iter();
                let member =
                    |(key, value): (String, &RawValue)| Ok((key, Self::parse(value.get(), levels - 1)?));
                members.map(member).collect::<Result<_, _>>().map(Self::Object)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                let items = items.into_iter().map(|item| Self::parse(item.get(), levels - 1));
                items.collect::<Result<_, _>>().map(Self::Array)
            }
            Some(b'"') => Ok(Self::String(serde_json::from_str(text)?)),
            Some(b'-' | b'0'..=b'9') => {
                let number: &RawValue = serde_json::from_str(text)?;
                Ok(Self::Number(JsonNumber(number.get().to_owned())))
            }
            _ => Ok(serde_json::from_str::<Option<bool>>(text)?.map_or(Self::Null, Self::Bool)),
        }
    }

    /// Parses a stored text, which was checked before it was stored.
    pub fn parse_stored(text: &str) -> Result<Self, JsonError> {
        Self::parse(text, Self::MAXIMUM_LEVELS)
    }

    /// Returns a value as JSON. Fails if it cannot be serialized as JSON.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, JsonError> {
        Self::parse_stored(&serde_json::to_string(value)?)
    }
}

impl fmt::Display for Json {
    /// Writes it as JSON, without blanks.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(flag) => flag.fmt(formatter),
            Self::Number(number) => formatter.write_str(number.as_str()),
            Self::String(text) => Value::from(text.as_str()).fmt(formatter),
            Self::Array(items) => {
                let mut separator = "[";
                for item in items {
                    write!(formatter, "{}{item}", std::mem::replace(&mut separator, ","))?;
                }
                formatter.write_str(if items.is_empty() { "[]" } else { "]" })
            }
            Self::Object(members) => {
                let mut separator = "{";
                for (key, value) in members {
                    let key = Value::from(key.as_str());
                    write!(formatter, "{}{key}:{value}", std::mem::replace(&mut separator, ","))?;
                }
                formatter.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members),
        }
    }
}

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        value.clone().into()
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(flag),
            Value::Number(number) => Self::Number(JsonNumber(number.to_string())),
            Value::String(text) => Self::String(text),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
        }
    }
}

/// Returns the members of a JSON object, in order and with repeated keys, each value as it was written. The values are
/// JSON, but strings in them may not be Unicode. Fails if the text is not a JSON object.
pub fn json_members(text: &str) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Members(members) = Members::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(members)
}

/// Names and values in order. A map would drop repeated names.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_keep_their_spelling() {
        for number in [
            "0",
            "-0",
            "-0.0",
            "10.10",
            "1e3",
            "1E+2",
            "1E-2",
            "1e400",
            "0.1000000000000000055",
            "123456789012345678901234567890",
            "9007199254740993",
            "-9223372036854775809",
            "1.0e000",
        ] {
            let text = format!("{{\"a\":[{number},{{\"b\":{number}}}]}}");
            let json = Json::parse(&text, 3).unwrap();
            assert_eq!(serde_json::to_string(&json).unwrap(), text);
            assert_eq!(json.to_string(), text);
        }
    }

    #[test]
    fn is_written_like_any_json() {
        let value = json!({ "a\"b": [null, true, [], {}, "\u{1}\n🙂"], "": { "c": -1.5 } });
        assert_eq!(Json::from(value.clone()).to_string(), value.to_string());
    }

    #[test]
    fn rejects_what_is_not_json() {
        for text in [
            "",
            " ",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "--1",
            "NaN",
            "{",
            "[1,]",
            "{\"a\":1}x",
            "tru",
            "\"\\ud800\"",
        ] {
            assert!(matches!(Json::parse(text, 9), Err(JsonError::Malformed(_))), "{text}");
        }
        assert!(matches!(Json::parse("[[1]]", 1), Err(JsonError::TooDeep)));
        assert!(Json::parse(" [ [ 1 ] ] ", 2).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_survives(text in ".*") {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(Json::parse(&json, 0).unwrap(), Json::String(text));
        }
    }
}
