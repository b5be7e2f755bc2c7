//! `denizen workspaces`: manages the tenants, their status and rate limits, and their members.

mod change;
mod delete;
mod limit;
mod members;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use denizen_domain::{Channel, ChannelId, Conflict, Error, Json, Position, Slug, Workspace, WorkspaceName};
use denizen_persistence::workspaces;
use serde::Serialize;

use crate::database;
use crate::listing::Listed;
use crate::operator;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, sources};

use change::{RenameWorkspace, ResumeWorkspace, SuspendWorkspace};
use delete::DeleteWorkspace;
use limit::LimitWorkspace;
use members::{AddMember, RemoveMember};

/// The subcommands for workspaces.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkspacesCommand {
    Create(CreateWorkspace),
    List(ListWorkspaces),
    Rename(RenameWorkspace),
    Suspend(SuspendWorkspace),
    Resume(ResumeWorkspace),
    Delete(DeleteWorkspace),
    Limit(LimitWorkspace),
    Add(AddMember),
    Remove(RemoveMember),
}

impl WorkspacesCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(command) => command.run().await,
            Self::List(command) => command.run().await,
            Self::Rename(command) => command.run().await,
            Self::Suspend(command) => command.run().await,
            Self::Resume(command) => command.run().await,
            Self::Delete(command) => command.run().await,
            Self::Limit(command) => command.run().await,
            Self::Add(command) => command.run().await,
            Self::Remove(command) => command.run().await,
        }
    }
}

/// Create a workspace with a default channel
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workspaces create 'My Company' --slug my-company")]
pub(crate) struct CreateWorkspace {
    /// Display name: 1 to 100 characters
    #[arg(value_name = "NAME", value_parser = WorkspaceName::parse)]
    name: WorkspaceName,

    /// Name for commands and URLs: 1 to 63 of a-z, 0-9 and inner hyphens, not digits only [default: from the name]
    #[arg(long, value_name = "SLUG", value_parser = Slug::parse_new)]
    slug: Option<Slug>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

/// A workspace that was just created.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewWorkspace<'a> {
    #[serde(flatten)]
    workspace: &'a Workspace,
    default_channel: NewChannel<'a>,
}

#[derive(Serialize)]
struct NewChannel<'a> {
    id: ChannelId,
    name: &'a str,
}

impl CreateWorkspace {
    async fn run(self) -> anyhow::Result<()> {
        let Self { name, slug, output, database } = self;
        let slug = slug.map_or_else(|| derived_slug(&name), Ok)?;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let made = workspaces::create(connection, &operator::origin(), &slug, &name).await;
        let (workspace, channel) = made.map_err(|error| failure(error, &slug))?;
        let Channel { id, name, .. } = &channel;
        let json = NewWorkspace { workspace: &workspace, default_channel: NewChannel { id: *id, name } };
        output.object(
            &json,
            &[
                ("id", workspace.id.to_string()),
                ("number", workspace.number.to_string()),
                ("slug", workspace.slug.to_string()),
                ("name", workspace.name.to_string()),
                ("default channel", format!("{id} ({name})")),
                ("created", moment(Some(workspace.created_at))),
            ],
        )
    }
}

fn derived_slug(name: &WorkspaceName) -> Result<Slug, clap::Error> {
    match Slug::suggested_by(name.as_str()) {
        Some(slug) if slug.is_reserved() => Err(sources::usage_error(format!(
            "the slug {slug} that this name leads to means something else in paths; use --slug"
        ))),
        Some(slug) => Ok(slug),
        None => Err(sources::usage_error("cannot derive a slug from this name; use --slug".to_owned())),
    }
}

fn failure(error: Error, slug: &Slug) -> anyhow::Error {
    match error {
        Error::Conflict(Conflict::SlugTaken) => {
            anyhow!("a workspace with the slug {slug} already exists; use another --slug")
        }
        error => reason(error),
    }
}

/// List all workspaces, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workspaces list --json")]
pub(crate) struct ListWorkspaces {
    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListWorkspaces {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        self.output.pages(None, async |window| workspaces::list(connection, window).await).await?;
        Ok(())
    }
}

impl Listed for Workspace {
    const COLUMNS: &'static [&'static str] = &["SLUG", "ID", "NUMBER", "STATUS", "CREATED", "NAME"];

    fn cells(&self) -> Vec<String> {
        let Self { id, number, slug, name, status, created_at, .. } = self;
        vec![
            slug.to_string(),
            id.to_string(),
            number.to_string(),
            status.to_string(),
            moment(Some(*created_at)),
            name.to_string(),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(self)?)
    }

    fn position(&self) -> Position {
        Position::at(self.created_at, self.id.as_uuid())
    }
}
