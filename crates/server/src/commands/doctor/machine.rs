//! Checks the machine: folder and file of the database, free disk space, open files.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rustix::fs::{Access, access};

use super::{Check, Finding, Status};
use crate::settings::DatabaseSettings;

const MEBIBYTE: u64 = 1 << 20;

/// Warn if fewer bytes are free.
const LITTLE_ROOM: u64 = 1024 * MEBIBYTE;

/// Fail if fewer bytes are free: writes will soon fail.
const NO_ROOM: u64 = 100 * MEBIBYTE;

/// The default number of connections, plus files for the database.
const ENOUGH_FILES: u64 = 10_240;

/// Permission bits that let the group or others read or write a database.
const OF_OTHER_USERS: u32 = 0o066;

/// Checks the machine; the disk only for a database in a file, and the file with encryption keys, if there is one.
pub(super) fn check(settings: &DatabaseSettings, encryption_key: Option<PathBuf>) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(file) = settings.sqlite_file() {
        checks.extend(storage(&file));
    }
    if let Some((file, metadata)) =
        encryption_key.and_then(|file| Some((file.clone(), file.metadata().ok()?)))
    {
        checks.push(Check::new("encryption key file", Ok(private(&file, &metadata.permissions()))));
    }
    let limits = std::fs::read_to_string("/proc/self/limits").ok();
    let limit = limits.as_deref().and_then(open_file_limit);
    let files = limit.map(|limit| Check::new("open files", Ok(open_files(limit))));
    checks.extend(files);
    checks
}

/// Checks the database file and its folder, as far as they exist.
fn storage(file: &Path) -> Vec<Check> {
    let mut checks = Vec::new();
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if folder.is_dir() {
        checks.push(Check::new("data folder", Ok(writable(folder))));
        checks.push(Check::new("disk", disk(folder)));
    }
    if let Ok(metadata) = file.metadata() {
        checks.push(Check::new("database file", Ok(private(file, &metadata.permissions()))));
    }
    checks
}

/// SQLite creates files beside the database while it writes.
fn writable(folder: &Path) -> Finding {
    let shown = folder.display();
    match access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Finding::new(Status::Ok, format!("this user may write to {shown}")),
        Err(error) => Finding::new(Status::Failed, format!("this user may not write to {shown}: {error}")),
    }
}

fn private(file: &Path, permissions: &Permissions) -> Finding {
    let file = file.display();
    if permissions.mode() & OF_OTHER_USERS == 0 {
        return Finding::new(Status::Ok, format!("only its owner may read {file}"));
    }
    Finding::new(Status::Warning, format!("other users may read {file}; run `chmod 600 {file}`"))
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
        "a server started from here may open only {limit} files, one per connection; raise the limit with \
         `ulimit -n {ENOUGH_FILES}`"
    );
    Finding::new(Status::Warning, message)
}

/// Parses the soft limit from the system's process limits.
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
    fn warns_of_a_database_that_others_may_read() {
        for (mode, status) in [(0o600, Status::Ok), (0o640, Status::Warning), (0o604, Status::Warning)] {
            let finding = private(Path::new("denizen.db"), &Permissions::from_mode(mode));
            assert_eq!(finding.status, status, "{mode:o}");
        }
    }

    #[test]
    fn warns_of_low_disk_space() {
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
    fn reads_the_soft_limit_of_open_files() {
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
