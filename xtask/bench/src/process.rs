//! What processes cost: processor time and memory, from `/proc`.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Resource, Rlimit, Signal};
use tokio_postgres::NoTls;

/// The kernel counts processor time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// Returns the processor time that a process has used, with its threads.
pub(crate) fn processor_time(pid: u32) -> Result<Duration> {
    let fields = Fields::of(pid).context("a measured process has ended")?;
    fields.processor_time().context("cannot read the processor time of a process")
}

/// The server processes of a PostgreSQL on this machine. Most serve one connection and end with it.
#[derive(Debug, Default)]
pub(crate) struct Postgres {
    /// The parent of all others.
    main: Option<u32>,
}

impl Postgres {
    /// Finds those behind a URL.
    pub(crate) async fn of(url: &str) -> Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        let fields = Fields::of(u32::try_from(pid)?).context("PostgreSQL runs on another machine")?;
        Ok(Self { main: Some(fields.parent().context("cannot read the parent of a process")?) })
    }

    /// Returns the processor time that each has used so far.
    pub(crate) fn times(&self) -> Times {
        let Some(main) = self.main else { return Times::default() };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let fields = pids.filter_map(|pid| Some((pid, Fields::of(pid)?)));
        let own = fields.filter(|(_, fields)| fields.parent() == Some(main));
        Times(own.filter_map(|(pid, fields)| Some((pid, fields.processor_time()?))).collect())
    }
}

/// Processor times of processes.
#[derive(Debug, Default)]
pub(crate) struct Times(HashMap<u32, Duration>);

impl Times {
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

/// Makes the most memory that a process has held at a time what it holds now.
pub(crate) fn forget_peak(pid: u32) -> Result<()> {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5")
        .context("cannot reset the peak memory of a process")
}

/// Asks a process to end.
pub(crate) fn terminate(pid: u32) -> Result<()> {
    signal(pid, Signal::TERM)
}

/// Interrupts a process, as Ctrl-C does.
pub(crate) fn interrupt(pid: u32) -> Result<()> {
    signal(pid, Signal::INT)
}

fn signal(pid: u32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(i32::try_from(pid)?).context("no process has the number 0")?;
    rustix::process::kill_process(pid, signal).context("cannot signal a process")
}

/// Lets this process, and those it starts, open as many connections as the machine allows.
pub(crate) fn allow_connections() -> Result<()> {
    let Rlimit { maximum, .. } = rustix::process::getrlimit(Resource::Nofile);
    let limit = Rlimit { current: maximum, maximum };
    rustix::process::setrlimit(Resource::Nofile, limit).context("cannot raise the number of open files")
}

/// The text of `/proc/PID/stat` after the name of the program, which may contain blanks.
struct Fields(String);

impl Fields {
    fn of(pid: u32) -> Option<Self> {
        Self::in_text(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn in_text(stat: &str) -> Option<Self> {
        Some(Self(stat.rsplit_once(')')?.1.to_owned()))
    }

    fn number(&self, index: usize) -> Option<u32> {
        self.0.split_whitespace().nth(index)?.parse().ok()
    }

    fn parent(&self) -> Option<u32> {
        self.number(1)
    }

    /// Of user and system.
    fn processor_time(&self) -> Option<Duration> {
        Some(TICK * (self.number(11)? + self.number(12)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_parent_and_times() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 10";
        let fields = Fields::in_text(stat).unwrap();
        assert_eq!(fields.parent(), Some(1));
        assert_eq!(fields.processor_time(), Some(Duration::from_secs(3)));
        assert!(Fields::in_text("7 (a").is_none());
    }

    #[test]
    fn this_process_uses_memory() {
        let (peak, now) = memory(std::process::id()).unwrap();
        assert!(now > 0 && peak >= now);
        processor_time(std::process::id()).unwrap();
    }
}
