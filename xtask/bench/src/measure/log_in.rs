//! How long look-ups wait while accounts log in: hashing a password takes a core for a while.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::Bench;
use crate::cases::Case;
use crate::load::{Intensity, Request};
use crate::progress;
use crate::report::{BesideLogIns, Bound, Report, Spread, median};

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
        let (mut alone_p99, mut beside_p99, mut rates) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.arguments.rounds.max(1) {
            progress::show(&format!("{database}: look-ups alone, and while accounts log in"));
            let alone = self.ours(&look_up, look_ups).await?;
            let address = self.directory.address;
            let logging_in = self.load.send(address, &log_in, log_ins);
            let looking_up = async {
                tokio::time::sleep(margin).await;
                self.load.send(address, &look_up, look_ups).await
            };
            let (logged_in, beside) = tokio::join!(logging_in, looking_up);
            self.wait_until_idle().await?;
            let (rate, beside) = (logged_in?.rate(), beside?);
            progress::say(&format!(
                "{database:10}  {:18}  {LOOK_UPS:3}  p99 {:.1} ms alone, {:.1} ms beside {rate:.0} log-ins a second",
                "log-in",
                f64::from(alone.p99) / 1e3,
                f64::from(beside.p99) / 1e3,
            ));
            alone_p99.push(f64::from(alone.p99.max(1)));
            beside_p99.push(f64::from(beside.p99));
            rates.push(rate);
        }
        let ratios = beside_p99.iter().zip(&alone_p99).map(|(beside, alone)| beside / alone);
        report.bounds.push(Bound {
            database,
            what: format!("get, {LOOK_UPS} connections: p99 beside {LOG_INS} that log in"),
            value: median(ratios),
            unit: "times",
            at_most: BESIDE_TO_ALONE,
        });
        report.beside_log_ins.push(BesideLogIns {
            database,
            alone_p99_microseconds: Spread::of(alone_p99.into_iter()),
            beside_p99_microseconds: Spread::of(beside_p99.into_iter()),
            log_ins_per_second: Spread::of(rates.into_iter()),
        });
        Ok(())
    }
}
