//! When something recurs: a cron pattern in a time zone.

mod fields;
#[cfg(test)]
mod tests;

use chrono::{
    DateTime, Datelike as _, LocalResult, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::{GapInfo, Tz};
use fields::Fields;

use crate::directory::TimeZone;
use crate::primitives::{Reason, Timestamp, Violation, Violations};

/// When something recurs: a cron pattern with five fields, minute, hour, day of month, month and day of week, in a time
/// zone.
///
/// Fields are lists of values, names (`JAN`, `MON`), ranges and steps; `@hourly`, `@daily`, `@weekly`, `@monthly` and
/// `@yearly` stand for whole patterns. If neither the day of the month nor that of the week begins with `*`, either
/// suffices.
///
/// A pattern whose minute or hour begins with `*` means periods: it has each matching minute that the clocks show, however
/// they are changed. So `*/15 * * * *` has each quarter of an hour that passes. Other patterns mean times of the day, and
/// have each once: of a time that the clocks show twice the first, and for times that they skip the first moment after
/// the gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    fields: Fields,
    timezone: Tz,
}

/// How many years lie at most between two days of a pattern: a 29th of February may have to be a certain day of the week.
const MOST_YEARS: i32 = 50;
/// The most that clocks have been put back at once since 1970: what they show is later than all that they showed longer ago.
const MOST_PUT_BACK: TimeDelta = TimeDelta::hours(3);

impl Schedule {
    /// The most times that [`count_between`](Self::count_between) counts.
    pub const MAXIMUM_COUNT: u32 = 1_000;

    /// Reads a pattern of at most 256 bytes, and the IANA name of a time zone in any case. The fields of the violations are
    /// `cron` and `timezone`. A pattern that has no days, such as the 31st of February, is invalid.
    pub fn parse(cron: &str, timezone: &str) -> Result<Self, Violations> {
        let mut violations = Violations::new();
        let fields = violations.check("cron", Fields::parse(cron));
        let timezone = violations.check("timezone", zone(timezone));
        match (fields, timezone) {
            (Some(fields), Some(timezone)) => Ok(Self { fields, timezone }),
            _ => Err(violations),
        }
    }

    /// Returns the first time after a moment, or `None` if there is none until the year 9999.
    pub fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let moment = moment.as_datetime();
        if !(0..=9999).contains(&moment.year()) {
            return None;
        }
        let shown = self.timezone.from_utc_datetime(&moment.naive_utc()).naive_local();
        let mut next: Option<DateTime<Utc>> = None;
        let mut last_to_try = NaiveDateTime::MAX;
        for time in self.times_from(shown - MOST_PUT_BACK) {
            if time > last_to_try {
                break;
            }
            for candidate in self.moments_of(time).into_iter().flatten().filter(|found| *found > moment) {
                if next.is_none() {
                    last_to_try = time + MOST_PUT_BACK;
                }
                next = Some(next.map_or(candidate, |next| next.min(candidate)));
            }
        }
        next.map(Timestamp::from)
    }

    /// Counts the times after a moment until another one, which counts, up to 1,000.
    pub fn count_between(&self, after: Timestamp, until: Timestamp) -> u32 {
        let next = |moment: &Timestamp| self.next_after(*moment).filter(|next| *next <= until);
        let most = usize::try_from(Self::MAXIMUM_COUNT).unwrap_or(usize::MAX);
        let found = std::iter::successors(next(&after), next).take(most).count();
        u32::try_from(found).unwrap_or(Self::MAXIMUM_COUNT)
    }

    /// Returns the times that the pattern has, whether clocks show them or not, in order.
    fn times_from(&self, first: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        let dates =
            std::iter::successors(self.date_from(first.date()), |date| self.date_from(date.succ_opt()?));
        let times = dates.flat_map(|date| {
            self.fields.times().filter_map(move |(hour, minute)| date.and_hms_opt(hour, minute, 0))
        });
        times.skip_while(move |time| *time < first)
    }

    /// Returns the first day of the pattern from a day on.
    fn date_from(&self, first: NaiveDate) -> Option<NaiveDate> {
        let last_year = (first.year() + MOST_YEARS).min(9999);
        let mut date = first;
        while date.year() <= last_year {
            if self.fields.has_date(date) {
                return Some(date);
            }
            date = if self.fields.has_month(date.month()) {
                date.succ_opt()?
            } else {
                date.with_day(1)?.checked_add_months(Months::new(1))?
            };
        }
        None
    }

    /// Returns when a time of the pattern counts: the moments at which the clocks show it, or what stands for them.
    fn moments_of(&self, time: NaiveDateTime) -> [Option<DateTime<Utc>>; 2] {
        let moments = match self.timezone.from_local_datetime(&time) {
            LocalResult::Single(moment) => [Some(moment), None],
            LocalResult::Ambiguous(first, second) => {
                [Some(first), self.fields.is_periodic().then_some(second)]
            }
            LocalResult::None if self.fields.is_periodic() => [None, None],
            LocalResult::None => [GapInfo::new(&time, &self.timezone).and_then(|gap| gap.end), None],
        };
        moments.map(|moment| moment.map(|moment| moment.to_utc()))
    }
}

/// Finds a time zone by its name.
fn zone(name: &str) -> Result<Tz, Violation> {
    let name = TimeZone::parse(name)?;
    let unknown = |_| Violation::new(Reason::Unknown, "must be an IANA time zone, such as America/New_York");
    name.as_str().parse().map_err(unknown)
}
