//! `denizen events`: follows the changes of a workspace.

use std::time::Duration;

use clap::{Args, Subcommand};
use denizen_api::event_json;
use denizen_domain::{Event, EventFilter, EventPosition, Source, WorkspaceId, json_members};
use denizen_persistence::Database;
use denizen_persistence::events::{self, EventPage, Start};

use crate::commands::named::WorkspaceArgument;
use crate::database;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, values};

/// Events per page.
const PAGE: u32 = 100;

/// How often the feed is read.
const PAUSE: Duration = Duration::from_millis(500);

/// The columns of the table.
const COLUMNS: &[&str] = &["POSITION", "TIME", "TYPE", "OBJECT", "ACTOR", "CHANGED"];

/// The subcommands for events.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    Tail(TailEvents),
}

impl EventsCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Tail(command) => command.run().await,
        }
    }
}

/// Print the changes of a workspace as they happen; as JSON, one a line
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    denizen events tail --workspace default --types 'external_user.*'\n  \
    denizen events tail --workspace default --after 0 --no-follow --json")]
pub(crate) struct TailEvents {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// Only events of these types, such as `external_user.blocked`, or of all of an object, such as `external_user.*`.
    /// Repeatable, or separated by commas
    #[arg(long, value_name = "TYPE", value_delimiter = ',', value_parser = values::event_types)]
    types: Vec<values::EventTypes>,

    /// Only events of the object with this id
    #[arg(long, value_name = "ID")]
    object: Option<String>,

    /// Begin after this position, 0 for the first event [default: the end of the feed]
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,

    /// Stop at the end of the feed
    #[arg(long, requires = "after")]
    no_follow: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl TailEvents {
    async fn run(self) -> anyhow::Result<()> {
        let Self { workspace, types, object, after, no_follow, output, database } = self;
        let database = database::open(&database).await?;
        let workspace = workspace.find(&mut database.read().await.map_err(reason)?).await?;
        let types = types.into_iter().flat_map(|types| types.0).collect();
        let filter = EventFilter { types, object_id: object.map(|id| id.to_ascii_lowercase()) };
        let mut start = after.map_or(Start::Latest, |after| Start::After(EventPosition::from_stored(after)));
        let mut lines = output.lines(COLUMNS);
        loop {
            let EventPage { events, position, has_more } =
                read(&database, workspace.id, start, &filter).await.map_err(reason)?;
            lines.print(events, cells, event_json)?;
            start = Start::After(position);
            if !has_more && no_follow {
                return Ok(());
            }
            if !has_more {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn read(
    database: &Database,
    workspace_id: WorkspaceId,
    start: Start,
    filter: &EventFilter,
) -> denizen_domain::Result<EventPage> {
    if events::has_outbox(&mut database.read().await?, workspace_id).await? {
        let now = Source::system().clock.now();
        while events::give_positions(&mut database.write().await?, workspace_id, now).await? {}
    }
    events::list(&mut database.read().await?, workspace_id, start, filter, PAGE).await
}

fn cells(event: &Event) -> Vec<String> {
    let changed = json_members(event.previous.get()).unwrap_or_default();
    let changed: Vec<_> = changed.iter().map(|(name, _)| name.as_str()).collect();
    vec![
        event.position.to_string(),
        moment(Some(event.occurred_at)),
        event.kind.to_string(),
        event.object_id.clone(),
        event.actor.to_string(),
        if changed.is_empty() { "-".to_owned() } else { changed.join(" ") },
    ]
}
