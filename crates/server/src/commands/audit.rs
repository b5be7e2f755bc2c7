//! `denizen audit`: shows who changed what.

use clap::{Args, Subcommand};
use denizen_domain::{
    Actor, AuditAction, AuditEvent, AuditEventFilter, Direction, Json, Position, Timestamp, Window,
};
use denizen_persistence::audit_events;

use crate::commands::named;
use crate::database;
use crate::listing::Listed;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, values};

/// The subcommands for the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    List(ListAuditEvents),
}

impl AuditCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run().await,
        }
    }
}

/// List changes in a workspace, or of the server itself, latest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen audit list --workspace default --action external_user.update --after 2030-01-31T00:00:00Z")]
pub(crate) struct ListAuditEvents {
    #[command(flatten)]
    log: Log,

    /// Only changes of the object with this id
    #[arg(long, value_name = "ID")]
    object: Option<String>,

    /// Only changes by this actor: `operator`, `server`, or a type and an id, such as `api_key:ID`, `account:ID` or
    /// `external_user:ID`
    #[arg(long, value_name = "ACTOR")]
    actor: Option<Actor>,

    /// Only changes of this kind, such as `external_user.update`
    #[arg(long, value_name = "ACTION")]
    action: Option<AuditAction>,

    /// Only changes after this time, such as 2030-01-31T00:00:00Z, or after the start of a day, such as 2030-01-31, in
    /// UTC
    #[arg(long, value_name = "TIME", value_parser = values::filter_moment)]
    after: Option<Timestamp>,

    /// Only changes before this time, or before the start of a day
    #[arg(long, value_name = "TIME", value_parser = values::filter_moment)]
    before: Option<Timestamp>,

    /// List the earliest changes first
    #[arg(long)]
    oldest_first: bool,

    /// Maximum changes to list
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    /// List all changes
    #[arg(long, conflicts_with = "limit")]
    all: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

/// Which log to list.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Log {
    /// The workspace, by its slug or id
    #[arg(long, value_name = "SLUG|ID")]
    workspace: Option<String>,

    /// Changes outside workspaces, such as of accounts without one
    #[arg(long)]
    server: bool,
}

impl ListAuditEvents {
    async fn run(self) -> anyhow::Result<()> {
        let Self { log, object, actor, action, after, before, oldest_first, limit, all, output, database } =
            self;
        let database = database::open(&database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace_id = match log.workspace {
            Some(name) => Some(named::workspace(connection, &name).await?.id),
            None => None,
        };
        let object_id = object.map(|id| id.to_ascii_lowercase());
        let filter = AuditEventFilter { object_id, actor, action, after, before };
        let direction = if oldest_first { Direction::Ascending } else { Direction::Descending };
        let page = async |window: &Window| {
            let window = Window { direction, ..window.clone() };
            audit_events::list(connection, workspace_id, &filter, &window).await
        };
        let goes_on = output.pages((!all).then_some(limit), page).await?;
        if goes_on && !output.json {
            eprintln!("There are more than {limit}; use --limit or --all.");
        }
        Ok(())
    }
}

/// Where a change came from: the address of a request, or who ran a command.
fn origin_of(event: &AuditEvent) -> String {
    let address = event.address.map(|address| address.to_string());
    address.or_else(|| event.operator.clone()).unwrap_or_else(|| "-".to_owned())
}

impl Listed for AuditEvent {
    const COLUMNS: &'static [&'static str] = &["TIME", "ACTION", "OBJECT", "ACTOR", "FROM", "CHANGED"];

    fn cells(&self) -> Vec<String> {
        let changed: Vec<&str> = self.changes.names().collect();
        vec![
            moment(Some(self.occurred_at)),
            self.action().to_string(),
            self.object_id.clone(),
            self.actor.to_string(),
            origin_of(self),
            if changed.is_empty() { "-".to_owned() } else { changed.join(" ") },
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(&denizen_api::audit_event_json(self.clone()))?)
    }

    fn position(&self) -> Position {
        Self::position(self)
    }
}
