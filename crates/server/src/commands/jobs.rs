//! `denizen jobs`: shows work that outlives a request, and steers it.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use denizen_domain::{
    Coded as _, Direction, Job, JobFilter, JobId, JobKind, JobState, Json, Position, Source, Window,
    Workspace,
};
use denizen_persistence::jobs;

use crate::commands::named::WorkspaceArgument;
use crate::database;
use crate::listing::Listed;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, values};

/// The subcommands for jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    List(ListJobs),
    Show(ShowJob),
    Retry(RetryJob),
    Cancel(CancelJob),
}

impl JobsCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run().await,
            Self::Show(command) => command.run().await,
            Self::Retry(command) => command.run().await,
            Self::Cancel(command) => command.run().await,
        }
    }
}

/// List the jobs of a workspace, latest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen jobs list --workspace default --state failed")]
pub(crate) struct ListJobs {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// Only jobs in this state
    #[arg(long, value_name = "STATE", value_parser = values::coded::<JobState>())]
    state: Option<JobState>,

    /// Only jobs of this kind
    #[arg(long, value_name = "KIND", value_parser = values::coded::<JobKind>())]
    kind: Option<JobKind>,

    /// Maximum jobs to list
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListJobs {
    async fn run(self) -> anyhow::Result<()> {
        let Self { workspace, state, kind, limit, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let filter = JobFilter { state, kind, object_id: None };
        let page = async |window: &Window| {
            let window = Window { direction: Direction::Descending, ..window.clone() };
            jobs::list(connection, workspace.id, &filter, &window).await
        };
        if output.pages(Some(limit), page).await? && !output.json {
            eprintln!("There are more than {limit}; use --limit.");
        }
        Ok(())
    }
}

impl Listed for Job {
    const COLUMNS: &'static [&'static str] =
        &["ID", "KIND", "OBJECT", "STATE", "ATTEMPTS", "DUE", "CREATED", "ERROR"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.kind.code().to_owned(),
            self.object_id.clone(),
            self.state.code().to_owned(),
            self.attempts.to_string(),
            moment(self.due_at),
            moment(Some(self.created_at)),
            self.error.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(&denizen_api::job_json(self.clone()))?)
    }

    fn position(&self) -> Position {
        self.list_position()
    }
}

/// Which job a command is about.
#[derive(Debug, Args)]
struct JobArgument {
    /// The job's id
    #[arg(value_name = "ID")]
    id: JobId,

    #[command(flatten)]
    workspace: WorkspaceArgument,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

fn show(output: Output, job: &Job) -> anyhow::Result<()> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    output.object(
        &denizen_api::job_json(job.clone()),
        &[
            ("id", job.id.to_string()),
            ("kind", job.kind.code().to_owned()),
            ("object", job.object_id.clone()),
            ("state", job.state.code().to_owned()),
            ("attempts", job.attempts.to_string()),
            ("due", moment(job.due_at)),
            ("progress", or_none(job.progress.as_ref().map(ToString::to_string))),
            ("error", or_none(job.error.clone())),
            ("created", moment(Some(job.created_at))),
            ("finished", moment(job.finished_at)),
        ],
    )
}

fn unknown(workspace: &Workspace, id: JobId) -> anyhow::Error {
    anyhow!("the workspace {} has no job {id}; see `denizen jobs list`", workspace.slug)
}

/// Show a job
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  denizen jobs show 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default"
)]
pub(crate) struct ShowJob {
    #[command(flatten)]
    job: JobArgument,
}

impl ShowJob {
    async fn run(self) -> anyhow::Result<()> {
        let JobArgument { id, workspace, output, database } = self.job;
        let database = database::open(&database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let job = jobs::find(connection, workspace.id, id).await.map_err(reason)?;
        show(output, &job.ok_or_else(|| unknown(&workspace, id))?)
    }
}

/// Try a job again that has failed or was cancelled
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  denizen jobs retry 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default"
)]
pub(crate) struct RetryJob {
    #[command(flatten)]
    job: JobArgument,
}

impl RetryJob {
    async fn run(self) -> anyhow::Result<()> {
        let JobArgument { id, workspace, output, database } = self.job;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let now = Source::system().clock.now();
        let job = jobs::retry(connection, workspace.id, id, now).await.map_err(reason)?;
        show(output, &job.ok_or_else(|| unknown(&workspace, id))?)
    }
}

/// Cancel a job; what it has done remains
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  denizen jobs cancel 7d444840-9dc0-41d1-b245-5ffdce74fad2 --workspace default"
)]
pub(crate) struct CancelJob {
    #[command(flatten)]
    job: JobArgument,
}

impl CancelJob {
    async fn run(self) -> anyhow::Result<()> {
        let JobArgument { id, workspace, output, database } = self.job;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let now = Source::system().clock.now();
        let job = jobs::cancel(connection, workspace.id, id, now).await.map_err(reason)?;
        show(output, &job.ok_or_else(|| unknown(&workspace, id))?)
    }
}
