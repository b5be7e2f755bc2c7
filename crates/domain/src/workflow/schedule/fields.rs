//! The five fields of a cron pattern.

use std::ops::RangeInclusive;

use chrono::{Datelike as _, NaiveDate};

use crate::primitives::{Reason, Violation};

/// The most bytes of a pattern.
const MAXIMUM_LENGTH: usize = 256;
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// The most days of each month.
const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Which minutes a pattern has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

/// The values of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    /// A bit for each value.
    values: u64,
    /// Whether it begins with `*`.
    is_open: bool,
}

/// What a field counts.
struct Unit {
    name: &'static str,
    limits: RangeInclusive<u32>,
    names: &'static [&'static str],
}

const MINUTE: Unit = Unit { name: "a minute", limits: 0..=59, names: &[] };
const HOUR: Unit = Unit { name: "an hour", limits: 0..=23, names: &[] };
const DAY: Unit = Unit { name: "a day of month", limits: 1..=31, names: &[] };
const MONTH: Unit = Unit { name: "a month", limits: 1..=12, names: &MONTHS };
/// Sunday is 0, and also 7.
const WEEKDAY: Unit = Unit { name: "a day of week", limits: 0..=7, names: &WEEKDAYS };

impl Fields {
    /// Reads a pattern.
    pub(super) fn parse(pattern: &str) -> Result<Self, Violation> {
        if pattern.len() > MAXIMUM_LENGTH {
            let rule = format!("must have at most {MAXIMUM_LENGTH} bytes");
            return Err(Violation::new(Reason::TooLong, rule));
        }
        let texts: Vec<&str> = in_full(pattern.trim())?.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = texts.as_slice() else {
            let found = texts.len();
            let seconds = if found == 6 { "; seconds are not possible" } else { "" };
            return Err(malformed(&format!(
                "must have five fields, minute, hour, day of month, month and day of week, not {found}{seconds}"
            )));
        };
        let mut weekday = Field::parse(weekday, &WEEKDAY)?;
        weekday.values |= weekday.values >> 7 & 1;
        let fields = Self {
            minute: Field::parse(minute, &MINUTE)?,
            hour: Field::parse(hour, &HOUR)?,
            day: Field::parse(day, &DAY)?,
            month: Field::parse(month, &MONTH)?,
            weekday,
        };
        if fields.has_days() { Ok(fields) } else { Err(malformed("must have a day that its months have")) }
    }

    /// Returns whether the minute or the hour begins with `*`: then the pattern means periods, not times of the day.
    pub(super) fn is_periodic(&self) -> bool {
        self.minute.is_open || self.hour.is_open
    }

    /// Returns whether it has a month.
    pub(super) fn has_month(&self, month: u32) -> bool {
        self.month.has(month)
    }

    /// Returns whether it has a day. If both the day of the month and that of the week are restricted, either suffices.
    pub(super) fn has_date(&self, date: NaiveDate) -> bool {
        let day = self.day.has(date.day());
        let weekday = self.weekday.has(date.weekday().num_days_from_sunday());
        self.has_month(date.month()) && if self.either_day() { day || weekday } else { day && weekday }
    }

    /// Returns the hours and minutes of a day, in order.
    pub(super) fn times(&self) -> impl Iterator<Item = (u32, u32)> {
        let hours = (0..24).filter(|hour| self.hour.has(*hour));
        hours.flat_map(|hour| {
            (0..60).filter(|minute| self.minute.has(*minute)).map(move |minute| (hour, minute))
        })
    }

    fn either_day(&self) -> bool {
        !self.day.is_open && !self.weekday.is_open
    }

    /// Returns whether any of the months has any of the days.
    fn has_days(&self) -> bool {
        let has_day = |length: u32| (1..=length).any(|day| self.day.has(day));
        let mut months = (1..).zip(LENGTHS).filter(|(month, _)| self.has_month(*month));
        self.either_day() || months.any(|(_, length)| has_day(length))
    }
}

impl Field {
    fn parse(text: &str, unit: &Unit) -> Result<Self, Violation> {
        let mut values = 0;
        for item in text.split(',') {
            values |= unit.item(item)?;
        }
        Ok(Self { values, is_open: text.starts_with('*') })
    }

    fn has(&self, value: u32) -> bool {
        self.values >> value & 1 == 1
    }
}

impl Unit {
    /// Reads `*`, `5`, `1-5`, `*/2` or `1-5/2`. Returns a bit for each value.
    fn item(&self, text: &str) -> Result<u64, Violation> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (text, None),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (self.value(first)?, self.value(last)?),
            None if range == "*" => (*self.limits.start(), *self.limits.end()),
            None if step.is_some() => {
                let rule = format!("must have a range before the step of {text}, such as */2 or 1-5/2");
                return Err(malformed(&rule));
            }
            None => (self.value(range)?, self.value(range)?),
        };
        // Weeks can end with Sunday.
        let last = if last == 0 && *self.limits.end() == 7 && first > 0 { 7 } else { last };
        if first > last {
            return Err(malformed(&format!("must not have a range whose end comes first, as in {text}")));
        }
        let step = step.map_or(Ok(1), |step| self.step(step))?;
        Ok((first..=last).step_by(step).fold(0, |values, value| values | 1 << value))
    }

    fn value(&self, text: &str) -> Result<u32, Violation> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named.and_then(|index| u32::try_from(index).ok()) {
            Some(index) => Some(index + self.limits.start()),
            None => number(text).filter(|value| self.limits.contains(value)),
        };
        value.ok_or_else(|| {
            let (first, last) = (self.limits.start(), self.limits.end());
            let rule = format!("must have {} of {first} to {last}, not {text}", self.name);
            Violation::new(Reason::OutOfRange, rule)
        })
    }

    fn step(&self, text: &str) -> Result<usize, Violation> {
        let most = self.limits.end() - self.limits.start();
        let step = number(text).filter(|step| (1..=most).contains(step));
        step.and_then(|step| usize::try_from(step).ok()).ok_or_else(|| {
            let rule = format!("must have a step of 1 to {most} for {}, not {text}", self.name);
            Violation::new(Reason::OutOfRange, rule)
        })
    }
}

/// Returns the five fields of a pattern that is a single word.
fn in_full(pattern: &str) -> Result<&str, Violation> {
    if !pattern.starts_with('@') {
        return Ok(pattern);
    }
    match pattern.to_ascii_lowercase().as_str() {
        "@hourly" => Ok("0 * * * *"),
        "@daily" | "@midnight" => Ok("0 0 * * *"),
        "@weekly" => Ok("0 0 * * 0"),
        "@monthly" => Ok("0 0 1 * *"),
        "@yearly" | "@annually" => Ok("0 0 1 1 *"),
        _ => Err(malformed(
            "must be one of @hourly, @daily, @weekly, @monthly and @yearly, or have five fields",
        )),
    }
}

/// Reads digits only: `u32` would also read a sign.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn malformed(rule: &str) -> Violation {
    Violation::new(Reason::InvalidFormat, rule)
}
