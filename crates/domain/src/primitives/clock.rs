//! The source of time and ids. Neither comes from a database or directly from the standard library: tests set the
//! clock and repeat the ids.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Datelike as _, SecondsFormat, SubsecRound as _, Utc};
use serde::Serialize;
use uuid::{ContextV7, Uuid};

use super::{Reason, Violation, from_text};

/// A moment in UTC, truncated to whole microseconds, which both databases store exactly.
///
/// Displays and serializes as RFC 3339 with `Z` and six decimal places. The texts sort like the moments.
///
/// ```
/// use std::time::Duration;
/// use denizen_domain::{Clock as _, ManualClock};
///
/// let clock = ManualClock::at("2024-01-15T10:30:00+01:00".parse()?);
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(clock.now().to_string(), "2024-01-15T09:30:01.000000Z");
/// # Ok::<(), denizen_domain::InvalidTimestamp>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Returns the moment this many microseconds after 1970, or `None` beyond the year 262,000.
    pub fn from_unix_microseconds(microseconds: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(microseconds).map(Self)
    }

    /// Parses a time that a filter compares with: RFC 3339, or a day such as `2024-01-15`, which begins at midnight UTC.
    /// A blank before an offset counts as `+`, which query strings turn into a blank unless it is encoded.
    pub fn from_filter(text: &str) -> Result<Self, InvalidTimestamp> {
        if text.len() == "2024-01-15".len() {
            return format!("{text}T00:00:00Z").parse();
        }
        match text.rsplit_once(' ') {
            Some((time, offset)) if offset.len() == "00:00".len() => format!("{time}+{offset}").parse(),
            Some(_) | None => text.parse(),
        }
    }

    /// Returns the microseconds since 1970.
    pub fn unix_microseconds(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Returns the whole seconds since 1970, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// Returns the moment as chrono's type.
    pub fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }

    /// Adds a duration. Returns the last possible moment on overflow.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let later = chrono::Duration::from_std(duration)
            .ok()
            .and_then(|duration| self.0.checked_add_signed(duration));
        Self(later.unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// Subtracts a duration. Returns the first possible moment on overflow.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let earlier = chrono::Duration::from_std(duration)
            .ok()
            .and_then(|duration| self.0.checked_sub_signed(duration));
        Self(earlier.unwrap_or(DateTime::<Utc>::MIN_UTC))
    }

    /// Returns the time since an earlier moment, or zero if that moment is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.signed_duration_since(earlier.0).to_std().unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.trunc_subsecs(6))
    }
}

/// The error for a text that is not RFC 3339, or lies outside the years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a moment in RFC 3339")]
pub struct InvalidTimestamp;

impl From<InvalidTimestamp> for Violation {
    fn from(InvalidTimestamp: InvalidTimestamp) -> Self {
        Self::new(Reason::InvalidFormat, "must be a time, such as 2024-01-15T10:30:00Z")
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Parses RFC 3339, to the microsecond, for the years 0 to 9999 in UTC, which RFC 3339 can express. A leap second
    /// becomes the second after it, as in the database.
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTimestamp)?;
        let moment = DateTime::from_timestamp_micros(moment.timestamp_micros()).ok_or(InvalidTimestamp)?;
        if (0..=9999).contains(&moment.year()) { Ok(Self::from(moment)) } else { Err(InvalidTimestamp) }
    }
}

from_text!(Timestamp);

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the current moment.
    fn now(&self) -> Timestamp;
}

/// Generates ids and secrets.
pub trait IdSource: fmt::Debug + Send + Sync {
    /// Returns a new UUID of version 4.
    fn uuid(&self) -> Uuid;

    /// Returns a new UUID of version 7, for an event at this moment. The UUIDs of one process sort in the order of their
    /// creation.
    fn ordered_uuid(&self, now: Timestamp) -> Uuid;

    /// Returns random bytes for a secret.
    fn random_bytes(&self) -> [u8; 32];
}

/// The clock and the id source of an operation.
#[derive(Debug, Clone)]
pub struct Source {
    /// The source of times.
    pub clock: Arc<dyn Clock>,
    /// The source of ids and secrets.
    pub ids: Arc<dyn IdSource>,
}

impl Source {
    /// Returns the machine's clock and random ids.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(RandomIds) }
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the only place that reads the time")]
        Timestamp::from(Utc::now())
    }
}

