//! The results: tables for people, JSON for programs.

mod bounds;
mod spread;
mod table;

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::cases::Case;
use crate::directory::{Database, Filling};
use crate::machine::Machine;
use crate::progress;
use crate::yardstick::Yardstick;
pub(crate) use bounds::{Bound, megabytes};
pub(crate) use spread::{Spread, median};

/// One measurement. Times in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// Requests or users a second.
    pub(crate) rate: f64,
    pub(crate) p50: u32,
    pub(crate) p99: u32,
    /// Processor time of a request or user in the server.
    pub(crate) server: f64,
    /// Processor time of a request or user in PostgreSQL.
    pub(crate) database: f64,
    /// Bytes of an answer.
    pub(crate) bytes: u64,
    /// The most memory of the server meanwhile, in bytes.
    pub(crate) peak_memory: u64,
}

impl Sample {
    /// From how a directory was filled.
    #[expect(clippy::cast_precision_loss, reason = "no directory has so many users")]
    pub(crate) fn of_filling(filling: &Filling) -> Self {
        let Filling { users, times, server, database } = filling;
        let per_user = |time: Duration| time.as_secs_f64() * 1e6 / *users as f64;
        let time: Duration = times.iter().sum();
        Self {
            rate: *users as f64 / time.as_secs_f64(),
            server: per_user(*server),
            database: per_user(*database),
            ..Self::default()
        }
    }
}

/// The server or a yardstick in one case, as several measurements saw it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Results {
    pub(crate) per_second: Spread,
    p50_microseconds: Spread,
    p99_microseconds: Spread,
    pub(crate) server_microseconds: Spread,
    pub(crate) database_microseconds: Spread,
    bytes: u64,
    peak_memory: u64,
}

impl Results {
    fn of(samples: &[&Sample]) -> Self {
        let spread = |value: fn(&Sample) -> f64| Spread::of(samples.iter().map(|sample| value(sample)));
        let most = |value: fn(&Sample) -> u64| samples.iter().map(|sample| value(sample)).max();
        Self {
            per_second: spread(|sample| sample.rate),
            p50_microseconds: spread(|sample| f64::from(sample.p50)),
            p99_microseconds: spread(|sample| f64::from(sample.p99)),
            server_microseconds: spread(|sample| sample.server),
            database_microseconds: spread(|sample| sample.database),
            bytes: most(|sample| sample.bytes).unwrap_or_default(),
            peak_memory: most(|sample| sample.peak_memory).unwrap_or_default(),
        }
    }
}

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Compared {
    /// Users of Flowra's whole list.
    WholeList,
    /// Users of bulks.
    Bulk,
    /// A kind of request.
    #[serde(untagged)]
    Request(Case),
}

impl Compared {
    /// Its name, as on the command line.
    fn name(self) -> String {
        match self {
            Self::Request(case) => case.to_string(),
            Self::WholeList => "whole-list".to_owned(),
            Self::Bulk => "bulk".to_owned(),
        }
    }
}

/// A case beside its yardstick.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) database: Database,
    pub(crate) case: Compared,
    pub(crate) connections: u32,
    pub(crate) server: Results,
    pub(crate) yardstick: Yardstick,
    pub(crate) yardstick_results: Results,
    /// The server's requests a second to the yardstick's, in the same round.
    pub(crate) ratio: Spread,
    goal: Option<f64>,
}

impl Comparison {
    /// Compares measurements of the server with those of the yardstick in the same rounds.
    pub(crate) fn of(
        (database, case, connections): (Database, Compared, u32),
        (yardstick, goal): (Yardstick, Option<f64>),
        samples: &[(Sample, Sample)],
    ) -> Self {
        let (ours, theirs): (Vec<_>, Vec<_>) = samples.iter().map(|(ours, theirs)| (ours, theirs)).unzip();
        Self {
            database,
            case,
            connections,
            server: Results::of(&ours),
            yardstick,
            yardstick_results: Results::of(&theirs),
            ratio: Spread::of(samples.iter().map(|(ours, theirs)| ours.rate / theirs.rate)),
            goal,
        }
    }
}

/// What a request costs in a directory of some size.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cost {
    pub(crate) database: Database,
    pub(crate) case: Case,
    pub(crate) users: u64,
    per_second: f64,
    server_microseconds: f64,
    database_microseconds: f64,
}

impl Cost {
    /// From a measurement.
    pub(crate) fn of(database: Database, case: Case, users: u64, sample: &Sample) -> Self {
        Self {
            database,
            case,
            users,
            per_second: sample.rate,
            server_microseconds: sample.server,
            database_microseconds: sample.database,
        }
    }

    /// Processor time of a request, in microseconds.
    pub(crate) fn microseconds(&self) -> f64 {
        self.server_microseconds + self.database_microseconds
    }
}

/// Requests a second over a number of connections.
#[derive(Debug, Serialize)]
pub(crate) struct Throughput {
    pub(crate) database: Database,
    pub(crate) case: Case,
    pub(crate) connections: u32,
    pub(crate) per_second: f64,
    pub(crate) yardstick_per_second: Option<f64>,
}

/// How long 99 of 100 look-ups take at most, alone and beside accounts that log in.
#[derive(Debug, Serialize)]
pub(crate) struct BesideLogIns {
    pub(crate) database: Database,
    pub(crate) alone_p99_microseconds: Spread,
    pub(crate) beside_p99_microseconds: Spread,
    pub(crate) log_ins_per_second: Spread,
}

/// How a directory was filled.
#[derive(Debug, Serialize)]
struct FillingResults {
    database: Database,
    users: u64,
    users_per_second: f64,
    server_microseconds: f64,
    database_microseconds: f64,
    seconds_of_each_thousand: Vec<f64>,
}

/// All results of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) bounds: Vec<Bound>,
    pub(crate) costs: Vec<Cost>,
    pub(crate) throughputs: Vec<Throughput>,
    pub(crate) beside_log_ins: Vec<BesideLogIns>,
    fillings: Vec<FillingResults>,
    /// What could not be measured, and why.
    pub(crate) failures: Vec<String>,
}

impl Report {
    /// Returns a report without results.
    pub(crate) fn new(machine: Machine) -> Self {
        Self {
            machine,
            comparisons: Vec::new(),
            bounds: Vec::new(),
            costs: Vec::new(),
            throughputs: Vec::new(),
            beside_log_ins: Vec::new(),
            fillings: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Adds how a directory was filled.
    pub(crate) fn add_filling(&mut self, database: Database, filling: &Filling) {
        let Filling { users, times, .. } = filling;
        let sample = Sample::of_filling(filling);
        self.fillings.push(FillingResults {
            database,
            users: *users,
            users_per_second: sample.rate,
            server_microseconds: sample.server,
            database_microseconds: sample.database,
            seconds_of_each_thousand: times.iter().map(Duration::as_secs_f64).collect(),
        });
    }

    /// Adds that something could not be measured.
    pub(crate) fn fail(&mut self, database: Database, what: &str, error: &anyhow::Error) {
        let failure = format!("{database}: {what}: {error:#}");
        progress::say(&format!("failed: {failure}"));
        self.failures.push(failure);
    }

    /// Prints everything as JSON.
    pub(crate) fn print_json(&self) -> Result<()> {
        println!("{}", serde_json::to_string_pretty(self)?);
        Ok(())
    }
}
