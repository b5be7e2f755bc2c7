//! `denizen encryption-keys`: manages the keys that encrypt secrets kept for others.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use denizen_api::{EncryptionKeys, SealedAs};
use denizen_domain::{Reach, Source, Workspace};
use denizen_persistence::{Database, workspaces};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::database;
use crate::listing::read_all;
use crate::output::Output;
use crate::reason::reason;
use crate::settings::{DatabaseSettings, EncryptionSettings};

/// The subcommands for encryption keys.
#[derive(Debug, Subcommand)]
pub(crate) enum EncryptionKeysCommand {
    Generate(GenerateEncryptionKey),
    Reseal(Reseal),
}

impl EncryptionKeysCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Generate(command) => command.run(),
            Self::Reseal(command) => command.run().await,
        }
    }
}

/// Print a new key, for a file or a setting; it is stored nowhere
///
/// To replace a key: add the new one as the second line of the file of every server and restart them, then make it the
/// first line and restart them, then run `denizen encryption-keys reseal` and remove the old one.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen encryption-keys generate --json")]
pub(crate) struct GenerateEncryptionKey {
    #[command(flatten)]
    output: Output,
}

impl GenerateEncryptionKey {
    fn run(self) -> anyhow::Result<()> {
        let key = EncryptionKeys::generate();
        let key = key.expose_secret();
        self.output.object(&json!({ "key": key }), &[("key", key.to_owned())])
    }
}

/// Encrypt all secrets with the first key again
///
/// Afterwards, the other keys are no longer needed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen encryption-keys reseal --encryption-key-file keys.txt")]
pub(crate) struct Reseal {
    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,

    #[command(flatten)]
    encryption: EncryptionSettings,
}

impl Reseal {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let keys = self.encryption.read(&self.database)?;
        let keys = keys.context("there is no encryption key; set --encryption-key-file")?;
        let keys = EncryptionKeys::parse(&keys).map_err(reason)?;
        let resealed = reseal_workspace_keys(&database, &keys).await?;
        self.output.object(&json!({ "resealed": resealed }), &[("resealed", resealed.to_string())])
    }
}

/// Encrypts the keys of all workspaces with the first key, and returns how many needed it.
async fn reseal_workspace_keys(database: &Database, keys: &EncryptionKeys) -> anyhow::Result<usize> {
    let connection = &mut database.write().await.map_err(reason)?;
    let ids = Source::system().ids;
    let all = read_all(async |window| workspaces::list(connection, window).await).await?;
    let mut resealed = 0;
    for Workspace { id, slug, .. } in all {
        let found = workspaces::find_key(connection, Reach::Everywhere, id).await.map_err(reason)?.flatten();
        let Some(sealed) = found.filter(|sealed| !keys.first_has_sealed(sealed)) else { continue };
        let sealed_as = SealedAs::WorkspaceKey(id);
        let failed = || format!("cannot decrypt the key of the workspace {slug}");
        let opened = keys.open(&sealed, sealed_as).map_err(reason).with_context(failed)?;
        let again = keys.seal(&opened, sealed_as, &*ids).map_err(reason)?;
        let replaced = workspaces::reseal_key(connection, id, &sealed, &again).await.map_err(reason)?;
        resealed += usize::from(replaced);
    }
    Ok(resealed)
}
