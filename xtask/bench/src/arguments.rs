//! What `denizen-bench run` takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::studies::Measurement;

/// What to measure, on what.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The server's program
    #[arg(long, value_name = "FILE")]
    pub(crate) denizen: PathBuf,
    /// An empty database on a PostgreSQL server of this machine with default settings
    #[arg(long, value_name = "URL")]
    pub(crate) postgres: Option<String>,
    /// Do not measure on SQLite
    #[arg(long)]
    pub(crate) no_sqlite: bool,
    /// An empty folder on the disk that is to be measured
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// Users in the directory
    #[arg(long, value_name = "NUMBER", default_value = "1000000")]
    pub(crate) users: u64,
    /// Smaller sizes of the directory, at which each case is measured on the way
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_value = "1000,10000,100000")]
    sizes: Vec<u64>,
    /// Cases to measure [default: all]
    #[arg(long, value_name = "CASE")]
    case: Vec<Measurement>,
    /// Connections at a time
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_value = "16,64")]
    pub(crate) connections: Vec<u32>,
    /// How often each case is measured
    #[arg(long, value_name = "NUMBER", default_value = "3")]
    pub(crate) rounds: u32,
    /// Seconds of each measurement
    #[arg(long, value_name = "NUMBER", default_value = "8")]
    seconds: f64,
    /// Write plots to a folder: of cost against the size of the directory, and of throughput against connections
    #[arg(long, value_name = "FOLDER")]
    pub(crate) plots: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Arguments {
    /// How long a measurement takes.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.1, 3_600.0))
    }

    /// The connections over which costs are measured.
    pub(crate) fn first_connections(&self) -> u32 {
        self.connections.first().copied().unwrap_or(1)
    }

    /// The measurements, in order.
    pub(crate) fn measurements(&self) -> Vec<Measurement> {
        let is_wanted = |measurement: &Measurement| self.case.is_empty() || self.case.contains(measurement);
        Measurement::all().into_iter().filter(is_wanted).collect()
    }

    /// The sizes of the directory at which something is measured, the last one with all of its users.
    pub(crate) fn all_sizes(&self) -> Vec<u64> {
        let mut sizes: Vec<_> = self.sizes.iter().copied().filter(|size| *size < self.users).collect();
        sizes.push(self.users);
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }
}
