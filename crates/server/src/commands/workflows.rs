//! `denizen workflows`: shows workflows and what became of their executions, and steers them.

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use denizen_domain::{
    Coded as _, Direction, Execution, ExecutionFilter, ExecutionId, ExecutionState, Json, JsonObject,
    Position, Reach, Step, TriggerKind, Window, Workflow, WorkflowFilter, WorkflowId, WorkflowLimits,
    WorkflowOrder, WorkflowStatus, WorkflowViewer, Workspace,
};
use denizen_persistence::executions::{self, NewExecution};
use denizen_persistence::workflows::{self, Control};
use denizen_persistence::{Database, DbConnection};

use crate::commands::named::WorkspaceArgument;
use crate::database;
use crate::listing::Listed;
use crate::operator;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, values};

/// How many steps are read at a time.
const STEPS: u32 = 1_000;

/// An operator sees all workflows.
const OPERATOR: WorkflowViewer = WorkflowViewer { reach: Reach::Everywhere, account_id: None };

/// The subcommands for workflows.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowsCommand {
    List(ListWorkflows),
    Show(ShowWorkflow),
    Start(StartWorkflow),
    Stop(StopWorkflow),
    Run(RunWorkflow),
    Executions(ListExecutions),
    Logs(ShowLogs),
}

impl WorkflowsCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run().await,
            Self::Show(command) => command.run().await,
            Self::Start(command) => command.run().await,
            Self::Stop(command) => command.run().await,
            Self::Run(command) => command.run().await,
            Self::Executions(command) => command.run().await,
            Self::Logs(command) => command.run().await,
        }
    }
}

/// List the workflows of a workspace, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workflows list --workspace default --status active")]
pub(crate) struct ListWorkflows {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// Only workflows with this status
    #[arg(long, value_name = "STATUS", value_parser = values::coded::<WorkflowStatus>())]
    status: Option<WorkflowStatus>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListWorkflows {
    async fn run(self) -> anyhow::Result<()> {
        let Self { workspace, status, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let filter = WorkflowFilter { status, ..WorkflowFilter::default() };
        let page =
            async |window: &Window| workflows::list_of(connection, workspace.id, &filter, window).await;
        output.pages(None, page).await?;
        Ok(())
    }
}

impl Listed for Workflow {
    const COLUMNS: &'static [&'static str] = &["ID", "NAME", "STATUS", "TRIGGER", "NEXT RUN", "CREATED"];

    fn cells(&self) -> Vec<String> {
        let trigger = &self.definition.trigger;
        vec![
            self.id.to_string(),
            self.definition.name.clone(),
            self.status.code().to_owned(),
            trigger.cron().map_or_else(|| trigger.kind().code().to_owned(), str::to_owned),
            moment(self.next_run_at),
            moment(Some(self.created_at)),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(&denizen_api::workflow_json(self.clone()))?)
    }

    fn position(&self) -> Position {
        self.position_in(WorkflowOrder::CreatedAt)
    }
}

/// Which workflow a command is about.
#[derive(Debug, Args)]
struct WorkflowArgument {
    /// The workflow's id
    #[arg(value_name = "ID")]
    id: WorkflowId,

