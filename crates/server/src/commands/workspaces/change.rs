//! `denizen workspaces rename`, `suspend` and `resume`: change a workspace.

use anyhow::anyhow;
use clap::Args;
use denizen_domain::{Status, Workspace, WorkspaceChanges, WorkspaceName};
use denizen_persistence::{Asker, workspaces};

use crate::commands::named;
use crate::database;
use crate::operator;
use crate::output::Output;
use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// Change the display name of a workspace; its slug stays
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workspaces rename my-company 'My Company Ltd'")]
pub(crate) struct RenameWorkspace {
    #[command(flatten)]
    workspace: OneWorkspace,

    /// The new display name: 1 to 100 characters
    #[arg(value_name = "NAME", value_parser = WorkspaceName::parse)]
    name: WorkspaceName,
}

impl RenameWorkspace {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let changes = WorkspaceChanges { name: Some(self.name), ..WorkspaceChanges::default() };
        self.workspace.change(&changes).await
    }
}

/// Suspend a workspace: its keys, accounts and users' tokens are refused from the next request; nothing is removed
///
/// Its status becomes DISABLED, until `denizen workspaces resume`. Refused for the home of the last account that holds
/// `all`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workspaces suspend my-company")]
pub(crate) struct SuspendWorkspace {
    #[command(flatten)]
    workspace: OneWorkspace,
}

impl SuspendWorkspace {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        self.workspace.set_status(Status::Disabled).await
    }
}

/// Resume a workspace that is suspended or pending
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workspaces resume my-company")]
pub(crate) struct ResumeWorkspace {
    #[command(flatten)]
    workspace: OneWorkspace,
}

impl ResumeWorkspace {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        self.workspace.set_status(Status::Active).await
    }
}

/// The workspace that a command changes.
#[derive(Debug, Args)]
struct OneWorkspace {
    /// The workspace's slug or id
    #[arg(value_name = "SLUG|ID")]
    workspace: String,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl OneWorkspace {
    async fn set_status(self, status: Status) -> anyhow::Result<()> {
        self.change(&WorkspaceChanges { status: Some(status), ..WorkspaceChanges::default() }).await
    }

    async fn change(self, changes: &WorkspaceChanges) -> anyhow::Result<()> {
        let Self { workspace, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let Workspace { id, slug, .. } = named::workspace(connection, &workspace).await?;
        let changed = workspaces::change(connection, &operator::origin(), Asker::Operator, id, changes).await;
        let workspace = changed.map_err(reason)?.ok_or_else(|| anyhow!("the workspace {slug} is deleted"))?;
        output.object(
            &workspace,
            &[
                ("slug", slug.to_string()),
                ("name", workspace.name.to_string()),
                ("status", workspace.status.to_string()),
            ],
        )
    }
}