/// Ids and secrets from the operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn uuid(&self) -> Uuid {
        #[expect(clippy::disallowed_methods, reason = "the only place that generates ids")]
        Uuid::new_v4()
    }

    fn ordered_uuid(&self, now: Timestamp) -> Uuid {
        static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());
        let (seconds, nanoseconds) = (now.0.timestamp(), now.0.timestamp_subsec_nanos());
        let order = ORDER.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*order, u64::try_from(seconds).unwrap_or(0), nanoseconds))
    }

    fn random_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        #[expect(clippy::expect_used, reason = "the server cannot run without randomness for its secrets")]
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
}

/// A clock that moves only on request. For tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Creates a clock that shows this moment.
    pub fn at(moment: Timestamp) -> Self {
        Self(AtomicI64::new(moment.unix_microseconds()))
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(microseconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_microseconds(self.0.load(Ordering::SeqCst))
            .unwrap_or(Timestamp(DateTime::<Utc>::MAX_UTC))
    }
}

/// Ids that count up from one, with the version and variant bits of a random UUID. For tests.
#[derive(Debug, Default)]
pub struct SequentialIds {
    count: AtomicU64,
    ordered_count: AtomicU64,
}

impl SequentialIds {
    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::SeqCst) + 1
    }
}

impl IdSource for SequentialIds {
    fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(u128::from(self.next()).to_be_bytes()).into_uuid()
    }

    /// Counts separately: recording an event does not change other ids.
    fn ordered_uuid(&self, _: Timestamp) -> Uuid {
        let count = self.ordered_count.fetch_add(1, Ordering::SeqCst) + 1;
        let bytes = u128::from(count).to_be_bytes();
        uuid::Builder::from_bytes(bytes).with_version(uuid::Version::SortRand).into_uuid()
    }

    fn random_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&self.next().to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_has_microseconds_and_displays_as_rfc_3339() {
        let time: DateTime<Utc> = "2024-01-15T10:30:00.123456789Z".parse().unwrap();
        assert_eq!(Timestamp::from(time).to_string(), "2024-01-15T10:30:00.123456Z");
    }

    #[test]
    fn a_moment_parses_if_it_can_be_displayed_again() {
        for (text, moment) in [
            ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00.000000Z"),
            ("2024-01-15T10:30:00.1234567+02:00", "2024-01-15T08:30:00.123456Z"),
            ("2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.500000Z"),
            ("0001-01-01T00:00:00+14:00", "0000-12-31T10:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().map(|moment| moment.to_string()), Ok(moment.to_owned()));
        }
        for wrong in ["", "2024-01-15", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"] {
            assert_eq!(wrong.parse::<Timestamp>(), Err(InvalidTimestamp), "{wrong}");
        }
    }

    #[test]
    fn a_filter_takes_days_and_offsets_without_plus() {
        for (text, moment) in [
            ("2024-01-15", "2024-01-15T00:00:00.000000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000000Z"),
            ("0001-01-01", "0001-01-01T00:00:00.000000Z"),
            ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00.000000Z"),
            ("2024-01-15T10:30:00 00:00", "2024-01-15T10:30:00.000000Z"),
            ("2024-01-15T10:30:00.25 05:30", "2024-01-15T05:00:00.250000Z"),
            ("2024-01-15 10:30:00 02:00", "2024-01-15T08:30:00.000000Z"),
            ("2024-01-15T10:30:00-02:00", "2024-01-15T12:30:00.000000Z"),
        ] {
            let parsed = Timestamp::from_filter(text).map(|moment| moment.to_string());
            assert_eq!(parsed, Ok(moment.to_owned()), "{text}");
        }
        for wrong in [
            "",
            "2024-1-15",
            "2024-02-30",
            " 024-01-15",
            "+024-01-15",
            "20240115",
            "2024-01-15 10:30",
            "2024-01-15T10:30:00",
            "2024-01-15T10:30:00 24:00",
            "2024-01-15T10:30:00  00:00",
            "2024-01-15Z",
        ] {
            assert_eq!(Timestamp::from_filter(wrong), Err(InvalidTimestamp), "{wrong}");
        }
    }

    #[test]
    fn sequential_ids_are_valid_and_differ() {
        let ids = SequentialIds::default();
        let (first, second) = (ids.uuid(), ids.uuid());
        assert_ne!(first, second);
        assert_eq!(first.get_version_num(), 4);
    }

    #[test]
    fn ordered_ids_sort_by_creation() {
        for ids in [&RandomIds as &dyn IdSource, &SequentialIds::default()] {
            let now = SystemClock.now();
            let made: Vec<_> = (0..1_000).map(|_| ids.ordered_uuid(now)).collect();
            assert!(made.is_sorted_by(|one, next| one < next));
            assert_eq!(made[0].get_version_num(), 7);
        }
    }
}
