//! What the functions of expressions return.

mod conversion;
mod text;
mod time;

use super::budget::{Budget, ExpressionError};
use super::function::Function;
use super::value::Value;

/// Calls a function. Pays for the texts among its values first, of which each function reads all.
pub(super) fn call<'a>(
    function: Function,
    values: &[Value<'a>],
    budget: &mut Budget,
) -> Result<Value<'a>, ExpressionError> {
    for value in values {
        match value {
            Value::Text(text) => budget.pay_text(text.len())?,
            Value::Bytes(bytes) => budget.pay_text(bytes.len())?,
            _ => {}
        }
    }
    match (function, values) {
        (Function::Time(part), [value]) => time::part_of(part, value, "UTC"),
        (Function::Time(part), [value @ Value::Timestamp(_), Value::Text(zone)]) => {
            time::part_of(part, value, zone)
        }
        (Function::Size, [value]) => size(value),
        (Function::TypeOf, [value]) => Ok(Value::Type(value.type_name())),
        (Function::ToInt, [value]) => conversion::to_int(value),
        (Function::ToUint, [value]) => conversion::to_uint(value),
        (Function::ToDouble, [value]) => conversion::to_double(value),
        (Function::ToText, [value]) => conversion::to_text(value),
        (Function::ToBool, [value]) => conversion::to_bool(value),
        (Function::ToBytes, [value]) => conversion::to_bytes(value),
        (Function::ToTimestamp, [value]) => time::to_timestamp(value),
        (Function::ToDuration, [value]) => time::to_duration(value),
        (
            Function::Value | Function::HasValue | Function::OrValue | Function::Or,
            [Value::Optional(value), others @ ..],
        ) => optional(function, value.as_deref(), others.first()),
        (Function::Join, [Value::List(list), separator @ ..]) => text::join(list, separator, budget),
        (function, [Value::Text(target), others @ ..]) => text::call(function, target, others, budget),
        (function, values) => Err(undefined(function, values)),
    }
}

fn size<'a>(value: &Value<'a>) -> Result<Value<'a>, ExpressionError> {
    let size = match value {
        Value::Text(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        other => return Err(ExpressionError::failed(format!("{} has no size", other.kind()))),
    };
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn optional<'a>(
    function: Function,
    value: Option<&Value<'a>>,
    other: Option<&Value<'a>>,
) -> Result<Value<'a>, ExpressionError> {
    match (function, value, other) {
        (Function::HasValue, value, _) => Ok(Value::Bool(value.is_some())),
        (Function::Or, Some(value), _) => Ok(Value::Optional(Some(value.clone().into()))),
        (_, Some(value), _) => Ok(value.clone()),
        (Function::OrValue, None, Some(other)) | (Function::Or, None, Some(other @ Value::Optional(_))) => {
            Ok(other.clone())
        }
        (Function::Value, None, _) => Err(ExpressionError::failed("there is no value")),
        (function, None, other) => {
            Err(undefined(function, other.map(std::slice::from_ref).unwrap_or_default()))
        }
    }
}

/// Creates the error for a function that is not defined for its values.
fn undefined(function: Function, values: &[Value<'_>]) -> ExpressionError {
    let kinds: Vec<_> = values.iter().map(Value::kind).collect();
    ExpressionError::failed(format!("{} is not defined for {}", function.name(), kinds.join(" and ")))
}
