//! `denizen encryption-keys`: manages the keys that encrypt secrets kept for others.

use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use denizen_api::{EncryptionKeys, SealedAs};
use denizen_domain::{IdSource, Reach, Source, Workspace, WorkspaceId};
use denizen_persistence::connected_accounts::{self, SealedSecret};
use denizen_persistence::{Database, DbConnection, workspaces};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::database;
use crate::listing::read_all;
use crate::output::Output;
use crate::reason::reason;
use crate::settings::{DatabaseSettings, EncryptionSettings};

/// How many secrets are read at a time.
pub(crate) const BATCH: u32 = 500;

/// The subcommands for encryption keys.
#[derive(Debug, Subcommand)]
pub(crate) enum EncryptionKeysCommand {
    Generate(GenerateEncryptionKey),
    #[command(visible_alias = "rotate")]
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
/// These are the keys of workspaces, and what connected accounts present to other systems. Servers may run meanwhile. Afterwards,
/// the other keys are no longer needed.
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
        let resealed = reseal_all(&database, &keys).await?;
        self.output.object(&json!({ "resealed": resealed }), &[("resealed", resealed.to_string())])
    }
}

/// Encrypts all secrets with the first key, and returns how many needed it.
async fn reseal_all(database: &Database, keys: &EncryptionKeys) -> anyhow::Result<usize> {
    let connection = &mut database.write().await.map_err(reason)?;
    let ids = Source::system().ids;
    let all = read_all(async |window| workspaces::list(connection, window).await).await?;
    let mut resealed = 0;
    for Workspace { id, slug, .. } in all {
        let failed = || format!("cannot decrypt a secret of a connected account of the workspace {slug}");
        resealed += reseal_connections(connection, keys, &ids, id).await.with_context(failed)?;
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

/// Encrypts the secrets of a workspace's auth configs and connected accounts with the first key, a batch at a time.
async fn reseal_connections(
    connection: &mut DbConnection,
    keys: &EncryptionKeys,
    ids: &Arc<dyn IdSource>,
    workspace_id: WorkspaceId,
) -> anyhow::Result<usize> {
    let (mut resealed, mut last) = (0, None);
    loop {
        let batch = connected_accounts::sealed_after(connection, workspace_id, last.as_ref(), BATCH).await;
        let batch = batch.map_err(reason)?;
        let Some(end) = batch.last() else { return Ok(resealed) };
        last = Some(end.clone());
        for secret in batch.iter().filter(|secret| !keys.first_has_sealed(secret.sealed())) {
            let sealed_as = match secret {
                SealedSecret::OfClient(id, _) => SealedAs::ClientSecret(workspace_id, *id),
                SealedSecret::OfAccount(id, _) => SealedAs::Credentials(workspace_id, *id),
            };
            let opened = keys.open(secret.sealed(), sealed_as).map_err(reason)?;
            let again = keys.seal(&opened, sealed_as, &**ids).map_err(reason)?;
            let replaced = connected_accounts::reseal(connection, workspace_id, secret, again).await;
            resealed += usize::from(replaced.map_err(reason)?);
        }
    }
}
