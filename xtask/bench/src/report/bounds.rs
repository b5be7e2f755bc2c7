//! What must not be exceeded.

use clap::ValueEnum as _;
use serde::Serialize;

use super::{Compared, Comparison, Report};
use crate::cases::Case;
use crate::directory::Database;

/// How much more processor time than the skeleton a look-up may take.
const LOOK_UP_TO_SKELETON: f64 = 1.5;

/// How much longer a page at the end of the directory may take than the first.
const END_TO_BEGINNING: f64 = 1.15;

/// How much more a request may cost in a large directory than in the smallest.
const LARGE_TO_SMALLEST: f64 = 1.5;

/// A value, and the most that it may be.
#[derive(Debug, Serialize)]
pub(crate) struct Bound {
    pub(crate) database: Database,
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) at_most: f64,
}

impl Bound {
    /// Whether the value is too much.
    pub(super) fn is_exceeded(&self) -> bool {
        self.value > self.at_most || self.value.is_nan()
    }
}

/// Returns megabytes.
#[expect(clippy::cast_precision_loss, reason = "no server has so much memory")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

impl Report {
    /// Adds the bounds that follow from a database's comparisons and costs.
    pub(crate) fn add_bounds(&mut self, database: Database) {
        let own: Vec<_> = self.comparisons.iter().filter(|other| other.database == database).collect();
        let mut bounds = Vec::new();
        for comparison in &own {
            let Compared::Request(case) = comparison.case else { continue };
            let Comparison { connections, server, yardstick_results, .. } = comparison;
            let mut add = |compared: &str, value, at_most| {
                let what = format!("{case}, {connections} connections: {compared}");
                bounds.push(Bound { database, what, value, unit: "times", at_most });
            };
            if case.is_look_up() {
                let value = server.server_microseconds.median / yardstick_results.server_microseconds.median;
                add("processor time of the skeleton", value, LOOK_UP_TO_SKELETON);
            }
            let is_first_page = |other: &&&Comparison| {
                other.case == Compared::Request(Case::Page) && other.connections == *connections
            };
            if case == Case::PageAtEnd
                && let Some(page) = own.iter().find(is_first_page)
            {
                let value = page.server.per_second.median / server.per_second.median;
                add("time of the first page", value, END_TO_BEGINNING);
            }
        }
        bounds.extend(self.bounds_of_costs(database));
        self.bounds.append(&mut bounds);
    }

    /// For each case, its cost in the directory where it costs most, against that in the smallest.
    fn bounds_of_costs(&self, database: Database) -> Vec<Bound> {
        let bounds = Case::value_variants().iter().filter_map(|case| {
            let own = self.costs.iter().filter(|cost| cost.database == database && cost.case == *case);
            let smallest = own.clone().min_by_key(|cost| cost.users)?;
            let others = own.filter(|cost| cost.users != smallest.users);
            let most = others.max_by(|one, other| one.microseconds().total_cmp(&other.microseconds()))?;
            let what = format!("{case}, {} users: cost among {}", most.users, smallest.users);
            let value = most.microseconds() / smallest.microseconds();
            Some(Bound { database, what, value, unit: "times", at_most: LARGE_TO_SMALLEST })
        });
        bounds.collect()
    }
}
