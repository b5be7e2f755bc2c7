//! What the machine has to offer: room on the disk, open files.

use std::path::Path;

use anyhow::Context as _;

use super::{Check, Finding, Status};
use crate::settings::DatabaseSettings;

const MEBIBYTE: u64 = 1 << 20;

/// With less free room than this, in bytes, somebody should make some.
const LITTLE_ROOM: u64 = 1024 * MEBIBYTE;

/// With less free room than this, in bytes, writes are about to fail.
const NO_ROOM: u64 = 100 * MEBIBYTE;

/// As many connections as a server accepts by default, and some files for the database.
const ENOUGH_FILES: u64 = 10_240;

/// Checks what can be checked here: the disk only where the database is a file.
pub(super) fn check(settings: &DatabaseSettings) -> Vec<Check> {
    let folder = settings.sqlite_file().and_then(|file| file.parent().map(Path::to_owned));
    let folder = folder.map(|folder| if folder.as_os_str().is_empty() { ".".into() } else { folder });
    let disk = folder.filter(|folder| folder.is_dir()).map(|folder| Check::new("disk", disk(&folder)));
    let limits = std::fs::read_to_string("/proc/self/limits").ok();
    let limit = limits.as_deref().and_then(open_file_limit);
    let files = limit.map(|limit| Check::new("open files", Ok(open_files(limit))));
    disk.into_iter().chain(files).collect()
}

fn disk(folder: &Path) -> anyhow::Result<Finding> {
    let free = fs4::available_space(folder)
        .with_context(|| format!("cannot read the free space of {}", folder.display()))?;
    Ok(Finding::new(room(free), format!("{} MiB are free in {}", free / MEBIBYTE, folder.display())))
}

fn room(free: u64) -> Status {
    match free {
        ..NO_ROOM => Status::Failed,
        NO_ROOM..LITTLE_ROOM => Status::Warning,
        _ => Status::Ok,
    }
}

fn open_files(limit: u64) -> Finding {
    if limit >= ENOUGH_FILES {
        return Finding::new(Status::Ok, format!("a server started from here may open {limit} files"));
    }
    let message = format!(
        "a server started from here may open only {limit} files, one a connection; `ulimit -n {ENOUGH_FILES}` raises \
         the limit"
    );
    Finding::new(Status::Warning, message)
}

/// The soft limit in what the system says of a process.
fn open_file_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_room_the_worse() {
        for (free, status) in [
            (0, Status::Failed),
            (NO_ROOM - 1, Status::Failed),
            (NO_ROOM, Status::Warning),
            (LITTLE_ROOM - 1, Status::Warning),
            (LITTLE_ROOM, Status::Ok),
        ] {
            assert_eq!(room(free), status, "{free}");
        }
    }

    #[test]
    fn the_soft_limit_of_open_files_is_read() {
        let limits = |soft: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max processes             unlimited            unlimited            processes \n\
                 Max open files            {soft:<20} 524288               files     \n"
            )
        };
        assert_eq!(open_file_limit(&limits("1024")), Some(1024));
        assert_eq!(open_file_limit(&limits("unlimited")), Some(u64::MAX));
        assert_eq!(open_file_limit("nothing of the kind"), None);
        assert_eq!(open_files(1024).status, Status::Warning);
        assert_eq!(open_files(10_240).status, Status::Ok);
    }
}
