//! The standard metrics of a process, under the names that Prometheus' own libraries give them.

use std::fmt::Write as _;
use std::fs::{read_dir, read_to_string};

use rustix::time::{ClockId, clock_gettime};

/// Returns the metrics in the Prometheus text format. What the system does not tell is left out.
pub(super) fn process_metrics() -> String {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let cpu = Some(format!("{}.{:09}", cpu.tv_sec, cpu.tv_nsec));
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let mut text = String::new();
    for (name, kind, help, value) in [
        ("process_cpu_seconds_total", "counter", "CPU time that the process has used, in seconds.", cpu),
        (
            "process_resident_memory_bytes",
            "gauge",
            "Memory that the process holds.",
            kibibytes(&status, "VmRSS:"),
        ),
        (
            "process_virtual_memory_bytes",
            "gauge",
            "Address space that the process has reserved.",
            kibibytes(&status, "VmSize:"),
        ),
        ("process_open_fds", "gauge", "Open files and connections.", open_files()),
        ("process_max_fds", "gauge", "Maximum open files and connections.", maximum_files()),
        (
            "process_start_time_seconds",
            "gauge",
            "When the process started, in seconds since 1970.",
            started(),
        ),
    ] {
        if let Some(value) = value {
            // Writing to a text cannot fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n\n");
        }
    }
    text
}

/// Reads a line of `/proc/self/status` in bytes.
fn kibibytes(status: &str, name: &str) -> Option<String> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes.saturating_mul(1024).to_string())
}

fn open_files() -> Option<String> {
    // Reading the folder opens one more.
    let files = read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    Some(files.to_string())
}

/// The limit that applies, unless there is none.
fn maximum_files() -> Option<String> {
    let limits = read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.to_string())
}

fn started() -> Option<String> {
    let (process, machine) = (read_to_string("/proc/self/stat").ok()?, read_to_string("/proc/stat").ok()?);
    let ticks = rustix::param::clock_ticks_per_second();
    Some(start_of(&process, &machine, ticks)?.to_string())
}

/// Adds the ticks from the start of the machine to that of the process (proc(5), `starttime`) to the former (`btime`).
fn start_of(process: &str, machine: &str, ticks_per_second: u64) -> Option<u64> {
    // The name of the program stands in parentheses, and may contain some.
    let (_, fields) = process.rsplit_once(')')?;
    let ticks: u64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    let booted: u64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(booted.saturating_add(ticks.checked_div(ticks_per_second)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_tells() {
        let status = "Name:\tdenizen\nVmSize:\t 2048 kB\nVmRSS:\t     12 kB\n";
        assert_eq!(kibibytes(status, "VmRSS:").as_deref(), Some("12288"));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
        let process = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 12345 1 2 3";
        assert_eq!(start_of(process, "cpu 1 2\nbtime 1700000000\n", 100), Some(1_700_000_123));
        assert_eq!(start_of("", "btime 1\n", 100), None);
    }
}
