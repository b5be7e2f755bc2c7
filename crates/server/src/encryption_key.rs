//! Creates the encryption key beside a SQLite database.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use denizen_api::EncryptionKeys;
use secrecy::{ExposeSecret as _, SecretString};

use crate::settings::{DatabaseSettings, EncryptionSettings};

/// Reads the encryption keys. Creates one beside a SQLite database if none is configured and none is there.
pub(crate) fn find_or_create(
    settings: &EncryptionSettings,
    database: &DatabaseSettings,
) -> anyhow::Result<Option<SecretString>> {
    if let Some(file) = settings.file(database).filter(|file| !settings.is_configured() && !file.exists()) {
        let failed = || format!("cannot create the encryption key {}", file.display());
        create(&file, &EncryptionKeys::generate()).with_context(failed)?;
        tracing::info!(file = %file.display(), "created an encryption key; back it up apart from the database");
    }
    settings.read(database)
}

/// Creates the file, only for this user. If another server does so at the same time, its file stays. The file appears
/// complete or not at all, and is on disk before anything is encrypted with it.
fn create(file: &Path, key: &SecretString) -> std::io::Result<()> {
    let draft = file.with_extension(format!("key.{}", std::process::id()));
    let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(written, "{}", key.expose_secret())?;
    written.sync_all()?;
    let linked = std::fs::hard_link(&draft, file);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
