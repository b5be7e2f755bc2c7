//! A run: fills a directory in each database, measures each case, and prints the results.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use crate::directory::Database;
use crate::machine::Machine;
use crate::measure::{Bench, Measurement, cases_of};
use crate::report::Report;
use crate::{plots, process, progress};

/// What to measure, on what.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The server's program
    #[arg(long, value_name = "FILE")]
    pub(crate) denizen: PathBuf,
    /// An empty database on a PostgreSQL server of this machine with default settings
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Do not measure on SQLite
    #[arg(long)]
    no_sqlite: bool,
    /// An empty folder on the disk that is to be measured
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// Users in the directory
    #[arg(long, value_name = "NUMBER", default_value = "1000000")]
    users: u64,
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
    plots: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
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

    fn measurements(&self) -> Vec<Measurement> {
        let is_wanted = |measurement: &Measurement| self.case.is_empty() || self.case.contains(measurement);
        Measurement::all().into_iter().filter(is_wanted).collect()
    }

    /// The sizes of the directory at which something is measured, the last one with all of its users.
    fn all_sizes(&self) -> Vec<u64> {
        let mut sizes: Vec<_> = self.sizes.iter().copied().filter(|size| *size < self.users).collect();
        sizes.push(self.users);
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }
}

/// Measures everything, and prints it.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    process::allow_connections()?;
    let mut report = Report::new(Machine::this(arguments.postgres.as_deref()).await?);
    if let Some(url) = &arguments.postgres {
        measure(arguments, Database::Postgres, url, &mut report).await?;
    }
    if !arguments.no_sqlite {
        let url = format!("sqlite://{}", arguments.folder.join("denizen.db").display());
        measure(arguments, Database::Sqlite, &url, &mut report).await?;
    }
    if let Some(folder) = &arguments.plots {
        plots::write(&report, folder)?;
    }
    if arguments.json {
        report.print_json()?;
    } else {
        report.print();
    }
    if !report.failures.is_empty() {
        bail!("{} of the measurements failed", report.failures.len());
    }
    Ok(())
}

async fn measure(arguments: &Arguments, database: Database, url: &str, report: &mut Report) -> Result<()> {
    let (measurements, sizes) = (arguments.measurements(), arguments.all_sizes());
    let cases = cases_of(&measurements);
    let mut bench = Bench::start(arguments, database, url, sizes[0]).await?;
    bench.measure_costs(&cases, report).await?;
    for size in &sizes[1..] {
        bench.go_on(*size).await?;
        bench.measure_costs(&cases, report).await?;
    }
    let count = measurements.len();
    for (index, measurement) in measurements.into_iter().enumerate() {
        let name = measurement.name();
        progress::show(&format!("{database}: case {} of {count}, {name}", index + 1));
        if let Err(error) = bench.measure(measurement, report).await {
            report.fail(database, &name, &error);
        }
    }
    bench.finish(report).await
}
