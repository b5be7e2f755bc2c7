//! Runs workflows: begins their executions, and performs their steps.
//!
//! Three kinds of jobs do this. The job of a workflow starts and stops it, and follows its schedule (`control`). The job of a
//! workspace begins executions on its events (`events`). The job of a lane runs executions (`lane`, `step`).

mod control;
mod events;
mod lane;
mod request;
mod starts;
mod step;

use std::sync::Arc;
use std::time::Duration;

use denizen_domain::{
    Error, Execution, ExecutionId, ExternalUserId, Graph, Json, JsonObject, Origin, Result, Source,
    TriggerKind, Workflow, WorkflowLimits, WorkspaceId, chained,
};
use denizen_persistence::Database;
use denizen_persistence::executions::{self, NewExecution};
use ipnet::IpNet;
use tokio::time::{Instant, sleep};

pub(crate) use self::request::caused_by;
use self::starts::Starts;
use crate::connections::Connections;
use crate::options::AppOptions;
use crate::outgoing::OutgoingClient;

/// How long a caller who waits for the end of an execution pauses before looking at it for the first time. Each further pause is
/// twice as long.
const GLANCE: Duration = Duration::from_millis(25);

/// The longest of these pauses.
const LONGEST_GLANCE: Duration = Duration::from_millis(400);

/// Runs workflows. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Workflows {
    database: Database,
    source: Source,
    client: OutgoingClient,
    connections: Connections,
    networks: Arc<[IpNet]>,
    limits: WorkflowLimits,
    restore_period: Duration,
    starts: Starts,
}

/// What starts an execution.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    /// The kind of trigger.
    pub(crate) kind: TriggerKind,
    /// What comes with it, as expressions see it under `trigger`, beside `type` and `at`, and for a
    /// request `requestId`, the id of the execution.
    pub(crate) trigger: JsonObject,
    /// What comes to the first step.
    pub(crate) data: Json,
    /// The external user in whose name the execution runs.
    pub(crate) user_id: Option<ExternalUserId>,
    /// The execution begins once for each such key.
    pub(crate) key: Option<String>,
    /// The execution that has caused this.
    pub(crate) caused_by: Option<ExecutionId>,
    /// Why the execution must not run.
    pub(crate) refusal: Option<String>,
}

impl Workflows {
    /// Creates a runner.
    pub(crate) fn new(
        database: Database,
        source: Source,
        connections: Connections,
        options: &AppOptions,
    ) -> Result<Self> {
        Ok(Self {
            database,
            source,
            connections,
            client: OutgoingClient::new(&options.webhook_allowed_networks)?,
            networks: options.webhook_allowed_networks.as_slice().into(),
            limits: options.workflow_limits,
            restore_period: options.restore_period,
            starts: Starts::default(),
        })
    }

    /// Begins an execution of a workflow with this graph. `None` if one has begun with the same key. Fails with
    /// [`Conflict::WorkflowNotActive`](denizen_domain::Conflict::WorkflowNotActive), and with [`Error::RateLimited`] if the workspace begins too many.
    pub(crate) async fn begin(
        &self,
        origin: &Origin,
        (workflow, graph): (&Workflow, &Graph),
        start: Start,
    ) -> Result<Option<Execution>> {
        workflow.require_active()?;
        if let Some(key) = &start.key {
            let connection = &mut self.database.read_by_key().await?;
            let begun = executions::find_by_key(connection, workflow, key).await?;
            if begun.is_some() {
                return Ok(None);
            }
        }
        self.count_start(workflow.workspace_id)?;
        let new = self.new_execution(start).await?;
        let connection = &mut self.database.write_by_key().await?;
        executions::begin(connection, origin, (workflow, graph), new, &self.limits).await
    }

    /// Counts an execution that is to begin. Fails if there are too many.
    fn count_start(&self, workspace_id: WorkspaceId) -> Result<()> {
        self.starts.count(workspace_id, self.limits.starts_per_minute, self.source.clock.now())
    }

    async fn new_execution(&self, start: Start) -> Result<NewExecution> {
        let Start { kind, trigger, data, user_id, key, caused_by, refusal } = start;
        let depth = match (refusal, caused_by) {
            (Some(refusal), _) => Err(refusal),
            (None, None) => Ok(0),
            (None, Some(id)) => {
                let connection = &mut self.database.read_by_key().await?;
                chained(executions::depth_of(connection, id).await?)
            }
        };
        let now = self.source.clock.now().to_string();
        let id = ExecutionId::from_uuid(self.source.ids.uuid());
        let mut all = JsonObject::from_iter([
            ("type".to_owned(), Json::String(kind.to_string())),
            ("at".to_owned(), Json::String(now)),
        ]);
        if kind == TriggerKind::Webhook {
            all.insert("requestId".to_owned(), Json::String(id.to_string()));
        }
        all.extend(trigger);
        Ok(NewExecution { id, user_id, trigger_kind: kind, trigger: Json::Object(all), data, key, depth })
    }

    /// Waits until an execution has ended, or for some time. Returns it as it is then.
    pub(crate) async fn wait_for(&self, execution: Execution, patience: Duration) -> Result<Execution> {
        let end = Instant::now() + patience;
        let (mut latest, mut pause) = (execution, GLANCE);
        while latest.finished_at.is_none() && Instant::now() < end {
            sleep(pause.min(end.saturating_duration_since(Instant::now()))).await;
            pause = pause.saturating_mul(2).min(LONGEST_GLANCE);
            let connection = &mut self.database.read_by_key().await?;
            match executions::find(connection, latest.workspace_id, latest.id).await? {
                Some(found) => latest = found,
                None => break,
            }
        }
        Ok(latest)
    }
}

/// Returns the graph of a stored workflow, which was checked before it was stored.
pub(crate) fn compiled(workflow: &Workflow) -> Result<Graph> {
    let broken = |violations| Error::Internal(format!("workflow {}: {violations}", workflow.id));
    workflow.definition.compiled().map_err(broken)
}
