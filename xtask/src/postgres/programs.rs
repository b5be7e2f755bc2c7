//! Finds PostgreSQL's programs, and installs them where allowed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::URL_VARIABLE;
use crate::packages;

/// Debian's folder, with one subfolder per major version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// Keeps Debian from starting a cluster with PostgreSQL.
const PREPARE: &str = "
    settings=/etc/postgresql-common/createcluster.d
    mkdir -p $settings
    echo 'create_main_cluster = false' >$settings/denizen.conf
    trap 'rm -f $settings/denizen.conf' EXIT
";

/// Returns the folder of `initdb`, `pg_ctl` and `postgres`, installing them if needed.
pub(super) fn find_or_install() -> Result<PathBuf> {
    if let Some(folder) = find() {
        return Ok(folder);
    }
    install()?;
    match find() {
        Some(folder) => Ok(folder),
        None => bail!("the package postgresql is installed, but brought no PostgreSQL server"),
    }
}

/// Returns `psql`, which every server package contains.
pub(super) fn client() -> Result<PathBuf> {
    let client = folders().into_iter().map(|folder| folder.join("psql")).find(|file| file.is_file());
    client.context("there is no psql on the PATH: install PostgreSQL's client programs")
}

fn find() -> Option<PathBuf> {
    folders().into_iter().find(|folder| holds_server(folder))
}

fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(debian_folders()).collect()
}

/// Returns the program folders of Debian's packages, the newest version first.
fn debian_folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(DEBIAN_FOLDER).into_iter().flatten().flatten();
    let mut versions: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions
        .into_iter()
        .map(|version| Path::new(DEBIAN_FOLDER).join(version.to_string()).join("bin"))
        .collect()
}

fn holds_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file())
}

fn install() -> Result<()> {
    if !packages::can_install() {
        bail!(
            "PostgreSQL is needed, and there is none on this machine.\n\
             Install it (Debian, Ubuntu: apt-get install postgresql), or put its programs on the PATH,\n\
             or set {URL_VARIABLE} to a server on which databases may be created."
        );
    }
    eprintln!("Installing PostgreSQL, which is not on this machine …");
    packages::install(&["postgresql"], PREPARE)
}
