//! `denizen signing-keys`: manages the keys that sign access tokens.

use clap::{Args, Subcommand};
use denizen_domain::{Conflict, Error, Origin, Source, Timestamp};
use denizen_persistence::server_secrets::{self, Purpose, ServerSecret};
use serde::Serialize;

use crate::database;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// The subcommands for signing keys.
#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeysCommand {
    List(ListSigningKeys),
    Rotate(RotateSigningKey),
}

impl SigningKeysCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run().await,
            Self::Rotate(command) => command.run().await,
        }
    }
}

/// The use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Use {
    /// It signs new tokens.
    Signing,
    /// Its tokens are valid until they expire.
    Accepted,
    /// Its tokens are refused.
    Retired,
}

/// The public part of a key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningKey {
    kid: String,
    generation: i64,
    #[serde(rename = "use")]
    usage: Use,
    created_at: Timestamp,
}

impl SigningKey {
    /// A key, with the number of newer ones.
    fn new(secret: &ServerSecret, newer: usize) -> anyhow::Result<Self> {
        let ServerSecret { generation, bytes, created_at } = secret;
        let kid = denizen_api::signing_key_id(bytes).map_err(reason)?;
        Ok(Self { kid, generation: *generation, usage: usage(newer), created_at: *created_at })
    }

    fn name_of_use(&self) -> &'static str {
        match self.usage {
            Use::Signing => "signing",
            Use::Accepted => "accepted",
            Use::Retired => "retired",
        }
    }
}

fn usage(newer: usize) -> Use {
    match u32::try_from(newer) {
        Ok(0) => Use::Signing,
        Ok(newer) if newer < denizen_api::ACCEPTED_SIGNING_KEYS => Use::Accepted,
        _ => Use::Retired,
    }
}

/// List the public parts of the database's signing keys, newest first
///
/// A server started with --signing-key-file signs with that key instead.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen signing-keys list")]
pub(crate) struct ListSigningKeys {
    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListSigningKeys {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let secrets = server_secrets::newest(connection, Purpose::AccessTokens, u32::MAX).await;
        let secrets = secrets.map_err(reason)?;
        let keys = secrets.iter().enumerate().map(|(newer, secret)| SigningKey::new(secret, newer));
        let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
        self.output.list(&keys, &["GENERATION", "KID", "USE", "CREATED"], |key| {
            let use_name = key.name_of_use().to_owned();
            vec![key.generation.to_string(), key.kid.clone(), use_name, moment(Some(key.created_at))]
        })
    }
}

/// Create a new key and sign with it from now on
///
/// Running servers use it within half a minute. Tokens of the previous key stay valid until they expire. Tokens of
/// older keys become invalid, so wait for the longest token lifetime between rotations.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen signing-keys rotate --json")]
pub(crate) struct RotateSigningKey {
    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl RotateSigningKey {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let private_key = denizen_api::generate_signing_key().map_err(reason)?;
        let connection = &mut database.write().await.map_err(reason)?;
        let (origin, purpose) = (Origin::operator(Source::system()), Purpose::AccessTokens);
        let rotated = server_secrets::rotate(connection, &origin, purpose, private_key).await;
        let key = SigningKey::new(&rotated.map_err(failure)?, 0)?;
        self.output.object(
            &key,
            &[
                ("kid", key.kid.clone()),
                ("generation", key.generation.to_string()),
                ("created", moment(Some(key.created_at))),
            ],
        )
    }
}

fn failure(error: Error) -> anyhow::Error {
    match error {
        Error::Conflict(Conflict::ConcurrentChange) => {
            anyhow::anyhow!("the key was rotated by somebody else; theirs is in use")
        }
        error => reason(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_key_signs_and_the_previous_is_accepted() {
        assert_eq!([0, 1, 2, 3].map(usage), [Use::Signing, Use::Accepted, Use::Retired, Use::Retired]);
    }
}