    #[command(flatten)]
    workspace: WorkspaceArgument,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl WorkflowArgument {
    async fn find(&self, connection: &mut DbConnection) -> anyhow::Result<(Workspace, Workflow)> {
        let workspace = self.workspace.find(connection).await?;
        let found = workflows::find(connection, workspace.id, self.id).await.map_err(reason)?;
        let workflow = found.ok_or_else(|| unknown(&workspace, self.id))?;
        Ok((workspace, workflow))
    }
}

fn unknown(workspace: &Workspace, id: WorkflowId) -> anyhow::Error {
    anyhow!("the workspace {} has no workflow {id}; see `denizen workflows list`", workspace.slug)
}

fn show(output: Output, workflow: &Workflow) -> anyhow::Result<()> {
    let definition = &workflow.definition;
    let steps = definition.compiled().map_or_else(
        |violations| violations.to_string(),
        |graph| {
            let steps = graph.nodes().iter().map(|node| format!("{} ({})", node.id, node.function.code()));
            steps.collect::<Vec<_>>().join(", ")
        },
    );
    output.object(
        &denizen_api::workflow_json(workflow.clone()),
        &[
            ("id", workflow.id.to_string()),
            ("name", definition.name.clone()),
            ("description", definition.description.clone()),
            ("status", workflow.status.code().to_owned()),
            ("trigger", definition.trigger.to_json().to_string()),
            ("steps", steps),
            ("made by", workflow.maker.to_string()),
            ("next run", moment(workflow.next_run_at)),
            ("created", moment(Some(workflow.created_at))),
            ("updated", moment(Some(workflow.updated_at))),
        ],
    )
}

/// Show a workflow
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen workflows show 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default --json")]
pub(crate) struct ShowWorkflow {
    #[command(flatten)]
    workflow: WorkflowArgument,
}

impl ShowWorkflow {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.workflow.database).await?;
        let (_, workflow) = self.workflow.find(&mut database.read().await.map_err(reason)?).await?;
        show(self.workflow.output, &workflow)
    }
}

/// Start a workflow; a server makes it active
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen workflows start 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default")]
pub(crate) struct StartWorkflow {
    #[command(flatten)]
    workflow: WorkflowArgument,
}

impl StartWorkflow {
    async fn run(self) -> anyhow::Result<()> {
        let (connection, found) = open(&self.workflow).await?;
        let mut connection = connection;
        let origin = operator::origin();
        let (control, key) = (Control { asker: None, viewer: OPERATOR }, (found.workspace_id, found.id));
        let limits = WorkflowLimits::default();
        let started = workflows::start(&mut connection, &origin, control, key, &limits).await;
        show(self.workflow.output, &started.map_err(reason)?.unwrap_or(found))
    }
}

/// Stop a workflow; its executions are cancelled
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen workflows stop 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default")]
pub(crate) struct StopWorkflow {
    #[command(flatten)]
    workflow: WorkflowArgument,
}

impl StopWorkflow {
    async fn run(self) -> anyhow::Result<()> {
        let (mut connection, found) = open(&self.workflow).await?;
        let origin = operator::origin();
        let (control, key) = (Control { asker: None, viewer: OPERATOR }, (found.workspace_id, found.id));
        let stopped = workflows::stop(&mut connection, &origin, control, key).await;
        show(self.workflow.output, &stopped.map_err(reason)?.unwrap_or(found))
    }
}

/// Connects, and finds the workflow of a command.
async fn open(argument: &WorkflowArgument) -> anyhow::Result<(DbConnection, Workflow)> {
    let database: Database = database::open(&argument.database).await?;
    let mut connection = database.write().await.map_err(reason)?;
    let (_, workflow) = argument.find(&mut connection).await?;
    Ok((connection, workflow))
}

/// Run an active workflow once; a server performs it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen workflows run 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default --input '{\"n\": 1}'")]
pub(crate) struct RunWorkflow {
    #[command(flatten)]
    workflow: WorkflowArgument,

    /// What comes to the first step, as JSON
    #[arg(long, value_name = "JSON", default_value = "null")]
    input: String,
}

impl RunWorkflow {
    async fn run(self) -> anyhow::Result<()> {
        let input = Json::parse_stored(&self.input).context("--input must be JSON")?;
        let (mut connection, workflow) = open(&self.workflow).await?;
        if workflow.status != WorkflowStatus::Active {
            return Err(anyhow!("the workflow is {}; see `denizen workflows start`", workflow.status));
        }
        let graph = workflow.definition.compiled();
        let graph = graph.map_err(|violations| anyhow!("the workflow cannot run: {violations}"))?;
        let origin = operator::origin();
        let now = origin.source.clock.now().to_string();
        let trigger = JsonObject::from_iter([
            ("type".to_owned(), Json::String(TriggerKind::Manual.to_string())),
            ("at".to_owned(), Json::String(now)),
            ("input".to_owned(), input.clone()),
        ]);
        let new = NewExecution {
            id: ExecutionId::from_uuid(origin.source.ids.uuid()),
            user_id: None,
            trigger_kind: TriggerKind::Manual,
            trigger: Json::Object(trigger),
            data: input,
            key: None,
            depth: Ok(0),
        };
        let limits = WorkflowLimits::default();
        let begun = executions::begin(&mut connection, &origin, (&workflow, &graph), new, &limits).await;
        let execution = begun.map_err(reason)?.context("the execution has begun before")?;
        let fields = [("id", execution.id.to_string()), ("state", execution.state.to_string())];
        self.workflow.output.object(&denizen_api::execution_json(execution), &fields)
    }
}

