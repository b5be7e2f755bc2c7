//! Rotating secrets.

use std::time::Duration;

use denizen_domain::{ApiKey, Reason, Result, Violation, Violations};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::Body;

/// Options for rotating a secret.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::rotate_secret)]
pub(crate) struct RotateSecret {
    /// How many seconds earlier secrets remain valid: at most 30 days; 0 ends them at once. A day if absent.
    #[schema(value_type = u32, minimum = 0, maximum = 2_592_000)]
    #[serde(default)]
    overlap_seconds: Input<i64>,
}

impl Body for RotateSecret {
    type Record = ();
}

impl RotateSecret {
    /// Returns how long earlier secrets remain valid.
    pub(crate) fn check(self, mut violations: Violations) -> Result<Duration> {
        let overlap =
            self.overlap_seconds.not_null(&mut violations, "overlapSeconds", |seconds| overlap(*seconds));
        violations.into_result(overlap.unwrap_or(ApiKey::DEFAULT_OVERLAP))
    }
}

fn overlap(seconds: i64) -> Result<Duration, Violation> {
    let overlap = u64::try_from(seconds).ok().map(Duration::from_secs);
    let overlap = overlap.filter(|time| *time <= ApiKey::MAXIMUM_OVERLAP);
    overlap.ok_or_else(|| {
        let message = format!("must be a whole number from 0 to {}", ApiKey::MAXIMUM_OVERLAP.as_secs());
        Violation::new(Reason::OutOfRange, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_the_overlap() {
        for (given, seconds) in [(0, 0), (60, 60), (2_592_000, 2_592_000)] {
            assert_eq!(overlap(given), Ok(Duration::from_secs(seconds)));
        }
        for wrong in [-1, 2_592_001, i64::MIN, i64::MAX] {
            assert_eq!(overlap(wrong).unwrap_err().reason, Reason::OutOfRange, "{wrong}");
        }
        let absent = RotateSecret::default().check(Violations::new());
        assert_eq!(absent.unwrap(), Duration::from_hours(24));
    }
}
