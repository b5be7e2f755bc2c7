//! The results: a table for people, JSON for programs.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::cases::{Case, Yardstick};
use crate::directory::Database;

/// One measurement. Times in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) p50: u32,
    pub(crate) p99: u32,
    /// Processor time of a request in the server.
    pub(crate) server: f64,
    /// Processor time of a request in PostgreSQL.
    pub(crate) database: f64,
    /// Bytes of an answer.
    pub(crate) bytes: u64,
}

/// Median, least and most of several measurements.
#[derive(Debug, Clone, Copy, Serialize)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or_default();
        Self { median: at(values.len() / 2), least: at(0), most: at(values.len().saturating_sub(1)) }
    }
}

/// The server in one case, as several measurements saw it.
#[derive(Debug, Serialize)]
struct Results {
    requests_per_second: Spread,
    p50_microseconds: Spread,
    p99_microseconds: Spread,
    server_microseconds: Spread,
    database_microseconds: Spread,
    bytes: u64,
}

impl Results {
    fn of(samples: &[&Sample]) -> Self {
        let spread = |value: fn(&Sample) -> f64| Spread::of(samples.iter().map(|sample| value(sample)));
        Self {
            requests_per_second: spread(|sample| sample.rate),
            p50_microseconds: spread(|sample| f64::from(sample.p50)),
            p99_microseconds: spread(|sample| f64::from(sample.p99)),
            server_microseconds: spread(|sample| sample.server),
            database_microseconds: spread(|sample| sample.database),
            bytes: samples.iter().map(|sample| sample.bytes).max().unwrap_or_default(),
        }
    }
}

/// A case beside its yardstick.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    database: Database,
    case: Case,
    connections: u32,
    server: Results,
    yardstick: Yardstick,
    yardstick_results: Results,
    /// The server's requests a second to the yardstick's, in the same round.
    ratio: Spread,
    goal: f64,
}

impl Comparison {
    /// Compares measurements of the server with those of the yardstick in the same rounds.
    pub(crate) fn of(database: Database, case: Case, connections: u32, samples: &[(Sample, Sample)]) -> Self {
        let (ours, yardstick): (Vec<_>, Vec<_>) =
            samples.iter().map(|(ours, yardstick)| (ours, yardstick)).unzip();
        Self {
            database,
            case,
            connections,
            server: Results::of(&ours),
            yardstick: case.yardstick(),
            yardstick_results: Results::of(&yardstick),
            ratio: Spread::of(samples.iter().map(|(ours, yardstick)| ours.rate / yardstick.rate)),
            goal: case.goal(database),
        }
    }
}

/// How a directory was filled, and what its server took.
#[derive(Debug, Serialize)]
pub(crate) struct Filling {
    database: Database,
    users: u64,
    users_per_second: f64,
    /// Seconds of a thousand users: the first ten thousand's and the last ten thousand's, on average.
    first_thousand_seconds: f64,
    last_thousand_seconds: f64,
    /// From the start of the process on the full directory to its first answer.
    start_seconds: f64,
    memory: Memory,
}

/// The memory of the server, in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Memory {
    /// After a start on the full directory.
    pub(crate) idle: u64,
    /// The most, while it was filled and measured.
    pub(crate) peak: u64,
}

impl Filling {
    /// Summarizes the times of each thousand.
    pub(crate) fn of(
        database: Database,
        users: u64,
        times: &[Duration],
        start: Duration,
        memory: Memory,
    ) -> Self {
        let mean = |times: &[Duration]| {
            times.iter().sum::<Duration>().as_secs_f64()
                / f64::from(u32::try_from(times.len().max(1)).unwrap_or(1))
        };
        let few = times.len().min(10);
        #[expect(clippy::cast_precision_loss, reason = "no directory has so many users")]
        let count = users as f64;
        Self {
            database,
            users,
            users_per_second: count / times.iter().sum::<Duration>().as_secs_f64(),
            first_thousand_seconds: mean(&times[..few]),
            last_thousand_seconds: mean(&times[times.len() - few..]),
            start_seconds: start.as_secs_f64(),
            memory,
        }
    }
}

/// All results of a run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) fillings: Vec<Filling>,
}

impl Report {
    /// Prints everything as JSON.
    pub(crate) fn print_json(&self) -> Result<()> {
        println!("{}", serde_json::to_string_pretty(self)?);
        Ok(())
    }

    /// Prints tables.
    pub(crate) fn print(&self) {
        println!(
            "database    case              conn.   a second (least to most)     p50 ms   p99 ms  µs server  µs database  \
             yardstick  a second  µs server   ratio (least to most)   goal"
        );
        for comparison in &self.comparisons {
            let Comparison { database, case, connections, server, yardstick, yardstick_results, ratio, goal } =
                comparison;
            let rate = server.requests_per_second;
            println!(
                "{database:10}  {:16}  {connections:5}  {:9.0} ({:6.0} to {:6.0})  {:9.2}  {:7.2}  {:9.0}  {:11.0}  {:>9}  \
                 {:8.0}  {:9.0}  {:6.2} ({:.2} to {:.2})       {goal:.2}{}",
                case.name(),
                rate.median,
                rate.least,
                rate.most,
                server.p50_microseconds.median / 1e3,
                server.p99_microseconds.median / 1e3,
                server.server_microseconds.median,
                server.database_microseconds.median,
                format!("{yardstick:?}").to_lowercase(),
                yardstick_results.requests_per_second.median,
                yardstick_results.server_microseconds.median,
                ratio.median,
                ratio.least,
                ratio.most,
                if ratio.median >= *goal { "" } else { "  missed" },
            );
        }
        println!();
        for filling in &self.fillings {
            println!(
                "{}: {} users in bulks of 1,000, {:.0} a second, {:.3} s for one of the first bulks, {:.3} s for one of the \
                 last; start on them {:.2} s; memory {} MB idle, {} MB at most",
                filling.database.to_string().trim(),
                filling.users,
                filling.users_per_second,
                filling.first_thousand_seconds,
                filling.last_thousand_seconds,
                filling.start_seconds,
                filling.memory.idle / 1_000_000,
                filling.memory.peak / 1_000_000,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn a_spread_has_the_median_of_its_values() {
        let spread = Spread::of([3.0, 1.0, 2.0].into_iter());
        assert_eq!(format!("{spread:?}"), "Spread { median: 2.0, least: 1.0, most: 3.0 }");
    }
}
