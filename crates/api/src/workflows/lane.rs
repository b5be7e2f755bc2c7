//! The job of a lane: runs the executions of a workflow in it, one after the other.

use std::sync::Arc;
use std::time::Duration;

use denizen_domain::{
    Conflict, Error, Execution, ExecutionState, Function, Graph, Job, Json, JsonObject, Origin, Result,
    Status, Step, StepState, Workflow, WorkflowLimits, WorkflowStatus, gathered, user_as_json,
};
use denizen_persistence::executions::{self, Conclusion};
use denizen_persistence::jobs::Ending;
use denizen_persistence::{external_users, workflows, workspaces};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Workflows;

/// How long the job goes on before it lets others have a turn.
const TURN: Duration = Duration::from_secs(5);

/// How many steps are read at a time.
const STEPS: u32 = 64;

/// How many steps a node can wait for.
const MOST_GATHERED: u32 = 10_000;

/// How long executions wait whose workspace is not active.
const INACTIVE: Duration = Duration::from_mins(1);

/// How long they wait whose workflow is about to start, or which another server may have; and how long the workflow counts as it
/// was read.
const SOON: Duration = Duration::from_secs(1);

/// An execution that this server runs.
pub(super) struct Run {
    pub(super) workflow: Arc<Workflow>,
    pub(super) graph: Arc<Graph>,
    pub(super) execution: Execution,
    /// The external user in whose name it runs, as expressions see it.
    pub(super) user: Json,
}

impl Run {
    /// Returns where the changes of its steps come from.
    pub(super) fn origin(&self, workflows: &Workflows) -> Origin {
        let Execution { id, workflow_id, user_id, .. } = self.execution;
        Origin::workflow(workflows.source.clone(), workflow_id, id, user_id)
    }

    /// Returns what expressions see of the workflow.
    pub(super) fn workflow_as_json(&self) -> Json {
        Json::Object(JsonObject::from_iter([
            ("id".to_owned(), Json::String(self.workflow.id.to_string())),
            ("name".to_owned(), Json::String(self.workflow.definition.name.clone())),
            ("executionId".to_owned(), Json::String(self.execution.id.to_string())),
        ]))
    }
}

/// The workflow of a lane, as it was a moment ago: for the executions that run within a second.
struct Known {
    workflow: Arc<Workflow>,
    /// Its graph, or why it cannot run.
    graph: Result<Arc<Graph>, String>,
    is_place_active: bool,
    read_at: Instant,
}

/// Why an execution does not run at this moment.
enum Hindrance {
    /// It has ended, or waits for the one before it.
    Over,
    /// It is looked at again after this time.
    Later(Duration),
}

impl Workflows {
    /// Runs the executions of a lane that are due, for some seconds at most.
    pub(crate) async fn run_lane(&self, job: &Job, is_open: watch::Receiver<bool>) -> Result<Ending> {
        let end = Instant::now() + TURN;
        let may_go_on = || Instant::now() < end && *is_open.borrow();
        let mut known = None;
        loop {
            let now = self.source.clock.now();
            let due = {
                let connection = &mut self.database.read_by_key().await?;
                executions::find_due(connection, job.workspace_id, job.lane, now).await?
            };
            let Some(execution) = due else {
                let connection = &mut self.database.read_by_key().await?;
                let next = executions::next_due_at(connection, job.workspace_id, job.lane).await?;
                return Ok(next.map_or(Ending::Succeeded, Ending::GoesOn));
            };
            match self.run(execution, &mut known, &may_go_on).await {
                Ok(None) => {}
                Ok(Some(pause)) => return Ok(Ending::GoesOn(now.plus(pause))),
                // Another server has stored a step of it, or someone has cancelled it.
                Err(Error::Conflict(Conflict::ConcurrentChange)) => {
                    return Ok(Ending::GoesOn(now.plus(SOON)));
                }
                Err(error) => return Err(error),
            }
            if !may_go_on() {
                return Ok(Ending::GoesOn(self.source.clock.now()));
            }
        }
    }

