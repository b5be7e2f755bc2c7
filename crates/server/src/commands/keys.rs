//! `denizen keys`: manages the credentials of a workspace's callers.

use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use denizen_domain::{
    ApiKey, ApiKeyId, Json, KeyRequest, NewApiKey, Position, Scope, ScopeSet, Timestamp, Workspace,
};
use denizen_persistence::api_keys::{self, KeyAsker, KeyFilter};

use crate::commands::named::WorkspaceArgument;
use crate::database;
use crate::listing::Listed;
use crate::operator;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, sources, values};

/// The subcommands for keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    Create(CreateKey),
    List(ListKeys),
    Rotate(RotateKey),
    Revoke(RevokeKey),
}

impl KeysCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(command) => command.run().await,
            Self::List(command) => command.run().await,
            Self::Rotate(command) => command.run().await,
            Self::Revoke(command) => command.run().await,
        }
    }
}

/// Create a key; its secret is shown only once
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen keys create --workspace default --name ci --scope external_users:read --json")]
pub(crate) struct CreateKey {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// Display name: 1 to 100 characters
    #[arg(long, value_name = "NAME", value_parser = ApiKey::parse_name)]
    name: String,

    /// Scope to grant; repeatable [default: the scopes for external users and settings, and for reading and running
    /// workflows]
    #[arg(long, value_name = "SCOPE", value_parser = values::coded::<Scope>())]
    scope: Vec<Scope>,

    /// How long the key is valid, such as 90d or 12h [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = values::lifetime, conflicts_with = "expires_at")]
    expires_in: Option<Duration>,

    /// When the key expires, such as 2030-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    expires_at: Option<Timestamp>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl CreateKey {
    async fn run(self) -> anyhow::Result<()> {
        let origin = operator::origin();
        let scopes =
            if self.scope.is_empty() { ScopeSet::default() } else { self.scope.iter().copied().collect() };
        let expires_at = self.expires_at(origin.source.clock.now())?;
        let database = database::open(&self.database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let workspace = self.workspace.find(connection).await?;
        let request = KeyRequest { name: self.name.clone(), scopes, expires_at };
        let made = api_keys::create(connection, &origin, workspace.id, KeyAsker::Operator, &request).await;
        show(self.output, &workspace, &made.map_err(reason)?)
    }

    fn expires_at(&self, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
        match (self.expires_in, self.expires_at) {
            (_, Some(moment)) if moment <= now => {
                let sentence = format!("--expires-at must be in the future, and {moment} is not");
                Err(sources::usage_error(sentence).into())
            }
            (_, Some(moment)) => Ok(Some(moment)),
            (lifetime, None) => Ok(lifetime.map(|lifetime| now.plus(lifetime))),
        }
    }
}

/// Prints a key with its secret.
fn show(output: Output, workspace: &Workspace, new: &NewApiKey) -> anyhow::Result<()> {
    let NewApiKey { key, secret } = new;
    let mut lines = vec![
        ("id", key.id.to_string()),
        ("name", key.name.clone()),
        ("workspace", format!("{} ({})", workspace.id, workspace.slug)),
        ("scopes", key.scopes.to_stored()),
        ("expires", moment(key.expires_at)),
        ("public key", key.public_key.to_string()),
        ("secret key (shown only once)", secret.expose().to_owned()),
    ];
    if key.old_secrets_end_at.is_some() {
        lines.push(("old secrets end", moment(key.old_secrets_end_at)));
    }
    output.object(new, &lines)
}

/// List the keys of a workspace without secrets, oldest first, including revoked ones
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen keys list --workspace default")]
pub(crate) struct ListKeys {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListKeys {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = self.workspace.find(connection).await?;
        self.output
            .pages(None, async |window| {
                api_keys::list(connection, workspace.id, &KeyFilter::default(), window).await
            })
            .await?;
        Ok(())
    }
}

impl Listed for ApiKey {
    const COLUMNS: &'static [&'static str] =
        &["ID", "NAME", "CREATED", "LAST USED", "LAST ADDRESS", "EXPIRES", "REVOKED", "SCOPES"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name.clone(),
            moment(Some(self.created_at)),
            moment(self.last_used_at),
            self.last_used_address.map_or_else(|| "-".to_owned(), |address| address.to_string()),
            moment(self.expires_at),
            moment(self.revoked_at),
            self.scopes.to_stored(),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(self)?)
    }

    fn position(&self) -> Position {
        Position::at(self.created_at, self.id.as_uuid())
    }
}

/// Give a key a new secret, shown once; old secrets stay valid for a while
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen keys rotate 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default --overlap 1d")]
pub(crate) struct RotateKey {
    /// The key's id
    #[arg(value_name = "ID")]
    id: ApiKeyId,

    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// How long old secrets stay valid, such as 1d or 12h; at most 30d. 0 revokes them at once
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = values::overlap)]
    overlap: Duration,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl RotateKey {
    async fn run(self) -> anyhow::Result<()> {
        let origin = operator::origin();
        let database = database::open(&self.database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let workspace = self.workspace.find(connection).await?;
        let rotated =
            api_keys::rotate(connection, &origin, workspace.id, KeyAsker::Operator, self.id, self.overlap)
                .await;
        let rotated = rotated.map_err(reason)?.ok_or_else(|| unknown(&workspace, self.id))?;
        show(self.output, &workspace, &rotated)
    }
}

/// Revoke a key: its secrets are refused from the next request
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen keys revoke 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default")]
pub(crate) struct RevokeKey {
    /// The key's id
    #[arg(value_name = "ID")]
    id: ApiKeyId,

    #[command(flatten)]
    workspace: WorkspaceArgument,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl RevokeKey {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let workspace = self.workspace.find(connection).await?;
        let origin = operator::origin();
        let key = api_keys::revoke(connection, &origin, workspace.id, KeyAsker::Operator, self.id).await;
        let key = key.map_err(reason)?.ok_or_else(|| unknown(&workspace, self.id))?;
        let revoked = moment(key.revoked_at);
        self.output
            .object(&key, &[("id", key.id.to_string()), ("name", key.name.clone()), ("revoked", revoked)])
    }
}

fn unknown(workspace: &Workspace, id: ApiKeyId) -> anyhow::Error {
    anyhow!("the workspace {} has no key {id}; see `denizen keys list`", workspace.slug)
}
