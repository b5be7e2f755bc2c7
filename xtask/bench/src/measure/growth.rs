//! What requests cost while the directory grows.

use std::time::Duration;

use anyhow::Result;

use super::Bench;
use crate::cases::Case;
use crate::load::Intensity;
use crate::progress;
use crate::report::{Cost, Report};

/// The longest measurement of one size.
const LONGEST: Duration = Duration::from_secs(2);

impl Bench<'_> {
    /// Measures each case once, in a server that keeps nothing in memory of what was asked for lately: it would keep a
    /// small directory as a whole. Creating comes last, since the directory grows by that.
    pub(crate) async fn measure_costs(&mut self, cases: &[Case], report: &mut Report) -> Result<()> {
        let (database, users) = (self.directory.database, self.filling.users);
        let connections = self.arguments.first_connections();
        let intensity = Intensity { connections, duration: self.arguments.duration().min(LONGEST) };
        self.directory.restart_with(&["--cache-size", "0"]).await?;
        for case in cases.iter().filter(|case| case.has_cost_among(users)) {
            progress::show(&format!("{database}: {case} among {users} users"));
            match self.ours(&case.request(&self.directory, &self.landmarks), intensity).await {
                Ok(sample) => report.costs.push(Cost::of(database, *case, users, &sample)),
                Err(error) => report.fail(database, &format!("{case} among {users} users"), &error),
            }
        }
        progress::say(&format!("{database:10}  measured each case among {users} users"));
        self.directory.restart().await
    }
}