    /// Runs an execution as far as it goes. Returns how long its lane must wait, if it must.
    async fn run(
        &self,
        execution: Execution,
        known: &mut Option<Known>,
        may_go_on: &(impl Fn() -> bool + Sync),
    ) -> Result<Option<Duration>> {
        let mut run = match self.prepare(execution, known).await? {
            Ok(run) => run,
            Err(Hindrance::Over) => return Ok(None),
            Err(Hindrance::Later(pause)) => return Ok(Some(pause)),
        };
        while may_go_on() && run.execution.finished_at.is_none() {
            let now = self.source.clock.now();
            if run.execution.expires_at <= now {
                let error = "The execution has taken longer than it may.";
                run.execution = self.fail(&run.execution, error).await?;
                break;
            }
            if run.execution.due_at.is_none_or(|due_at| due_at > now) {
                break;
            }
            let steps = {
                let connection = &mut self.database.read_by_key().await?;
                executions::due_steps(connection, &run.execution, now, STEPS).await?
            };
            if steps.is_empty() {
                self.gather(&mut run).await?;
            }
            for step in steps {
                if !may_go_on() || run.execution.finished_at.is_some() {
                    break;
                }
                run.execution = self.perform(&mut run, step).await?;
            }
        }
        if run.execution.finished_at.is_some() {
            note_end(run.execution.state);
        }
        Ok(None)
    }

    /// Finds what an execution needs to run.
    async fn prepare(
        &self,
        execution: Execution,
        known: &mut Option<Known>,
    ) -> Result<Result<Run, Hindrance>> {
        if execution.ordered_by.is_some() {
            let connection = &mut self.database.write_by_key().await?;
            if !executions::take_turn(connection, &execution).await? {
                return Ok(Err(Hindrance::Over));
            }
        }
        if known.as_ref().is_none_or(|known| known.read_at.elapsed() >= SOON) {
            *known = self.read_workflow(&execution).await?;
        }
        let Some(Known { workflow, graph, is_place_active, .. }) = known else {
            self.fail(&execution, "The workflow is deleted.").await?;
            return Ok(Err(Hindrance::Over));
        };
        let graph = match graph {
            Ok(graph) => Arc::clone(graph),
            Err(problem) => {
                self.fail(&execution, problem).await?;
                return Ok(Err(Hindrance::Over));
            }
        };
        match workflow.status {
            WorkflowStatus::Active => {}
            WorkflowStatus::Starting => return Ok(Err(Hindrance::Later(SOON))),
            WorkflowStatus::Stopping | WorkflowStatus::Inactive => {
                let (origin, why) = (Origin::server(self.source.clone()), "The workflow was stopped.");
                let Execution { workspace_id, id, .. } = execution;
                let connection = &mut self.database.write_by_key().await?;
                match executions::cancel(connection, &origin, None, workspace_id, id, Some(why)).await {
                    Ok(_) | Err(Error::Conflict(Conflict::ExecutionFinished)) => {}
                    Err(error) => return Err(error),
                }
                note_end(ExecutionState::Cancelled);
                return Ok(Err(Hindrance::Over));
            }
        }
        if !*is_place_active {
            return Ok(Err(Hindrance::Later(INACTIVE)));
        }
        let mut run = Run { workflow: Arc::clone(workflow), graph, execution, user: Json::Null };
        self.read_user(&mut run).await?;
        Ok(Ok(run))
    }

    /// Reads the workflow of a lane; `None` if it is deleted.
    async fn read_workflow(&self, execution: &Execution) -> Result<Option<Known>> {
        let connection = &mut self.database.read_by_key().await?;
        let Execution { workspace_id, workflow_id, .. } = *execution;
        let found = workflows::find(connection, workspace_id, workflow_id).await?;
        let Some(workflow) = found else { return Ok(None) };
        let place = workspaces::find(connection, workspace_id).await?;
        // It was checked before it was stored, but perhaps by another version of this server.
        let graph = workflow.definition.compiled().map(Arc::new);
        let graph = graph.map_err(|violations| format!("The workflow cannot run: {violations}"));
        Ok(Some(Known {
            workflow: Arc::new(workflow),
            graph,
            is_place_active: place.is_some_and(|place| place.status == Status::Active),
            read_at: Instant::now(),
        }))
    }

