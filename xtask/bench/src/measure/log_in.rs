//! How long look-ups wait while accounts log in: hashing a password takes a core for a while.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::Bench;
use crate::cases::Case;
use crate::load::{Intensity, Request};
use crate::progress;
use crate::report::{Bound, Report, median};

/// Connections that look users up.
const LOOK_UPS: u32 = 64;

/// Connections that log in.
const LOG_INS: u32 = 64;

/// How much longer than otherwise 99 of 100 look-ups may take.
const BESIDE_TO_ALONE: f64 = 5.0;

/// The name of the account that the first start creates.
const USERNAME: &str = "admin@localhost";

impl Bench<'_> {
    /// Measures look-ups alone, then while accounts log in.
    pub(super) async fn log_in(&self, report: &mut Report) -> Result<()> {
        let (database, duration) = (self.directory.database, self.arguments.duration());
        let look_up = Case::Get.request(&self.directory, &self.landmarks);
        let log_in = Request {
            method: "POST",
            path: "/login".to_owned(),
            headers: Vec::new(),
            body: json!({ "username": USERNAME, "password": self.directory.password }).to_string(),
        };
        let look_ups = Intensity { connections: LOOK_UPS, duration };
        // They log in before the first look-up and after the last.
        let margin = Duration::from_millis(200);
        let log_ins = Intensity { connections: LOG_INS, duration: duration + 2 * margin };
        let mut times = Vec::new();
        for _ in 0..self.arguments.rounds.max(1) {
            progress::show(&format!("{database}: look-ups alone, and while accounts log in"));
            let alone = self.ours(&look_up, look_ups).await?;
            let address = self.directory.address;
            let logging_in = self.load.send_for(address, &log_in, log_ins);
            let looking_up = async {
                tokio::time::sleep(margin).await;
                self.load.send(address, &look_up, look_ups).await
            };
            let (logged_in, beside) = tokio::join!(logging_in, looking_up);
            self.wait_until_idle().await?;
            let (log_ins_a_second, beside) = (logged_in?.rate(), beside?);
            progress::say(&format!(
                "{database:10}  {:18}  {LOOK_UPS:3}  p99 {:.1} ms alone, {:.1} ms beside {log_ins_a_second:.0} log-ins a second",
                "log-in",
                f64::from(alone.p99) / 1e3,
                f64::from(beside.p99) / 1e3,
            ));
            times.push(f64::from(beside.p99) / f64::from(alone.p99.max(1)));
        }
        report.bounds.push(Bound {
            database,
            what: format!("get, {LOOK_UPS} connections: p99 beside {LOG_INS} that log in"),
            value: median(times.into_iter()),
            unit: "times",
            at_most: BESIDE_TO_ALONE,
        });
        Ok(())
    }
}
