//! What requests cost while the directory grows.

use std::time::Duration;

use clap::ValueEnum as _;

use super::{Bench, Measurement};
use crate::cases::Case;
use crate::load::Intensity;
use crate::progress;
use crate::report::{Compared, Cost, Report};

/// The longest measurement of one size.
const LONGEST: Duration = Duration::from_secs(2);

impl Bench<'_> {
    /// Measures each case once in a directory that is to grow further. Creating comes last: the directory grows by that, too.
    pub(crate) async fn measure_costs(&self, cases: &[Case], users: u64, report: &mut Report) {
        let database = self.directory.database;
        let connections = self.arguments.first_connections();
        let intensity = Intensity { connections, duration: self.arguments.duration().min(LONGEST) };
        for case in cases.iter().filter(|case| case.needs_users() <= users) {
            progress::show(&format!("{database}: {case} among {users} users"));
            match self.ours(&case.request(&self.directory, &self.landmarks), intensity).await {
                Ok(sample) => report.costs.push(Cost::of(database, *case, users, &sample)),
                Err(error) => report.fail(database, &format!("{case} among {users} users"), &error),
            }
        }
        progress::say(&format!("{database:10}  measured each case among {users} users"));
    }

    /// Adds what the cases cost in the whole directory, from their comparisons.
    pub(crate) fn add_costs_of_whole(&self, users: u64, report: &mut Report) {
        let (database, connections) = (self.directory.database, self.arguments.first_connections());
        let own = report.comparisons.iter().filter(|comparison| comparison.database == database);
        let own = own.filter(|comparison| comparison.connections == connections);
        let costs: Vec<_> = own
            .filter_map(|comparison| match comparison.case {
                Compared::Request(case) => Some(Cost::of_results(database, case, users, &comparison.server)),
                _ => None,
            })
            .collect();
        report.costs.extend(costs);
    }
}

/// Returns those that are cases, creating last.
pub(crate) fn cases_of(measurements: &[Measurement]) -> Vec<Case> {
    let all = Case::value_variants().iter().copied();
    all.filter(|case| measurements.contains(&Measurement::Case(*case))).collect()
}
