//! The values of expressions. Those of variables are borrowed: only what an expression makes is stored.

use std::ops::Deref;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::budget::{Budget, ExpressionError};
use crate::primitives::{Json, JsonNumber, JsonObject, Timestamp};

/// A value of an expression.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    /// A double. One that comes from JSON keeps its spelling.
    Double(f64, Option<&'a JsonNumber>),
    Text(Text<'a>),
    Bytes(Rc<[u8]>),
    List(List<'a>),
    Map(Map<'a>),
    Timestamp(Timestamp),
    /// A duration, in microseconds.
    Duration(i64),
    /// A type, by its name.
    Type(&'static str),
    /// What optional chaining returns: a value, or none.
    Optional(Option<Rc<Value<'a>>>),
}

/// A text, of a variable or made.
#[derive(Debug, Clone)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Made(Rc<str>),
}

/// A list, of a variable or made.
#[derive(Debug, Clone)]
pub(super) enum List<'a> {
    Borrowed(&'a [Json]),
    Made(Rc<Made<Value<'a>>>),
}

/// A map, of a variable or made.
#[derive(Debug, Clone)]
pub(super) enum Map<'a> {
    Borrowed(&'a JsonObject),
    Made(Rc<Made<(Value<'a>, Value<'a>)>>),
}

/// What an expression has put together, with the number of levels that it has put around values of variables.
#[derive(Debug)]
pub(super) struct Made<T> {
    levels: usize,
    pub(super) items: Vec<T>,
}

impl<'a> Value<'a> {
    /// Returns a value of JSON. Integers that fit into 64 bits are ints, other numbers are doubles.
    pub(super) fn of_json(json: &'a Json, budget: &mut Budget) -> Result<Self, ExpressionError> {
        Ok(match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => {
                budget.pay_text(number.as_str().len())?;
                number.as_str().parse().map_or_else(|_| Self::spelled(number), Self::Int)
            }
            Json::String(text) => Self::Text(Text::Borrowed(text)),
            Json::Array(items) => Self::List(List::Borrowed(items)),
            Json::Object(members) => Self::Map(Map::Borrowed(members)),
        })
    }

    fn spelled(number: &'a JsonNumber) -> Self {
        Self::Double(number.as_str().parse().unwrap_or(f64::NAN), Some(number))
    }

    /// Returns a double that was computed.
    pub(super) fn double(value: f64) -> Self {
        Self::Double(value, None)
    }

    /// Returns a text that was made.
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(Text::Made(text.into()))
    }

    /// Returns a list of these values. Fails if it has too many levels.
    pub(super) fn list(items: Vec<Self>) -> Result<Self, ExpressionError> {
        let levels = items.iter().map(Self::levels).max();
        Ok(Self::List(List::Made(Rc::new(Made { levels: one_more(levels)?, items }))))
    }

    /// Returns a map of these entries, whose keys differ. Fails if it has too many levels.
    pub(super) fn map(items: Vec<(Self, Self)>) -> Result<Self, ExpressionError> {
        let levels = items.iter().map(|(_, value)| value.levels()).max();
        Ok(Self::Map(Map::Made(Rc::new(Made { levels: one_more(levels)?, items }))))
    }

    /// Returns how many levels were put around values of variables.
    fn levels(&self) -> usize {
        match self {
            Self::List(List::Made(made)) => made.levels,
            Self::Map(Map::Made(made)) => made.levels,
            Self::Optional(Some(value)) => value.levels(),
            _ => 0,
        }
    }

    /// Returns the name of the value's type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(..) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Timestamp(_) => "timestamp",
            Self::Duration(_) => "duration",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
        }
    }

    /// Returns what kind of value it is, for a sentence: "an int", "null".
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an int",
            Self::Uint(_) => "a uint",
            Self::Double(..) => "a double",
            Self::Text(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Timestamp(_) => "a timestamp",
            Self::Duration(_) => "a duration",
            Self::Type(_) => "a type",
            Self::Optional(_) => "an optional value",
        }
    }

    /// Returns the value as JSON: times as RFC 3339, durations in seconds (`90s`), bytes in Base64, and what is missing as
    /// null. Fails for what JSON cannot express.
    pub(super) fn into_json(self, budget: &mut Budget, levels: usize) -> Result<Json, ExpressionError> {
        self.to_json(budget, levels)
    }

    fn to_json(&self, budget: &mut Budget, levels: usize) -> Result<Json, ExpressionError> {
        budget.pay(1)?;
        Ok(match self {
            Self::Null | Self::Optional(None) => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Int(number) => serde_json::Value::from(*number).into(),
            Self::Uint(number) => serde_json::Value::from(*number).into(),
            Self::Double(_, Some(number)) => {
                budget.pay_text(number.as_str().len())?;
                Json::Number((*number).clone())
            }
            Self::Double(number, None) => double_to_json(*number)?,
            Self::Text(text) => text_to_json(text, budget)?,
            Self::Bytes(bytes) => {
                budget.pay_text(bytes.len() * 2)?;
                Json::String(STANDARD.encode(bytes))
            }
            Self::List(list) => list_to_json(list, budget, levels)?,
            Self::Map(map) => map_to_json(map, budget, levels)?,
            Self::Timestamp(moment) => Json::String(moment.to_string()),
            Self::Duration(microseconds) => Json::String(in_seconds(*microseconds)),
            Self::Type(name) => Json::String((*name).to_owned()),
            Self::Optional(Some(value)) => value.to_json(budget, levels)?,
        })
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl<'a> Text<'a> {
    /// Returns a part of the text, without a copy if the text is a variable's.
    pub(super) fn part(&self, part: impl Fn(&str) -> &str) -> Value<'a> {
        Value::Text(match self {
            Self::Borrowed(text) => Text::Borrowed(part(text)),
            Self::Made(text) => Text::Made(part(text).into()),
        })
    }
}

impl<'a> List<'a> {
    /// Returns the number of elements.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Borrowed(items) => items.len(),
            Self::Made(made) => made.items.len(),
        }
    }

    /// Returns an element, or `None` beyond the end.
    pub(super) fn get(
        &self,
        index: usize,
        budget: &mut Budget,
    ) -> Result<Option<Value<'a>>, ExpressionError> {
        match self {
            Self::Borrowed(items) => items.get(index).map(|item| Value::of_json(item, budget)).transpose(),
            Self::Made(made) => Ok(made.items.get(index).cloned()),
        }
    }
}

