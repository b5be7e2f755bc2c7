//! The arithmetic of expressions. Whatever does not fit into its type is an error.

use super::budget::{Budget, ExpressionError};
use super::function::Function;
use super::number::nearest_double;
use super::value::{List, Value};
use crate::primitives::Timestamp;

/// The microseconds of the years 0 to 9999 since 1970, which RFC 3339 can express.
const MOMENTS: std::ops::RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

/// Computes `+`, `-`, `*`, `/` or `%`. An int or a uint counts as a double beside a double, which CEL leaves undefined:
/// JSON does not tell `1` from `1.0`.
pub(super) fn compute<'a>(
    function: Function,
    one: &Value<'a>,
    other: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, ExpressionError> {
    match (one, other) {
        (Value::Int(one), Value::Int(other)) => of_ints(function, *one, *other),
        (Value::Uint(one), Value::Uint(other)) => of_uints(function, *one, *other),
        (Value::Double(..), _) | (_, Value::Double(..)) => match (as_double(one), as_double(other)) {
            (Some(a), Some(b)) => of_doubles(function, a, b).ok_or_else(|| undefined(function, one, other)),
            _ => Err(undefined(function, one, other)),
        },
        _ => match function {
            Function::Add => add(one, other, budget),
            Function::Subtract => subtract(one, other),
            _ => Err(undefined(function, one, other)),
        },
    }
}

/// Computes `-value`.
pub(super) fn negate<'a>(value: &Value<'a>) -> Result<Value<'a>, ExpressionError> {
    match value {
        Value::Int(number) => number.checked_neg().map(Value::Int).ok_or_else(overflow),
        Value::Double(number, _) => Ok(Value::double(-number)),
        other => Err(ExpressionError::failed(format!("cannot negate {}", other.kind()))),
    }
}

/// Returns a moment of the years 0 to 9999.
pub(super) fn moment<'a>(microseconds: Option<i64>) -> Result<Value<'a>, ExpressionError> {
    let moment = microseconds.filter(|microseconds| MOMENTS.contains(microseconds));
    let moment = moment.and_then(Timestamp::from_unix_microseconds).map(Value::Timestamp);
    moment.ok_or_else(|| ExpressionError::failed("the timestamp is outside of the years 0 to 9999"))
}

/// Creates the error for an operator that is not defined for its values.
pub(super) fn undefined(function: Function, one: &Value<'_>, other: &Value<'_>) -> ExpressionError {
    let (name, one, other) = (function.name(), one.kind(), other.kind());
    ExpressionError::failed(format!("{name} is not defined for {one} and {other}"))
}

/// Creates the error for a number that is too large.
pub(super) fn overflow() -> ExpressionError {
    ExpressionError::failed("the number does not fit into 64 bits")
}

fn of_ints<'a>(function: Function, one: i64, other: i64) -> Result<Value<'a>, ExpressionError> {
    let result = match function {
        Function::Add => one.checked_add(other),
        Function::Subtract => one.checked_sub(other),
        Function::Multiply => one.checked_mul(other),
        _ if other == 0 => return Err(division_by_zero()),
        Function::Divide => one.checked_div(other),
        _ => one.checked_rem(other),
    };
    result.map(Value::Int).ok_or_else(overflow)
}

fn of_uints<'a>(function: Function, one: u64, other: u64) -> Result<Value<'a>, ExpressionError> {
    let result = match function {
        Function::Add => one.checked_add(other),
        Function::Subtract => one.checked_sub(other),
        Function::Multiply => one.checked_mul(other),
        _ if other == 0 => return Err(division_by_zero()),
        Function::Divide => one.checked_div(other),
        _ => one.checked_rem(other),
    };
    result.map(Value::Uint).ok_or_else(overflow)
}

fn of_doubles<'a>(function: Function, one: f64, other: f64) -> Option<Value<'a>> {
    match function {
        Function::Add => Some(one + other),
        Function::Subtract => Some(one - other),
        Function::Multiply => Some(one * other),
        Function::Divide => Some(one / other),
        _ => None,
    }
    .map(Value::double)
}

fn as_double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(number) => Some(nearest_double(i128::from(*number))),
        Value::Uint(number) => Some(nearest_double(i128::from(*number))),
        Value::Double(number, _) => Some(*number),
        _ => None,
    }
}

fn add<'a>(one: &Value<'a>, other: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, ExpressionError> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => {
            budget.pay_text(one.len() + other.len())?;
            Ok(Value::text([&**one, &**other].concat()))
        }
        (Value::Bytes(one), Value::Bytes(other)) => {
            budget.pay_text(one.len() + other.len())?;
            Ok(Value::Bytes([&**one, &**other].concat().into()))
        }
        (Value::List(one), Value::List(other)) => join(one, other, budget),
        (Value::Timestamp(time), Value::Duration(span)) | (Value::Duration(span), Value::Timestamp(time)) => {
            moment(time.unix_microseconds().checked_add(*span))
        }
        (Value::Duration(one), Value::Duration(other)) => {
            one.checked_add(*other).map(Value::Duration).ok_or_else(overflow)
        }
        _ => Err(undefined(Function::Add, one, other)),
    }
}

fn subtract<'a>(one: &Value<'a>, other: &Value<'a>) -> Result<Value<'a>, ExpressionError> {
    let span = match (one, other) {
        (Value::Timestamp(time), Value::Duration(span)) => {
            return moment(time.unix_microseconds().checked_sub(*span));
        }
        (Value::Timestamp(one), Value::Timestamp(other)) => {
            one.unix_microseconds().checked_sub(other.unix_microseconds())
        }
        (Value::Duration(one), Value::Duration(other)) => one.checked_sub(*other),
        _ => return Err(undefined(Function::Subtract, one, other)),
    };
    span.map(Value::Duration).ok_or_else(overflow)
}

fn join<'a>(one: &List<'a>, other: &List<'a>, budget: &mut Budget) -> Result<Value<'a>, ExpressionError> {
    budget.pay(one.len() + other.len())?;
    let mut items = Vec::with_capacity(one.len() + other.len());
    for list in [one, other] {
        for index in 0..list.len() {
            items.extend(list.get(index, budget)?);
        }
    }
    Value::list(items)
}

fn division_by_zero() -> ExpressionError {
    ExpressionError::failed("division by zero")
}
