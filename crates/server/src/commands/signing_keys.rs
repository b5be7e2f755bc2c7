//! `denizen signing-keys`: manages the keys that sign access tokens.

use clap::{Args, Subcommand};
use denizen_domain::{SigningKeyUse, Source, Timestamp};
use denizen_persistence::server_secrets::signing_keys::{self, Rotation, SigningKey};
use serde::Serialize;

use crate::database;
use crate::operator;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::{AccessTokenSettings, DatabaseSettings};

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

/// The public part of a key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownKey {
    kid: String,
    generation: i64,
    #[serde(rename = "use")]
    usage: &'static str,
    created_at: Timestamp,
    /// When it begins to sign; null if that is not decided.
    signs_from: Option<Timestamp>,
}

impl ShownKey {
    /// The keys, with their uses at this moment.
    fn all(keys: &[SigningKey], tokens: AccessTokenSettings, now: Timestamp) -> anyhow::Result<Vec<Self>> {
        let signs_from: Vec<_> = keys.iter().map(|key| key.signs_from).collect();
        let uses = SigningKeyUse::of_all(&signs_from, tokens.access_token_lifetime, now);
        keys.iter().zip(uses).map(|(key, usage)| Self::of(key, usage)).collect()
    }

    fn of(key: &SigningKey, usage: SigningKeyUse) -> anyhow::Result<Self> {
        let SigningKey { generation, private_key, created_at, signs_from } = key;
        let kid = denizen_api::signing_key_id(private_key).map_err(reason)?;
        let usage = match usage {
            SigningKeyUse::Next => "next",
            SigningKeyUse::Signing => "signing",
            SigningKeyUse::Accepted => "accepted",
            SigningKeyUse::Retired => "retired",
        };
        Ok(Self { kid, generation: *generation, usage, created_at: *created_at, signs_from: *signs_from })
    }
}

/// List the public parts of the database's signing keys, newest first
///
/// The next key is published, but does not sign. An accepted key no longer signs, but its tokens are valid until they
/// expire. A server started with --signing-key-file uses the keys of that file instead.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen signing-keys list")]
pub(crate) struct ListSigningKeys {
    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,

    #[command(flatten)]
    tokens: AccessTokenSettings,
}

impl ListSigningKeys {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let keys = signing_keys::list(connection).await.map_err(reason)?;
        let keys = ShownKey::all(&keys, self.tokens, Source::system().clock.now())?;
        self.output.list(&keys, &["GENERATION", "KID", "USE", "CREATED", "SIGNS FROM"], |key| {
            vec![
                key.generation.to_string(),
                key.kid.clone(),
                key.usage.to_owned(),
                moment(Some(key.created_at)),
                moment(key.signs_from),
            ]
        })
    }
}

/// Sign with the next key, and create the one after it
///
/// The next key has been published since the last rotation. All servers begin to sign with it at the same moment, half a
/// minute from now, when no cache of the public keys lacks it. Tokens of earlier keys stay valid until they expire. While
/// a rotation is under way, another changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen signing-keys rotate --json")]
pub(crate) struct RotateSigningKey {
    /// For emergencies, when others may know the current key: sign with the next key at once, and delete the earlier
    /// ones. Their tokens are refused as soon as each server has read the keys, within half a minute, and users must
    /// authenticate again. Whoever has read the database also knows the next key: then run the command twice
    #[arg(long)]
    now: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl RotateSigningKey {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let origin = operator::origin();
        let make = denizen_api::generate_signing_key;
        signing_keys::ensure(connection, &origin.source, make).await.map_err(reason)?;
        let rotation = if self.now { Rotation::AtOnce } else { Rotation::Announced };
        let fresh = make().map_err(reason)?;
        let key = signing_keys::rotate(connection, &origin, rotation, fresh).await.map_err(reason)?;
        let has_begun = key.signs_from.is_some_and(|begin| begin <= origin.source.clock.now());
        let usage = if has_begun { SigningKeyUse::Signing } else { SigningKeyUse::Next };
        let key = ShownKey::of(&key, usage)?;
        self.output.object(
            &key,
            &[
                ("kid", key.kid.clone()),
                ("generation", key.generation.to_string()),
                ("created", moment(Some(key.created_at))),
                ("signs from", moment(key.signs_from)),
            ],
        )
    }
}