/// List the executions of workflows, latest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workflows executions --workspace default --state failed")]
pub(crate) struct ListExecutions {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// Only executions of the workflow with this id
    #[arg(long, value_name = "ID")]
    workflow: Option<WorkflowId>,

    /// Only executions in this state
    #[arg(long, value_name = "STATE", value_parser = values::coded::<ExecutionState>())]
    state: Option<ExecutionState>,

    /// Maximum executions to list
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListExecutions {
    async fn run(self) -> anyhow::Result<()> {
        let Self { workspace, workflow, state, limit, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let filter = ExecutionFilter { workflow_id: workflow, state, user_id: None };
        let page = async |window: &Window| {
            let window = Window { direction: Direction::Descending, ..window.clone() };
            executions::list_of(connection, workspace.id, &filter, &window).await
        };
        if output.pages(Some(limit), page).await? && !output.json {
            eprintln!("There are more than {limit}; use --limit.");
        }
        Ok(())
    }
}

impl Listed for Execution {
    const COLUMNS: &'static [&'static str] =
        &["ID", "WORKFLOW", "STATE", "TRIGGER", "DONE", "ERRORS", "CREATED", "FINISHED", "ERROR"];

    fn cells(&self) -> Vec<String> {
        let total = self.total();
        vec![
            self.id.to_string(),
            self.workflow_id.to_string(),
            self.state.code().to_owned(),
            self.trigger_kind.code().to_owned(),
            total.outgoing.to_string(),
            total.errors.to_string(),
            moment(Some(self.created_at)),
            moment(self.finished_at),
            self.error.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(&denizen_api::execution_json(self.clone()))?)
    }

    fn position(&self) -> Position {
        self.list_position()
    }
}

/// Show the steps of an execution: what came to each, what became of it, and what it wrote into the log
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen workflows logs 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default")]
pub(crate) struct ShowLogs {
    /// The execution's id
    #[arg(value_name = "EXECUTION")]
    id: ExecutionId,

    #[command(flatten)]
    workspace: WorkspaceArgument,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ShowLogs {
    async fn run(self) -> anyhow::Result<()> {
        let Self { id, workspace, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let execution = executions::find(connection, workspace.id, id).await.map_err(reason)?;
        let execution = execution.ok_or_else(|| {
            let slug = &workspace.slug;
            anyhow!("the workspace {slug} has no execution {id}; see `denizen workflows executions`")
        })?;
        let columns = &["NUMBER", "STEP", "STATE", "ATTEMPTS", "UPDATED", "DUE", "MESSAGE", "RESULT"];
        let (mut lines, mut after) = (output.lines(columns), 0);
        loop {
            let steps = executions::list_steps(connection, &execution, after, STEPS).await.map_err(reason)?;
            let Some(last) = steps.items.last() else { return Ok(()) };
            after = last.number;
            lines.print(steps.items, step_cells, denizen_api::step_json)?;
            if !steps.has_more_after {
                return Ok(());
            }
        }
    }
}

fn step_cells(step: &Step) -> Vec<String> {
    /// How much of a result fits into a table, in characters.
    const SHOWN: usize = 60;
    let result = step.result.as_ref().map(ToString::to_string).unwrap_or_default();
    let shown: String = result.chars().take(SHOWN).collect();
    vec![
        step.number.to_string(),
        step.node_id.clone(),
        step.state.code().to_owned(),
        step.attempts.to_string(),
        moment(Some(step.updated_at)),
        moment(step.due_at),
        step.message.clone().unwrap_or_else(|| "-".to_owned()),
        if shown.len() < result.len() { format!("{shown}…") } else { shown },
    ]
}
