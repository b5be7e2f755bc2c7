//! Shows what the first start created, once: on standard output, or in a file that only its owner can read.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use denizen_persistence::bootstrap::{Administrator, FirstStart, FirstWorkspace};

/// What the first start created, with its secrets.
pub(crate) struct Secrets<'server> {
    /// What was created.
    pub(crate) first_start: &'server FirstStart,
    /// The URL of the server.
    pub(crate) base: &'server str,
}

impl fmt::Display for Secrets<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first_start: FirstStart { workspace, administrator }, base } = self;
        if let Some(FirstWorkspace { workspace, channel, key }) = workspace {
            writeln!(formatter, "  workspace      {:<9} {}", workspace.slug.as_str(), workspace.id)?;
            writeln!(formatter, "  channel        {:<9} {}", channel.name, channel.id)?;
            writeln!(formatter, "  public key     {}", key.key.public_key)?;
            writeln!(formatter, "  secret key     {}", key.secret.expose())?;
        }
        if let Some(Administrator { account, password }) = administrator {
            writeln!(formatter, "  administrator  {}", account.username)?;
            writeln!(formatter, "  password       {}", password.expose())?;
        }
        if let Some(FirstWorkspace { key, .. }) = workspace {
            let secret = key.secret.expose();
            writeln!(formatter, "\nTry it:\n  curl -H 'x-api-key: {secret}' {base}/api/v1/external-users")?;
        }
        Ok(())
    }
}

/// A new file for the secrets, which only its owner can read.
pub(crate) struct SecretsFile {
    path: PathBuf,
    file: File,
}

impl SecretsFile {
    /// Creates the file, before there are secrets to lose. Fails if it exists: what it contains is not overwritten.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.with_context(|| format!("--first-start-file {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes the secrets to the disk.
    pub(crate) fn write(mut self, secrets: &Secrets<'_>) -> anyhow::Result<()> {
        let written = write!(self.file, "{secrets}").and_then(|()| self.file.sync_all());
        written.with_context(|| {
            format!(
                "cannot write the secrets of the first start to {}; use `denizen keys create` and `denizen accounts set-password`",
                self.path.display()
            )
        })
    }

    /// Removes the file, which is not needed: another server was the first to start.
    pub(crate) fn remove(self) -> anyhow::Result<()> {
        let Self { path, file: _ } = self;
        std::fs::remove_file(&path)
            .with_context(|| format!("cannot remove the empty file {}", path.display()))
    }
}
