//! Requests a second over few and many connections.

use std::time::Duration;

use anyhow::Result;

use super::Bench;
use crate::cases::Case;
use crate::load::Intensity;
use crate::progress;
use crate::report::{Report, Throughput};

/// The measured cases.
const CASES: [Case; 5] = [Case::Get, Case::GetRecent, Case::Page, Case::Update, Case::Create];

/// The numbers of connections.
const CONNECTIONS: [u32; 5] = [1, 4, 16, 64, 256];

/// The longest measurement of one number.
const LONGEST: Duration = Duration::from_secs(3);

impl Bench<'_> {
    /// Measures some cases over several numbers of connections, and those yardsticks that are servers: PostgreSQL itself has
    /// fewer than 256 connections.
    pub(super) async fn throughput(&self, report: &mut Report) -> Result<()> {
        let database = self.directory.database;
        for case in CASES {
            let request = case.request(&self.directory, &self.landmarks);
            let server = self.yardstick_server(case).await?;
            for connections in CONNECTIONS {
                progress::show(&format!("{database}: {case} over {connections} connections"));
                let intensity = Intensity { connections, duration: self.arguments.duration().min(LONGEST) };
                let per_second = self.ours(&request, intensity).await?.rate;
                let yardstick_per_second = match &server {
                    Some(server) => Some(self.yardstick(case, Some(server), intensity).await?.rate),
                    None => None,
                };
                let throughput = Throughput { database, case, connections, per_second, yardstick_per_second };
                report.throughputs.push(throughput);
            }
        }
        progress::say(&format!("{database:10}  measured throughput over 1 to 256 connections"));
        Ok(())
    }
}
