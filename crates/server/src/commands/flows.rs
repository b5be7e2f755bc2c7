//! `denizen flows`: manages the flows of a workspace and their users.

mod participants;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use denizen_domain::{
    AccessMode, Conflict, Error, Flow, FlowDescription, FlowId, FlowName, Json, NewFlow, Position, Slug,
    SortKey, Timestamp, Workspace, WorkspaceId,
};
use denizen_persistence::flows::{self, CountedFlow, MAXIMUM_PER_WORKSPACE};
use denizen_persistence::{Asker, DbConnection};
use serde::Serialize;

use crate::commands::named::{self, WorkspaceArgument};
use crate::database;
use crate::listing::Listed;
use crate::operator;
use crate::output::{Output, moment, yes_or_no};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, values};

use participants::{AddParticipant, RemoveParticipant};

/// The subcommands for flows.
#[derive(Debug, Subcommand)]
pub(crate) enum FlowsCommand {
    Create(CreateFlow),
    List(ListFlows),
    Add(AddParticipant),
    Remove(RemoveParticipant),
}

impl FlowsCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(command) => command.run().await,
            Self::List(command) => command.run().await,
            Self::Add(command) => command.run().await,
            Self::Remove(command) => command.run().await,
        }
    }
}

/// Create a flow without users
///
/// The slug is derived from the name. If another flow has it, a suffix -2, -3 and so on is added.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen flows create 'My flow' --workspace default --access-mode organization --json")]
pub(crate) struct CreateFlow {
    /// Display name: 1 to 100 characters
    #[arg(value_name = "NAME", value_parser = FlowName::parse)]
    name: FlowName,

    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// Who can join, besides users who are added: invited people; with `link`, also anyone with the link; with
    /// `organization`, also every member of the workspace
    #[arg(long, value_name = "MODE", default_value_t, value_parser = values::coded::<AccessMode>())]
    access_mode: AccessMode,

    /// Purpose: at most 1000 characters
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    #[arg(value_parser = FlowDescription::parse)]
    description: FlowDescription,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl CreateFlow {
    async fn run(self) -> anyhow::Result<()> {
        let Self { name, workspace, access_mode, description, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let new = NewFlow { name, description, access_mode };
        let made = flows::create(connection, &operator::origin(), Asker::Operator, workspace.id, &new).await;
        let made = made.map_err(|error| failure(error, &workspace))?;
        let flow = made.ok_or_else(|| anyhow!("the workspace {} is deleted", workspace.slug))?;
        output.object(
            &FlowView::of(&flow, 0),
            &[
                ("id", flow.id.to_string()),
                ("slug", flow.slug.to_string()),
                ("name", flow.name.to_string()),
                ("workspace", workspace.slug.to_string()),
                ("access mode", flow.access_mode.to_string()),
                ("created", moment(Some(flow.created_at))),
            ],
        )
    }
}

fn failure(error: Error, workspace: &Workspace) -> anyhow::Error {
    match error {
        Error::Conflict(Conflict::TooManyFlows) => anyhow!(
            "the workspace {} has the maximum of {MAXIMUM_PER_WORKSPACE} flows; create another workspace",
            workspace.slug
        ),
        error => named::refusal(error, workspace),
    }
}

/// List the flows of a workspace by name, including archived ones
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen flows list --workspace default")]
pub(crate) struct ListFlows {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListFlows {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = self.workspace.find(connection).await?;
        self.output
            .pages(None, async |window| flows::list_all(connection, workspace.id, window).await)
            .await?;
        Ok(())
    }
}

impl Listed for CountedFlow {
    const COLUMNS: &'static [&'static str] = &["SLUG", "ID", "ACCESS MODE", "ARCHIVED", "USERS", "NAME"];

    fn cells(&self) -> Vec<String> {
        let Self { flow, user_count } = self;
        vec![
            flow.slug.to_string(),
            flow.id.to_string(),
            flow.access_mode.to_string(),
            yes_or_no(flow.is_archived),
            user_count.to_string(),
            flow.name.to_string(),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(&FlowView::of(&self.flow, self.user_count))?)
    }

    fn position(&self) -> Position {
        Position { key: SortKey::Text(self.flow.name.folded()), id: self.flow.id.as_uuid() }
    }
}

/// A flow as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlowView<'a> {
    id: FlowId,
    workspace_id: WorkspaceId,
    slug: &'a Slug,
    name: &'a FlowName,
    description: &'a FlowDescription,
    access_mode: AccessMode,
    is_archived: bool,
    /// How many users are in it, except blocked ones.
    user_count: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> FlowView<'a> {
    fn of(flow: &'a Flow, user_count: i64) -> Self {
        let Flow {
            id,
            workspace_id,
            slug,
            name,
            description,
            access_mode,
            is_archived,
            join_code: _,
            created_at,
            updated_at,
        } = flow;
        Self {
            id: *id,
            workspace_id: *workspace_id,
            slug,
            name,
            description,
            access_mode: *access_mode,
            is_archived: *is_archived,
            user_count,
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }
}

/// A flow argument with its workspace.
#[derive(Debug, Args)]
pub(crate) struct FlowArguments {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// The flow's slug or id
    #[arg(long, value_name = "SLUG|ID")]
    flow: String,
}

impl FlowArguments {
    async fn find(&self, connection: &mut DbConnection) -> anyhow::Result<(Workspace, Flow)> {
        let workspace = self.workspace.find(connection).await?;
        let by_id = match self.flow.parse::<FlowId>() {
            Ok(id) => flows::find_by_id(connection, workspace.id, id).await.map_err(reason)?,
            Err(_) => None,
        };
        // A slug may look like an id.
        let found = match by_id {
            Some(flow) => Some(flow),
            None => flows::find(connection, workspace.id, &self.flow).await.map_err(reason)?,
        };
        let slug = &workspace.slug;
        let flow = found.ok_or_else(|| {
            anyhow!(
                "the workspace {slug} has no flow {}; see `denizen flows list --workspace {slug}`",
                self.flow
            )
        })?;
        Ok((workspace, flow))
    }
}
