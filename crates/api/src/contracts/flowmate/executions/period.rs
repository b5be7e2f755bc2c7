//! The days in which executions are counted.

use chrono::{Months, NaiveTime};
use denizen_domain::{Reason, Timestamp, Violation};

/// From the beginning of a day until before the beginning of another, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// The longest period, in days.
const LONGEST: i64 = 366;

impl Period {
    /// Returns the period with these days and all between them. The last is today unless one is given, and the first the same
    /// day of the month before it. Fails unless the first is before the last, and a year away from it at most.
    pub(super) fn of(
        start: Option<Timestamp>,
        end: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, Violation> {
        let day = |moment: Timestamp| moment.as_datetime().date_naive();
        let last = day(end.unwrap_or(now));
        let first = start.map(day).or_else(|| last.checked_sub_months(Months::new(1)));
        let (Some(first), Some(after)) = (first, last.succ_opt()) else { return Err(too_long()) };
        if first > last {
            return Err(Violation::new(Reason::OutOfRange, "must not be after the end"));
        }
        if (after - first).num_days() > LONGEST {
            return Err(too_long());
        }
        let beginning = |day: chrono::NaiveDate| {
            let microseconds = day.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
            Timestamp::from_unix_microseconds(microseconds).ok_or_else(too_long)
        };
        Ok(Self { from: beginning(first)?, until: beginning(after)? })
    }
}

fn too_long() -> Violation {
    Violation::new(Reason::OutOfRange, format!("must be at most {LONGEST} days before the end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_both_of_its_days_and_is_a_month_unless_it_is_given() {
        let moment = |text: &str| Timestamp::from_filter(text).unwrap();
        let period = |start: Option<&str>, end: Option<&str>| {
            Period::of(start.map(moment), end.map(moment), moment("2024-03-31T10:30:00Z"))
                .map(|period| format!("{} {}", period.from, period.until))
                .map_err(|violation| violation.message)
        };
        for (start, end, expected) in [
            (None, None, "2024-02-29 2024-04-01"),
            (Some("2024-03-31"), None, "2024-03-31 2024-04-01"),
            (None, Some("2024-01-01"), "2023-12-01 2024-01-02"),
            (Some("2024-01-15T10:30:00Z"), Some("2024-01-15"), "2024-01-15 2024-01-16"),
            (Some("2024-01-01"), Some("2024-12-31"), "2024-01-01 2025-01-01"),
        ] {
            let days: Vec<_> = expected.split(' ').map(|day| moment(day).to_string()).collect();
            assert_eq!(period(start, end), Ok(days.join(" ")), "{start:?} {end:?}");
        }
        assert!(period(Some("2024-01-02"), Some("2024-01-01")).is_err());
        assert!(period(Some("2023-12-31"), Some("2024-12-31")).is_err());
    }
}
