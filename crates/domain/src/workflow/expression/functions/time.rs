//! Timestamps and durations. Both count microseconds.

use chrono::{Datelike as _, FixedOffset, NaiveDateTime, Timelike as _};
use chrono_tz::Tz;

use super::super::arithmetic::moment;
use super::super::budget::ExpressionError;
use super::super::function::{Function, TimePart};
use super::super::value::Value;
use super::conversion::{impossible, unreadable};
use super::undefined;
use crate::primitives::Timestamp;

type Returned<'a> = Result<Value<'a>, ExpressionError>;

/// `timestamp(value)`, of RFC 3339 or of seconds since 1970.
pub(super) fn to_timestamp<'a>(value: &Value<'a>) -> Returned<'a> {
    match value {
        Value::Timestamp(moment) => Ok(Value::Timestamp(*moment)),
        Value::Text(text) => {
            text.parse().map(Value::Timestamp).map_err(|_| unreadable("a moment in RFC 3339"))
        }
        Value::Int(seconds) => moment(seconds.checked_mul(1_000_000)),
        other => Err(impossible("a timestamp", other)),
    }
}

/// `duration(value)`, of numbers with units, such as `1h30m` or `-1.5s`.
pub(super) fn to_duration<'a>(value: &Value<'a>) -> Returned<'a> {
    match value {
        Value::Duration(microseconds) => Ok(Value::Duration(*microseconds)),
        Value::Text(text) => {
            microseconds(text).map(Value::Duration).ok_or_else(|| unreadable("a duration, such as 1h30m"))
        }
        other => Err(impossible("a duration", other)),
    }
}

/// Returns a part of a timestamp, as clocks of a time zone show it, or of a duration.
pub(super) fn part_of<'a>(part: TimePart, value: &Value<'a>, zone: &str) -> Returned<'a> {
    match value {
        Value::Timestamp(moment) => Ok(Value::Int(part_of_time(part, local(*moment, zone)?).into())),
        Value::Duration(microseconds) => part_of_duration(part, *microseconds).map(Value::Int),
        other => Err(undefined(Function::Time(part), std::slice::from_ref(other))),
    }
}

/// Returns what the clocks show in a time zone: one with an IANA name, or an offset such as `+02:00`.
fn local(moment: Timestamp, zone: &str) -> Result<NaiveDateTime, ExpressionError> {
    let moment = moment.as_datetime();
    if let Ok(zone) = zone.parse::<Tz>() {
        return Ok(moment.with_timezone(&zone).naive_local());
    }
    match zone.parse::<FixedOffset>() {
        Ok(offset) => Ok(moment.with_timezone(&offset).naive_local()),
        Err(_) => Err(unreadable("an IANA time zone or an offset, such as +02:00")),
    }
}

fn part_of_time(part: TimePart, time: NaiveDateTime) -> i32 {
    let number = match part {
        TimePart::FullYear => return time.year(),
        TimePart::Month => time.month0(),
        TimePart::Date => time.day(),
        TimePart::DayOfMonth => time.day0(),
        TimePart::DayOfYear => time.ordinal0(),
        TimePart::DayOfWeek => time.weekday().num_days_from_sunday(),
        TimePart::Hours => time.hour(),
        TimePart::Minutes => time.minute(),
        TimePart::Seconds => time.second(),
        TimePart::Milliseconds => time.nanosecond() / 1_000_000,
    };
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Hours, minutes and seconds are those of the whole duration, milliseconds those of its last second.
fn part_of_duration(part: TimePart, microseconds: i64) -> Result<i64, ExpressionError> {
    match part {
        TimePart::Hours => Ok(microseconds / 3_600_000_000),
        TimePart::Minutes => Ok(microseconds / 60_000_000),
        TimePart::Seconds => Ok(microseconds / 1_000_000),
        TimePart::Milliseconds => Ok(microseconds / 1_000 % 1_000),
        _ => Err(undefined(Function::Time(part), &[Value::Duration(microseconds)])),
    }
}

/// Reads a duration. Below a microsecond, nothing counts.
fn microseconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanoseconds: i128 = 0;
    while !rest.is_empty() {
        let is_number = |character: char| character.is_ascii_digit() || character == '.';
        let (number, others) = rest.split_at(rest.find(|character| !is_number(character))?);
        let (unit, others) = others.split_at(others.find(is_number).unwrap_or(others.len()));
        nanoseconds = nanoseconds.checked_add(scaled(number, nanoseconds_in(unit)?)?)?;
        rest = others;
    }
    i64::try_from(sign * (nanoseconds / 1_000)).ok()
}

fn nanoseconds_in(unit: &str) -> Option<i128> {
    Some(match unit {
        "h" => 3_600_000_000_000,
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" | "µs" | "μs" => 1_000,
        "ns" => 1,
        _ => return None,
    })
}

/// Multiplies a decimal number with a unit.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || whole.len() > 20 {
        return None;
    }
    let mut total = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.into() };
    total *= unit;
    let mut place = unit;
    for digit in fraction.chars() {
        place /= 10;
        total += i128::from(digit.to_digit(10)?) * place;
    }
    Some(total)
}
