//! A run: fills a directory in each database, measures each case, and prints the results.

use anyhow::{Result, bail};

use crate::arguments::Arguments;
use crate::directory::Database;
use crate::machine::Machine;
use crate::measure::Bench;
use crate::report::Report;
use crate::{plots, process, progress, studies};

/// Measures everything, and prints it.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    process::allow_connections()?;
    let mut report = Report::new(Machine::this(arguments.postgres.as_deref()).await?);
    let postgres = arguments.postgres.clone().map(|url| (Database::Postgres, url));
    let file = arguments.folder.join("denizen.db");
    let sqlite = (!arguments.no_sqlite).then(|| (Database::Sqlite, format!("sqlite://{}", file.display())));
    for (database, url) in postgres.into_iter().chain(sqlite) {
        if let Err(error) = measure(arguments, database, &url, &mut report).await {
            report.fail(database, "all that was left", &error);
        }
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
    let cases = studies::cases_of(&measurements);
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
