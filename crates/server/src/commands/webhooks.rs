//! `denizen webhooks`: shows where events are sent and what became of them, and steers it.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use denizen_domain::{
    Coded as _, DeliveryFilter, DeliveryState, Direction, Json, Position, Timestamp, WebhookDelivery,
    WebhookEndpoint, WebhookEndpointChanges, WebhookEndpointId, Window, Workspace,
};
use denizen_persistence::webhooks::{self, ReplayRange};

use crate::commands::named::WorkspaceArgument;
use crate::database;
use crate::listing::Listed;
use crate::operator;
use crate::output::{Output, moment, yes_or_no};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, sources, values};

/// The subcommands for webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    List(ListEndpoints),
    Deliveries(ListDeliveries),
    Enable(EnableEndpoint),
    Disable(DisableEndpoint),
    Replay(ReplayEvents),
}

impl WebhooksCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run().await,
            Self::Deliveries(command) => command.run().await,
            Self::Enable(EnableEndpoint { endpoint }) => endpoint.set_disabled(false).await,
            Self::Disable(DisableEndpoint { endpoint }) => endpoint.set_disabled(true).await,
            Self::Replay(command) => command.run().await,
        }
    }
}

/// List the webhook endpoints of a workspace, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen webhooks list --workspace default")]
pub(crate) struct ListEndpoints {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListEndpoints {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = self.workspace.find(connection).await?;
        let endpoints = webhooks::list(connection, workspace.id).await.map_err(reason)?;
        let mut lines = self.output.lines(&["ID", "URL", "TYPES", "DISABLED", "FAILING SINCE", "POSITION"]);
        lines.print(endpoints, cells, denizen_api::webhook_endpoint_json)
    }
}

fn cells(endpoint: &WebhookEndpoint) -> Vec<String> {
    let types = &endpoint.filter.types;
    vec![
        endpoint.id.to_string(),
        endpoint.url.clone(),
        if types.is_empty() { "all".to_owned() } else { types.join(" ") },
        yes_or_no(endpoint.disabled),
        moment(endpoint.failing_since),
        endpoint.position.to_string(),
    ]
}

/// Which endpoint a command is about.
#[derive(Debug, Args)]
struct EndpointArgument {
    /// The endpoint's id
    #[arg(value_name = "ID")]
    id: WebhookEndpointId,

    #[command(flatten)]
    workspace: WorkspaceArgument,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

fn unknown(workspace: &Workspace, id: WebhookEndpointId) -> anyhow::Error {
    anyhow!("the workspace {} has no webhook endpoint {id}; see `denizen webhooks list`", workspace.slug)
}

impl EndpointArgument {
    async fn set_disabled(self, disabled: bool) -> anyhow::Result<()> {
        let Self { id, workspace, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let origin = operator::origin();
        let changes =
            WebhookEndpointChanges { disabled: Some(disabled), ..WebhookEndpointChanges::default() };
        let endpoint = webhooks::update(connection, &origin, workspace.id, id, &changes).await;
        let endpoint = endpoint.map_err(reason)?.ok_or_else(|| unknown(&workspace, id))?;
        let fields = [
            ("id", endpoint.id.to_string()),
            ("url", endpoint.url.clone()),
            ("disabled", yes_or_no(endpoint.disabled)),
        ];
        output.object(&denizen_api::webhook_endpoint_json(endpoint), &fields)
    }
}

/// Enable a webhook endpoint; it gets all events since it was disabled, as long as they are kept
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen webhooks enable 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default")]
pub(crate) struct EnableEndpoint {
    #[command(flatten)]
    endpoint: EndpointArgument,
}

/// Disable a webhook endpoint: nothing more is sent to it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen webhooks disable 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default")]
pub(crate) struct DisableEndpoint {
    #[command(flatten)]
    endpoint: EndpointArgument,
}

/// List the events that were sent to a webhook endpoint, latest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen webhooks deliveries 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default --state failed")]
pub(crate) struct ListDeliveries {
    #[command(flatten)]
    endpoint: EndpointArgument,

    /// Only deliveries in this state
    #[arg(long, value_name = "STATE", value_parser = values::coded::<DeliveryState>())]
    state: Option<DeliveryState>,

    /// Maximum deliveries to list
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl ListDeliveries {
    async fn run(self) -> anyhow::Result<()> {
        let Self { endpoint: EndpointArgument { id, workspace, output, database }, state, limit } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        if webhooks::find(connection, workspace.id, id).await.map_err(reason)?.is_none() {
            return Err(unknown(&workspace, id));
        }
        let filter = DeliveryFilter { state, event_id: None };
        let page = async |window: &Window| {
            let window = Window { direction: Direction::Descending, ..window.clone() };
            webhooks::list_deliveries(connection, workspace.id, id, &filter, &window).await
        };
        if output.pages(Some(limit), page).await? && !output.json {
            eprintln!("There are more than {limit}; use --limit.");
        }
        Ok(())
    }
}

impl Listed for WebhookDelivery {
    const COLUMNS: &'static [&'static str] =
        &["EVENT", "TYPE", "OBJECT", "STATE", "ATTEMPTS", "LAST ANSWER", "NEXT ATTEMPT"];

    fn cells(&self) -> Vec<String> {
        let last = self.attempts.last().map(|attempt| {
            let status = attempt.status.map(|status| status.to_string());
            status.or_else(|| attempt.error.clone()).unwrap_or_default()
        });
        vec![
            self.event_id.to_string(),
            self.kind.to_string(),
            self.object_id.clone(),
            self.state.code().to_owned(),
            self.attempts.len().to_string(),
            last.unwrap_or_else(|| "-".to_owned()),
            moment(self.next_attempt_at),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(&denizen_api::delivery_json(self.clone()))?)
    }

    fn position(&self) -> Position {
        self.list_position()
    }
}

/// Send the events of some time to a webhook endpoint again
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen webhooks replay 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default --since 2030-01-31")]
pub(crate) struct ReplayEvents {
    #[command(flatten)]
    endpoint: EndpointArgument,

    /// Events from this time on, such as 2030-01-31T00:00:00Z, or from the start of a day, such as 2030-01-31, in UTC
    #[arg(long, value_name = "TIME", value_parser = values::filter_moment)]
    since: Timestamp,

    /// Events up to this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = values::filter_moment)]
    until: Option<Timestamp>,
}

impl ReplayEvents {
    async fn run(self) -> anyhow::Result<()> {
        let Self { endpoint: EndpointArgument { id, workspace, output, database }, since, until } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let origin = operator::origin();
        let range = ReplayRange { since, until: until.unwrap_or_else(|| origin.source.clock.now()) };
        if range.until < range.since {
            return Err(sources::usage_error("--until must not be before --since".to_owned()).into());
        }
        let job_id = webhooks::begin_replay(connection, &origin, workspace.id, id, range).await;
        let job_id = job_id.map_err(reason)?.ok_or_else(|| unknown(&workspace, id))?;
        output.object(&serde_json::json!({ "jobId": job_id }), &[("job", job_id.to_string())])
    }
}
