//! Conversions between types.

use super::super::arithmetic::overflow;
use super::super::budget::ExpressionError;
use super::super::number::{nearest_double, whole_part};
use super::super::value::{Value, in_seconds};

type Converted<'a> = Result<Value<'a>, ExpressionError>;

/// `int(value)`: doubles lose their fraction, timestamps become seconds since 1970.
pub(super) fn to_int<'a>(value: &Value<'a>) -> Converted<'a> {
    let number = match value {
        Value::Int(number) => Some(*number),
        Value::Uint(number) => i64::try_from(*number).ok(),
        Value::Double(number, _) => whole_part(*number).and_then(|number| i64::try_from(number).ok()),
        Value::Timestamp(moment) => Some(moment.unix_seconds()),
        Value::Text(text) => return text.parse().map(Value::Int).map_err(|_| unreadable("an int")),
        other => return Err(impossible("an int", other)),
    };
    number.map(Value::Int).ok_or_else(overflow)
}

/// `uint(value)`: doubles lose their fraction.
pub(super) fn to_uint<'a>(value: &Value<'a>) -> Converted<'a> {
    let number = match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Uint(number) => Some(*number),
        Value::Double(number, _) => whole_part(*number).and_then(|number| u64::try_from(number).ok()),
        Value::Text(text) => return text.parse().map(Value::Uint).map_err(|_| unreadable("a uint")),
        other => return Err(impossible("a uint", other)),
    };
    number.map(Value::Uint).ok_or_else(overflow)
}

/// `double(value)`
pub(super) fn to_double<'a>(value: &Value<'a>) -> Converted<'a> {
    match value {
        Value::Int(number) => Ok(Value::double(nearest_double(i128::from(*number)))),
        Value::Uint(number) => Ok(Value::double(nearest_double(i128::from(*number)))),
        Value::Double(..) => Ok(value.clone()),
        Value::Text(text) => text.parse().map(Value::double).map_err(|_| unreadable("a double")),
        other => Err(impossible("a double", other)),
    }
}

/// `string(value)`: times as RFC 3339, durations in seconds, bytes as UTF-8.
pub(super) fn to_text<'a>(value: &Value<'a>) -> Converted<'a> {
    let text = match value {
        Value::Text(_) => return Ok(value.clone()),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(_, Some(number)) => number.as_str().to_owned(),
        Value::Double(number, None) => number.to_string(),
        Value::Timestamp(moment) => moment.to_string(),
        Value::Duration(microseconds) => in_seconds(*microseconds),
        Value::Type(name) => (*name).to_owned(),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Err(ExpressionError::failed("the bytes are not UTF-8")),
        },
        other => return Err(impossible("a string", other)),
    };
    Ok(Value::text(text))
}

/// `bool(value)`
pub(super) fn to_bool<'a>(value: &Value<'a>) -> Converted<'a> {
    match value {
        Value::Bool(flag) => Ok(Value::Bool(*flag)),
        Value::Text(text) => match &**text {
            "true" | "True" | "TRUE" | "t" | "1" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "0" => Ok(Value::Bool(false)),
            _ => Err(unreadable("a bool")),
        },
        other => Err(impossible("a bool", other)),
    }
}

/// `bytes(value)`
pub(super) fn to_bytes<'a>(value: &Value<'a>) -> Converted<'a> {
    match value {
        Value::Bytes(_) => Ok(value.clone()),
        Value::Text(text) => Ok(Value::Bytes(text.as_bytes().into())),
        other => Err(impossible("bytes", other)),
    }
}

/// Creates the error for a text that does not spell a value.
pub(super) fn unreadable(kind: &str) -> ExpressionError {
    ExpressionError::failed(format!("the string is not {kind}"))
}

/// Creates the error for a value of a type that cannot be converted.
pub(super) fn impossible(kind: &str, value: &Value<'_>) -> ExpressionError {
    ExpressionError::failed(format!("{} cannot become {kind}", value.kind()))
}
