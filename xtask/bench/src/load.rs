//! Sends requests with wrk, as fast as they are answered.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::directory::{Header, Landmarks};
use crate::{people, process};

/// What wrk runs for each request.
const SCRIPT: &str = include_str!("load.lua");

/// Runs wrk so that an interrupt before its start is complete does not end it.
const IGNORING_INTERRUPTS: &str = "trap '' INT; exec wrk \"$@\"";

/// The runs of wrk so far. Each has a number of its own, and thereby new users of its own.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// One kind of request. In path and body, `{user}` stands for any user's external id, `{recent}` for one of a thousand,
/// `{new}` for one that does not exist, `{id}` for any user's UUID, `{twenty}` for a text that twenty users have in their
/// e-mail address, `{letter}` for a letter, and `{letters}` for two.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<Header>,
    /// JSON, or nothing.
    pub(crate) body: String,
}

impl Request {
    /// Returns the path of one of these requests.
    pub(crate) fn example(&self, landmarks: &Landmarks) -> String {
        let first = people::external_id(0);
        let id = landmarks.ids.first().map_or("", String::as_str);
        let replaced = self.path.replace("{user}", &first).replace("{recent}", &first).replace("{id}", id);
        replaced.replace("{twenty}", "person0000000").replace("{letters}", "pe").replace("{letter}", "p")
    }
}

/// What wrk measured. Times in microseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Measured {
    pub(crate) requests: u32,
    microseconds: u32,
    pub(crate) p50: u32,
    pub(crate) p99: u32,
    bytes: u64,
    refused: u32,
    broken: u32,
}

impl Measured {
    /// Returns the requests answered in a second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.requests) / (f64::from(self.microseconds) / 1e6)
    }

    /// Returns the bytes of an answer, with its headers.
    pub(crate) fn bytes_per_answer(&self) -> u64 {
        self.bytes / u64::from(self.requests.max(1))
    }
}

/// How much to send at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Intensity {
    pub(crate) connections: u32,
    pub(crate) duration: Duration,
}

/// A folder with wrk's script and what it needs to know of the directory.
pub(crate) struct Load {
    script: PathBuf,
    ids: PathBuf,
    users: u64,
}

impl Load {
    /// Prepares a folder.
    pub(crate) fn prepare(folder: &Path, landmarks: &Landmarks) -> Result<Self> {
        let Landmarks { users, ids, .. } = landmarks;
        let load = Self { script: folder.join("load.lua"), ids: folder.join("ids"), users: *users };
        std::fs::write(&load.script, SCRIPT)?;
        std::fs::write(&load.ids, ids.join("\n"))?;
        Ok(load)
    }

    /// Sends a request over and over. Fails if any request fails, but not if nothing is answered in this time.
    pub(crate) async fn send(
        &self,
        address: SocketAddr,
        request: &Request,
        Intensity { connections, duration }: Intensity,
    ) -> Result<Measured> {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let mut wrk = Command::new("sh");
        wrk.args(["-c", IGNORING_INTERRUPTS, "wrk", "--threads", "1", "--latency", "--timeout", "30s"]);
        wrk.args(["--connections", &connections.to_string()]);
        // It counts in seconds, so it is interrupted before.
        wrk.args(["--duration", &format!("{}s", duration.as_secs() + 60)]);
        wrk.arg("--script").arg(&self.script).arg(format!("http://{address}")).arg("--");
        wrk.args([request.method, &request.path, &self.users.to_string(), &run.to_string()]);
        wrk.arg(&self.ids).arg(&request.body);
        wrk.args(request.headers.iter().flat_map(|(name, value)| [name, value]));
        wrk.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let wrk = wrk.spawn().context("cannot run wrk")?;
        let pid = wrk.id().context("wrk ended")?;
        let (mut output, mut patience) = (pin!(wrk.wait_with_output()), duration);
        let output = loop {
            if let Ok(output) = tokio::time::timeout(patience, &mut output).await {
                break output.context("cannot run wrk")?;
            }
            // Fails if it has just ended.
            let _ = process::interrupt(pid);
            patience = Duration::from_secs(1);
        };
        let printed = String::from_utf8_lossy(&output.stdout);
        let last = printed.lines().rfind(|line| line.starts_with('{'));
        let last = last
            .with_context(|| format!("wrk failed: {printed}{}", String::from_utf8_lossy(&output.stderr)))?;
        let measured: Measured = serde_json::from_str(last)?;
        let Measured { requests, refused, broken, .. } = measured;
        ensure!(
            refused == 0 && broken == 0,
            "of {requests} requests {} {}, {refused} were refused and {broken} broke off",
            request.method,
            request.path.split('?').next().unwrap_or_default()
        );
        Ok(measured)
    }
}
