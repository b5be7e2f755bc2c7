//! `denizen workspaces limit`: sets the rate limit of a workspace's callers.

use anyhow::anyhow;
use clap::Args;
use denizen_domain::{Patch, Workspace, WorkspaceChanges};
use denizen_persistence::{Asker, workspaces};

use crate::commands::named;
use crate::database;
use crate::operator;
use crate::output::Output;
use crate::reason::reason;
use crate::settings::{DatabaseSettings, values};

/// Set the requests per second that each key, account and external user of a workspace may make
///
/// Applies from the next request, on every server. Accounts use the limit of their home.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workspaces limit default --requests-per-second 50\n  \
    denizen workspaces limit default --default")]
pub(crate) struct LimitWorkspace {
    /// The workspace's slug or id
    #[arg(value_name = "SLUG|ID")]
    workspace: String,

    /// Maximum requests per second; 0 is unlimited
    #[arg(long, value_name = "NUMBER", value_parser = values::limit)]
    #[arg(required_unless_present = "default", conflicts_with = "default")]
    requests_per_second: Option<u32>,

    /// Use the server's `--requests-per-second-per-caller` instead
    #[arg(long)]
    default: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl LimitWorkspace {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { workspace, requests_per_second, default: _, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let Workspace { id, slug, .. } = named::workspace(connection, &workspace).await?;
        let requests_per_second = requests_per_second.map_or(Patch::Null, Patch::Value);
        let changes = WorkspaceChanges { requests_per_second, ..WorkspaceChanges::default() };
        let origin = operator::origin();
        let changed = workspaces::change(connection, &origin, Asker::Operator, id, &changes).await;
        let workspace = changed.map_err(reason)?.ok_or_else(|| anyhow!("the workspace {slug} is deleted"))?;
        let limit = match workspace.requests_per_second {
            None => "as many as the server's settings say".to_owned(),
            Some(0) => "any number".to_owned(),
            Some(limit) => limit.to_string(),
        };
        output.object(&workspace, &[("slug", slug.to_string()), ("requests a second", limit)])
    }
}
