//! Creating users in bulks, beside copying the same rows.

use std::time::Duration;

use anyhow::Result;

use super::Bench;
use crate::directory::{Database, sqlite_file};
use crate::progress;
use crate::report::{Bound, Compared, Comparison, Report, Sample, median};
use crate::yardstick::{Yardstick, copy_in};

/// The ratio to the yardstick that is to be reached.
const GOAL: f64 = 0.35;

/// How much longer the last bulks may take than the first.
const LAST_TO_FIRST: f64 = 1.3;

impl Bench<'_> {
    /// Copies all users into another table, to compare with how the directory was filled.
    pub(super) async fn bulk(&self, report: &mut Report) -> Result<()> {
        let (database, url) = (self.directory.database, &self.directory.url);
        let folder = self.arguments.folder.clone();
        let copied = match database {
            Database::Postgres => copy_in::postgres(url, &folder).await?,
            Database::Sqlite => {
                let file = sqlite_file(url)?;
                tokio::task::spawn_blocking(move || copy_in::sqlite(&file, &folder)).await??
            }
        };
        let ours = Sample { peak_memory: self.peak_of_filling, ..Sample::of_filling(&self.filling) };
        let theirs = Sample { rate: copied.rate(), ..Sample::default() };
        let rates = format!("{:8.0} users a second, yardstick {:8.0}", ours.rate, theirs.rate);
        progress::say(&format!("{database:10}  {:18}  {:3}  {rates}", "bulk", 1));
        let what = (database, Compared::Bulk, 1);
        report.comparisons.push(Comparison::of(what, (Yardstick::Copy, Some(GOAL)), &[(ours, theirs)]));
        report.bounds.push(Bound {
            database,
            what: "bulk: the last bulks to the first (medians of twenty)".to_owned(),
            value: last_to_first(&self.filling.times),
            unit: "times",
            at_most: LAST_TO_FIRST,
        });
        Ok(())
    }
}

/// The time of the last bulks to that of the first: the medians of twenty, where there are forty.
fn last_to_first(times: &[Duration]) -> f64 {
    let few = 20.min(times.len().div_ceil(2));
    let of = |times: &[Duration]| median(times.iter().map(Duration::as_secs_f64));
    of(&times[times.len() - few..]) / of(&times[..few])
}
