//! The folder of a private cluster: in memory if there is enough space. If a run is killed, the next one deletes its
//! folder.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The prefix of the folders' names.
const PREFIX: &str = "denizen-postgres-";

/// The file that is locked while the folder is in use. The lock ends with the process, even if it is killed.
const LOCK: &str = "lock";

/// A folder that is in memory on most Linux machines.
const MEMORY: &str = "/dev/shm";

/// Not `TMPDIR`: a socket's path must not exceed 107 bytes, and the cluster's owner needs access to the folder.
const DISK: &str = "/tmp";

/// The free bytes of memory that are enough for a run of all tests.
const NEEDED: u64 = 2 << 30;

/// A locked folder, deleted on drop.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Creates a folder that contains only its lock.
    pub(super) fn create() -> Result<Self> {
        Self::create_in(if has_room(Path::new(MEMORY)) { MEMORY } else { DISK })
    }

    /// The same, but never in memory.
    pub(super) fn on_disk() -> Result<Self> {
        Self::create_in(DISK)
    }

    fn create_in(parent: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        // The file is locked before it gets its name, so that no other process considers the folder abandoned.
        let unnamed = folder.path().join("new-lock");
        let lock = File::create(&unnamed)?;
        lock.lock().context("cannot lock a folder")?;
        std::fs::rename(&unnamed, folder.path().join(LOCK))?;
        Ok(Self { path: folder.keep(), _lock: lock })
    }

    /// Takes over the owner's folders whose processes were killed.
    pub(super) fn abandoned(owner: u32) -> Vec<Self> {
        let entries = [MEMORY, DISK].into_iter().filter_map(|parent| std::fs::read_dir(parent).ok());
        let folders = entries.flatten().flatten().filter(|entry| {
            let is_named_so = entry.file_name().to_string_lossy().starts_with(PREFIX);
            let is_own = |metadata: Metadata| metadata.is_dir() && metadata.uid() == owner;
            is_named_so && entry.metadata().is_ok_and(is_own)
        });
        folders.filter_map(|entry| Self::take_over(entry.path())).collect()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn take_over(path: PathBuf) -> Option<Self> {
        let lock = File::open(path.join(LOCK)).ok()?;
        lock.try_lock().ok()?;
        Some(Self { path, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn has_room(folder: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let free = rustix::fs::statvfs(folder).map_or(0, |found| found.f_bavail.saturating_mul(found.f_frsize));
    is_in_memory(&mounts, folder) && free >= NEEDED
}

/// Returns whether a tmpfs is mounted on a folder, according to the text of `/proc/mounts`.
fn is_in_memory(mounts: &str, folder: &Path) -> bool {
    mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(1);
        fields.next().map(Path::new) == Some(folder) && fields.next() == Some("tmpfs")
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Folder, is_in_memory};

    #[test]
    fn only_tmpfs_is_in_memory() {
        let mounts = "proc /proc proc rw 0 0\nshm /dev/shm tmpfs rw 0 0\n/dev/vda /tmp ext4 rw 0 0\n";
        assert!(is_in_memory(mounts, Path::new("/dev/shm")));
        assert!(!is_in_memory(mounts, Path::new("/tmp")));
        assert!(!is_in_memory(mounts, Path::new("/dev")));
    }

    #[test]
    fn takes_over_a_folder_only_after_its_process_ends() {
        let folder = Folder::create().unwrap();
        let path = folder.path().to_owned();
        assert!(Folder::take_over(path.clone()).is_none());
        let Folder { _lock: lock, .. } = &folder;
        lock.unlock().unwrap();
        assert!(Folder::take_over(path.clone()).is_some());
        assert!(!path.exists());
    }
}
