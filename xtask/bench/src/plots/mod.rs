//! Plots of the results.

mod chart;

use std::path::Path;

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;

use crate::cases::Case;
use crate::directory::Database;
use crate::report::Report;
use chart::{Chart, Series};

/// Writes plots of the databases that were measured: `cost-….svg` and `throughput-….svg`.
pub(crate) fn write(report: &Report, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for database in Database::value_variants() {
        let name = database.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        for (kind, chart) in
            [("cost", cost(report, *database)), ("throughput", throughput(report, *database))]
        {
            if let Some(chart) = chart {
                let file = folder.join(format!("{kind}-{name}.svg"));
                std::fs::write(&file, chart.svg())
                    .with_context(|| format!("cannot write {}", file.display()))?;
            }
        }
    }
    Ok(())
}

/// The processor time of each case against the size of the directory.
fn cost(report: &Report, database: Database) -> Option<Chart> {
    let costs: Vec<_> = report.costs.iter().filter(|cost| cost.database == database).collect();
    #[expect(clippy::cast_precision_loss, reason = "no directory has so many users")]
    let series = series(|case| {
        let own = costs.iter().filter(|cost| cost.case == case);
        own.map(|cost| (cost.users as f64, cost.microseconds())).collect()
    });
    Chart {
        title: format!("Processor time of a request on {database}"),
        x_title: "users in the directory",
        y_title: "microseconds in server and database",
        series,
    }
    .if_any()
}

/// The requests a second of some cases against the number of connections, beside those of their yardsticks.
fn throughput(report: &Report, database: Database) -> Option<Chart> {
    let own = report.throughputs.iter().filter(|throughput| throughput.database == database);
    let own: Vec<_> = own.collect();
    let mut series = series(|case| {
        let own = own.iter().filter(|throughput| throughput.case == case);
        own.map(|throughput| (f64::from(throughput.connections), throughput.per_second)).collect()
    });
    let mut yardsticks = self::series(|case| {
        let own = own.iter().filter(|throughput| throughput.case == case);
        let points = own.filter_map(|throughput| {
            Some((f64::from(throughput.connections), throughput.yardstick_per_second?))
        });
        points.collect()
    });
    for yardstick in &mut yardsticks {
        yardstick.color =
            series.iter().find(|other| other.name == yardstick.name).map_or(0, |other| other.color);
        yardstick.is_dashed = true;
        yardstick.name.push_str(", yardstick");
    }
    series.append(&mut yardsticks);
    Chart {
        title: format!("Throughput on {database}"),
        x_title: "connections",
        y_title: "requests a second",
        series,
    }
    .if_any()
}

/// Returns a line for each case that has several points.
fn series(points_of: impl Fn(Case) -> Vec<(f64, f64)>) -> Vec<Series> {
    let all = Case::value_variants().iter().map(|case| (case.to_string(), points_of(*case)));
    let with_points = all.filter(|(_, points)| points.len() > 1).enumerate();
    let lines = with_points.map(|(color, (name, points))| Series { name, points, color, is_dashed: false });
    lines.collect()
}