    /// Reads the external user in whose name an execution runs.
    pub(super) async fn read_user(&self, run: &mut Run) -> Result<()> {
        let Some(id) = run.execution.user_id else { return Ok(()) };
        let connection = &mut self.database.read_by_key().await?;
        let (workspace_id, now) = (run.execution.workspace_id, self.source.clock.now());
        let standing = executions::standing_of(connection, run.workflow.maker, workspace_id, now).await?;
        if standing.require(Function::GetUser, workspace_id).is_err() {
            // Expressions do not tell what a step may not read.
            run.user = Json::Null;
            return Ok(());
        }
        let user = external_users::find(connection, run.execution.workspace_id, id).await?;
        run.user = user.map_or(Json::Null, |user| user_as_json(&user, self.source.clock.now()));
        Ok(())
    }

    async fn fail(&self, execution: &Execution, error: &str) -> Result<Execution> {
        let origin = Origin::server(self.source.clone());
        let connection = &mut self.database.write_by_key().await?;
        executions::fail(connection, &origin, execution, error).await
    }

    /// Goes on at a node to which all branches have come, or ends an execution that has nothing to do.
    async fn gather(&self, run: &mut Run) -> Result<()> {
        let arrivals = {
            let connection = &mut self.database.read().await?;
            executions::arrivals(connection, &run.execution, MOST_GATHERED + 1).await?
        };
        if arrivals.len() > usize::try_from(MOST_GATHERED).unwrap_or(usize::MAX) {
            let error = format!("More than {MOST_GATHERED} branches lead to one step.");
            run.execution = self.fail(&run.execution, &error).await?;
            return Ok(());
        }
        let node = run.graph.foremost(arrivals.iter().map(|arrival| arrival.node_id.as_str()));
        let Some(node_id) = node.map(|node| node.id.clone()) else {
            let connection = &mut self.database.write_by_key().await?;
            run.execution = executions::settle(connection, &run.origin(self), &run.execution).await?;
            return Ok(());
        };
        let here = || arrivals.iter().filter(|arrival| arrival.node_id == node_id);
        let size: i64 = here().map(|arrival| arrival.size).sum();
        if usize::try_from(size).is_ok_and(|size| size > WorkflowLimits::MAXIMUM_RESULT) {
            let most = WorkflowLimits::MAXIMUM_RESULT;
            let error =
                format!("{node_id}: What has come to it has {size} characters, and at most {most} are kept.");
            run.execution = self.fail(&run.execution, &error).await?;
            return Ok(());
        }
        let numbers: Vec<_> = here().map(|arrival| arrival.number).collect();
        let here = {
            let connection = &mut self.database.read().await?;
            executions::steps_with(connection, &run.execution, &numbers).await?
        };
        let (data, lineage) = gathered(&here);
        let now = self.source.clock.now();
        let step = Step {
            number: 0,
            node_id,
            state: StepState::Pending,
            attempts: 0,
            due_at: None,
            lineage,
            data,
            result: None,
            message: None,
            created_at: now,
            updated_at: now,
        };
        let conclusion = Conclusion { gathered: numbers, ..self.pass_on(run, step).await? };
        let connection = &mut self.database.write_by_key().await?;
        let conclude = |_| conclusion.clone();
        run.execution =
            executions::advance(connection, &run.origin(self), &run.execution, None, conclude).await?;
        Ok(())
    }
}

/// Counts an execution that has ended.
fn note_end(state: ExecutionState) {
    use denizen_domain::Coded as _;
    metrics::counter!("denizen_workflow_executions_total", "outcome" => state.code()).increment(1);
}
