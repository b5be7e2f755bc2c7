//! Equality and order of values, as CEL defines them: numbers of different types compare by what they amount to.

use std::cmp::Ordering;

use super::budget::{Budget, ExpressionError};
use super::number::whole_part;
use super::value::{List, Map, Text, Value};

/// Returns whether two values are equal. Values of different types are not, numbers excepted.
pub(super) fn equal(
    one: &Value<'_>,
    other: &Value<'_>,
    budget: &mut Budget,
) -> Result<bool, ExpressionError> {
    budget.pay(1)?;
    Ok(match (one, other) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Text(one), Value::Text(other)) => equal_bytes(one.as_bytes(), other.as_bytes(), budget)?,
        (Value::Bytes(one), Value::Bytes(other)) => equal_bytes(one, other, budget)?,
        (Value::List(one), Value::List(other)) => equal_lists(one, other, budget)?,
        (Value::Map(one), Value::Map(other)) => equal_maps(one, other, budget)?,
        (Value::Timestamp(one), Value::Timestamp(other)) => one == other,
        (Value::Duration(one), Value::Duration(other)) => one == other,
        (Value::Type(one), Value::Type(other)) => one == other,
        (Value::Optional(one), Value::Optional(other)) => match (one, other) {
            (Some(one), Some(other)) => equal(one, other, budget)?,
            (one, other) => one.is_none() && other.is_none(),
        },
        _ => order_of_numbers(one, other) == Some(Ordering::Equal),
    })
}

fn equal_bytes(one: &[u8], other: &[u8], budget: &mut Budget) -> Result<bool, ExpressionError> {
    if one.len() != other.len() {
        return Ok(false);
    }
    budget.pay_text(one.len())?;
    Ok(one == other)
}

fn equal_lists(one: &List<'_>, other: &List<'_>, budget: &mut Budget) -> Result<bool, ExpressionError> {
    if one.len() != other.len() {
        return Ok(false);
    }
    for index in 0..one.len() {
        if let (Some(one), Some(other)) = (one.get(index, budget)?, other.get(index, budget)?)
            && !equal(&one, &other, budget)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(one: &Map<'_>, other: &Map<'_>, budget: &mut Budget) -> Result<bool, ExpressionError> {
    if one.len() != other.len() {
        return Ok(false);
    }
    for index in 0..one.len() {
        let (Some(key), Some(value)) = (one.key(index), one.value(index, budget)?) else { continue };
        match look_up(other, &key, budget)? {
            Some(other) if equal(&value, &other, budget)? => {}
            Some(_) | None => return Ok(false),
        }
    }
    Ok(true)
}

/// Returns the value of a key, or `None` if the map has no such key.
pub(super) fn look_up<'a>(
    map: &Map<'a>,
    key: &Value<'_>,
    budget: &mut Budget,
) -> Result<Option<Value<'a>>, ExpressionError> {
    match (map, key) {
        (Map::Borrowed(members), Value::Text(key)) => {
            budget.pay_text(key.len())?;
            members.get(&**key).map(|value| Value::of_json(value, budget)).transpose()
        }
        (Map::Borrowed(_), _) => Ok(None),
        (Map::Made(made), key) => {
            for (candidate, value) in &made.items {
                if equal(candidate, key, budget)? {
                    return Ok(Some(value.clone()));
                }
            }
            Ok(None)
        }
    }
}

/// Looks a text up, as `map.key` does.
pub(super) fn look_up_text<'a>(
    map: &Map<'a>,
    key: &str,
    budget: &mut Budget,
) -> Result<Option<Value<'a>>, ExpressionError> {
    look_up(map, &Value::Text(Text::Borrowed(key)), budget)
}

/// Returns the order of two values, or `None` if they have none: values of different types, and `NaN`.
pub(super) fn order(
    one: &Value<'_>,
    other: &Value<'_>,
    budget: &mut Budget,
) -> Result<Option<Ordering>, ExpressionError> {
    Ok(match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::Text(one), Value::Text(other)) => {
            budget.pay_text(one.len().min(other.len()))?;
            Some((**one).cmp(&**other))
        }
        (Value::Bytes(one), Value::Bytes(other)) => {
            budget.pay_text(one.len().min(other.len()))?;
            Some(one.cmp(other))
        }
        (Value::Timestamp(one), Value::Timestamp(other)) => Some(one.cmp(other)),
        (Value::Duration(one), Value::Duration(other)) => Some(one.cmp(other)),
        _ => order_of_numbers(one, other),
    })
}

fn order_of_numbers(one: &Value<'_>, other: &Value<'_>) -> Option<Ordering> {
    match (one, other) {
        (Value::Double(one, _), Value::Double(other, _)) => one.partial_cmp(other),
        (Value::Double(one, _), other) => Some(order_of_whole(integer(other)?, *one)?.reverse()),
        (one, Value::Double(other, _)) => order_of_whole(integer(one)?, *other),
        (one, other) => Some(integer(one)?.cmp(&integer(other)?)),
    }
}

fn integer(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        _ => None,
    }
}

/// Compares an integer with a double, without rounding either.
fn order_of_whole(integer: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    let Some(whole) = whole_part(double) else {
        return Some(if double > 0.0 { Ordering::Less } else { Ordering::Greater });
    };
    let fraction = 0.0_f64.partial_cmp(&double.fract())?;
    Some(integer.cmp(&whole).then(fraction))
}
