//! What processes cost: processor time and memory, from `/proc`.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The kernel counts processor time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// Returns the processor time that a process has used, with its threads.
pub(crate) fn processor_time(pid: u32) -> Result<Duration> {
    let stat =
        std::fs::read_to_string(format!("/proc/{pid}/stat")).context("a measured process has ended")?;
    time_in(&stat).context("cannot read the processor time of a process")
}

/// The processor time of each process of PostgreSQL. Most serve one connection and end with it.
#[derive(Debug, Default)]
pub(crate) struct Postgres(HashMap<u32, Duration>);

impl Postgres {
    /// Returns what they have used so far.
    pub(crate) fn now() -> Self {
        let is_postgres = |pid: &u32| {
            std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres")
        };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_postgres);
        Self(pids.filter_map(|pid| Some((pid, processor_time(pid).ok()?))).collect())
    }

    /// Returns what the running ones have used since an earlier time.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let before = |pid| earlier.0.get(pid).copied().unwrap_or_default();
        self.0.iter().map(|(pid, time)| time.saturating_sub(before(pid))).sum()
    }
}

/// Returns the most memory that a process has held at a time, and what it holds now, in bytes.
pub(crate) fn memory(pid: u32) -> Result<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse::<u64>().ok()
    };
    let (peak, now) =
        kilobytes("VmHWM").zip(kilobytes("VmRSS")).context("cannot read the memory of a process")?;
    Ok((peak * 1024, now * 1024))
}

/// Reads user and system time from the text of `/proc/PID/stat`, whose second field may contain blanks.
fn time_in(stat: &str) -> Option<Duration> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(TICK * (user + system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_user_and_system_time() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 10";
        assert_eq!(time_in(stat), Some(Duration::from_secs(3)));
        assert_eq!(time_in("7 (a"), None);
    }

    #[test]
    fn this_process_uses_memory() {
        let (peak, now) = memory(std::process::id()).unwrap();
        assert!(now > 0 && peak >= now);
        processor_time(std::process::id()).unwrap();
    }
}