impl<'a> Map<'a> {
    /// Returns the number of entries.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Borrowed(members) => members.len(),
            Self::Made(made) => made.items.len(),
        }
    }

    /// Returns the key of an entry, or `None` beyond the end.
    pub(super) fn key(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Borrowed(members) => {
                members.get_index(index).map(|(key, _)| Value::Text(Text::Borrowed(key)))
            }
            Self::Made(made) => made.items.get(index).map(|(key, _)| key.clone()),
        }
    }

    /// Returns the value of an entry, or `None` beyond the end.
    pub(super) fn value(
        &self,
        index: usize,
        budget: &mut Budget,
    ) -> Result<Option<Value<'a>>, ExpressionError> {
        match self {
            Self::Borrowed(members) => {
                members.get_index(index).map(|(_, value)| Value::of_json(value, budget)).transpose()
            }
            Self::Made(made) => Ok(made.items.get(index).map(|(_, value)| value.clone())),
        }
    }
}

fn one_more(levels: Option<usize>) -> Result<usize, ExpressionError> {
    let levels = levels.unwrap_or(0) + 1;
    if levels <= Json::MAXIMUM_LEVELS { Ok(levels) } else { Err(too_deep()) }
}

fn too_deep() -> ExpressionError {
    let most = Json::MAXIMUM_LEVELS;
    ExpressionError::failed(format!("the value has more than {most} levels of lists and maps"))
}

fn double_to_json(number: f64) -> Result<Json, ExpressionError> {
    let number = serde_json::Number::from_f64(number).ok_or_else(|| {
        ExpressionError::failed(format!("the result is {number}, which JSON cannot express"))
    })?;
    Ok(serde_json::Value::Number(number).into())
}

fn text_to_json(text: &str, budget: &mut Budget) -> Result<Json, ExpressionError> {
    budget.pay_text(text.len())?;
    Ok(Json::String(text.to_owned()))
}

fn list_to_json(list: &List<'_>, budget: &mut Budget, levels: usize) -> Result<Json, ExpressionError> {
    let levels = levels.checked_sub(1).ok_or_else(too_deep)?;
    let mut copied = Vec::new();
    match list {
        List::Borrowed(items) => {
            for item in *items {
                copied.push(copy(item, budget, levels)?);
            }
        }
        List::Made(made) => {
            for item in &made.items {
                copied.push(item.to_json(budget, levels)?);
            }
        }
    }
    Ok(Json::Array(copied))
}

fn map_to_json(map: &Map<'_>, budget: &mut Budget, levels: usize) -> Result<Json, ExpressionError> {
    let levels = levels.checked_sub(1).ok_or_else(too_deep)?;
    let mut copied = JsonObject::new();
    match map {
        Map::Borrowed(members) => {
            for (key, value) in *members {
                budget.pay_text(key.len())?;
                copied.insert(key.clone(), copy(value, budget, levels)?);
            }
        }
        Map::Made(made) => {
            for (key, value) in &made.items {
                copied.insert(key_to_text(key, budget)?, value.to_json(budget, levels)?);
            }
        }
    }
    Ok(Json::Object(copied))
}

fn key_to_text(key: &Value<'_>, budget: &mut Budget) -> Result<String, ExpressionError> {
    match key {
        Value::Text(text) => {
            budget.pay_text(text.len())?;
            Ok(text.to_string())
        }
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Int(number) => Ok(number.to_string()),
        Value::Uint(number) => Ok(number.to_string()),
        other => Err(ExpressionError::failed(format!("{} cannot be a key", other.kind()))),
    }
}

/// Copies JSON, within the budget and the levels.
pub(in crate::workflow) fn copy(
    json: &Json,
    budget: &mut Budget,
    levels: usize,
) -> Result<Json, ExpressionError> {
    budget.pay(1)?;
    match json {
        Json::Null | Json::Bool(_) => Ok(json.clone()),
        Json::Number(number) => {
            budget.pay_text(number.as_str().len())?;
            Ok(json.clone())
        }
        Json::String(text) => text_to_json(text, budget),
        Json::Array(items) => list_to_json(&List::Borrowed(items), budget, levels),
        Json::Object(members) => map_to_json(&Map::Borrowed(members), budget, levels),
    }
}

/// Writes a duration in seconds: `90s`, `0.25s`.
pub(super) fn in_seconds(microseconds: i64) -> String {
    let sign = if microseconds < 0 { "-" } else { "" };
    let size = microseconds.unsigned_abs();
    let (seconds, fraction) = (size / 1_000_000, size % 1_000_000);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
    format!("{sign}{seconds}{}s", fraction.trim_end_matches('0'))
}
