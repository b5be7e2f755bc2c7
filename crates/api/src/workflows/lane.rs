//! The job of a lane: runs the executions of a workflow in it, one after the other.
//!
//! What has happened to an execution is kept in memory until a step changes something outside of it, or the execution waits or
//! ends. If the server stops before, these steps are performed again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use denizen_domain::{
    Conclusion, Conflict, Error, Execution, ExecutionProgress, Function, Graph, Job, Json, JsonObject,
    NewStep, Origin, Result, Status, Step, Timestamp, Workflow, WorkflowLimits, WorkflowStatus, gathered,
    user_as_json,
};
use denizen_persistence::executions;
use denizen_persistence::jobs::Ending;
use denizen_persistence::{external_users, workflows, workspaces};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Workflows;

/// How long the job goes on before it lets others have a turn.
const TURN: Duration = Duration::from_secs(5);

/// How many executions are read, and stored, at a time.
const EXECUTIONS: u32 = 16;

/// How many steps are read at a time.
const STEPS: u32 = 64;

/// How many steps a lane keeps in memory before it stores them. Each may have 2 MiB.
const UNSTORED: usize = 16;

/// How many steps a node can wait for.
const MOST_GATHERED: u32 = 10_000;

/// How long executions wait whose workspace is not active.
const INACTIVE: Duration = Duration::from_mins(1);

/// How long they wait whose workflow is about to start; and how long the workflow counts as it was read.
const SOON: Duration = Duration::from_secs(1);

/// An execution that this server runs.
pub(super) struct Run {
    pub(super) workflow: Arc<Workflow>,
    pub(super) graph: Arc<Graph>,
    /// The execution, with what is not stored yet.
    pub(super) progress: ExecutionProgress,
    /// Stored steps that are due.
    pub(super) due: VecDeque<Step>,
    /// The external user in whose name it runs, as expressions see it.
    pub(super) user: Json,
}

impl Run {
    /// Takes the next step that is due.
    fn next_due(&mut self, now: Timestamp) -> Option<Step> {
        self.due.pop_front().or_else(|| self.progress.first_due(now).cloned())
    }

    /// Goes on from the execution as it was stored, with these new steps.
    pub(super) fn go_on_from(&mut self, execution: Execution, new: Vec<Step>, now: Timestamp) {
        // If there are more, they are read when it is their turn.
        if self.due.is_empty() && new.len() <= UNSTORED && execution.finished_at.is_none() {
            self.due.extend(new.into_iter().filter(|step| step.due_at.is_some_and(|due_at| due_at <= now)));
        }
        self.progress = ExecutionProgress::of(execution);
    }

    /// Returns where the changes of its steps come from.
    pub(super) fn origin(&self, workflows: &Workflows) -> Origin {
        let Execution { id, workflow_id, user_id, .. } = self.progress.execution;
        Origin::workflow(workflows.source.clone(), workflow_id, id, user_id)
    }

    /// Returns what expressions see of the workflow.
    pub(super) fn workflow_as_json(&self) -> Json {
        Json::Object(JsonObject::from_iter([
            ("id".to_owned(), Json::String(self.workflow.id.to_string())),
            ("name".to_owned(), Json::String(self.workflow.definition.name.clone())),
            ("executionId".to_owned(), Json::String(self.progress.execution.id.to_string())),
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

/// A turn of a lane's job.
pub(super) struct Turn {
    end: Instant,
    is_open: watch::Receiver<bool>,
    known: Option<Known>,
    /// Executions that have ended, and are stored together.
    ended: Vec<ExecutionProgress>,
}

impl Turn {
    fn may_go_on(&self) -> bool {
        Instant::now() < self.end && *self.is_open.borrow()
    }
}

impl Workflows {
    /// Runs the executions of a lane that are due, for some seconds at most.
    pub(crate) async fn run_lane(&self, job: &Job, is_open: watch::Receiver<bool>) -> Result<Ending> {
        let mut turn = Turn { end: Instant::now() + TURN, is_open, known: None, ended: Vec::new() };
        loop {
            let now = self.source.clock.now();
            let due = self.find_due(job, now).await?;
            if due.is_empty() {
                let connection = &mut self.database.read_by_key().await?;
                let next = executions::next_due_at(connection, job.workspace_id, job.lane).await?;
                return Ok(next.map_or(Ending::Succeeded, Ending::GoesOn));
            }
            let mut pause = None;
            for (execution, steps) in due {
                pause = self.run(execution, steps, &mut turn).await?;
                if pause.is_some() || !turn.may_go_on() {
                    break;
                }
            }
            self.store_ended(&mut turn).await?;
            if let Some(pause) = pause {
                return Ok(Ending::GoesOn(now.plus(pause)));
            }
            if !turn.may_go_on() {
                return Ok(Ending::GoesOn(self.source.clock.now()));
            }
        }
    }

    /// Finds executions of a lane that are due, with steps of them that are.
    async fn find_due(&self, job: &Job, now: Timestamp) -> Result<Vec<(Execution, VecDeque<Step>)>> {
        let connection = &mut self.database.read_by_key().await?;
        let due = executions::find_due(connection, job.workspace_id, job.lane, now, EXECUTIONS).await?;
        let mut steps = executions::due_steps_of(connection, &due, now, STEPS).await?;
        Ok(due
            .into_iter()
            .map(|execution| {
                let steps = steps.remove(&execution.id).unwrap_or_default();
                (execution, steps)
            })
            .collect())
    }

    /// Runs an execution as far as it goes. Returns how long its lane must wait, if it must.
    async fn run(
        &self,
        execution: Execution,
        due: VecDeque<Step>,
        turn: &mut Turn,
    ) -> Result<Option<Duration>> {
        let run = match self.prepare(execution, due, turn).await? {
            Ok(run) => run,
            Err(Hindrance::Over) => return Ok(None),
            Err(Hindrance::Later(pause)) => return Ok(Some(pause)),
        };
        match self.run_to_end(run, turn).await {
            // Another server has stored the execution, or someone has cancelled it: it is read anew.
            Ok(()) | Err(Error::Conflict(Conflict::ConcurrentChange)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Performs the steps of an execution, and stores what is not stored yet: at once, or with others that have ended.
    async fn run_to_end(&self, mut run: Run, turn: &mut Turn) -> Result<()> {
        self.go_on(&mut run, turn).await?;
        let Run { progress, .. } = &run;
        if progress.execution.finished_at.is_some() {
            return Ok(());
        }
        if progress.is_over() && progress.execution.ordered_by.is_none() {
            turn.ended.push(run.progress);
            if turn.ended.iter().map(ExecutionProgress::len).sum::<usize>() >= UNSTORED {
                self.store_ended(turn).await?;
            }
        } else if progress.is_over() || !progress.is_empty() {
            self.store(&mut run).await?;
        }
        Ok(())
    }

    /// Performs the steps of an execution. Those that change nothing outside of it are stored with the next that does, or at the end.
    async fn go_on(&self, run: &mut Run, turn: &mut Turn) -> Result<()> {
        while turn.may_go_on() && run.progress.execution.finished_at.is_none() {
            let now = self.source.clock.now();
            if run.progress.execution.expires_at <= now {
                self.fail(run, "The execution has taken longer than it may.").await?;
            } else if let Some(step) = run.next_due(now) {
                self.perform(run, step, turn).await?;
                if run.progress.len() >= UNSTORED {
                    self.store(run).await?;
                }
            } else if run.progress.is_over() {
                break;
            } else if !run.progress.is_empty() {
                self.store(run).await?;
            } else if run.progress.execution.due_at.is_none_or(|due_at| due_at > now) {
                break;
            } else {
                run.due = {
                    let connection = &mut self.database.read_by_key().await?;
                    executions::due_steps(connection, &run.progress.execution, now, STEPS).await?.into()
                };
                if run.due.is_empty() {
                    self.gather(run).await?;
                }
            }
        }
        Ok(())
    }

    /// Stores what has happened to an execution. Fails if another server has stored it meanwhile, or someone has cancelled it.
    pub(super) async fn store(&self, run: &mut Run) -> Result<()> {
        let stored = {
            let connection = &mut self.database.write_by_key().await?;
            executions::store(connection, &run.origin(self), std::slice::from_ref(&run.progress)).await?
        };
        let execution = stored.into_iter().flatten().next();
        let execution = execution.ok_or(Error::Conflict(Conflict::ConcurrentChange))?;
        note_end(&execution);
        let new = std::mem::take(&mut run.progress.new);
        run.go_on_from(execution, new, self.source.clock.now());
        Ok(())
    }

    /// Stores the executions that have ended in this turn. One that was cancelled meanwhile remains so.
    pub(super) async fn store_ended(&self, turn: &mut Turn) -> Result<()> {
        if turn.ended.is_empty() {
            return Ok(());
        }
        let ended = std::mem::take(&mut turn.ended);
        let origin = Origin::server(self.source.clone());
        let connection = &mut self.database.write_by_key().await?;
        for execution in executions::store(connection, &origin, &ended).await?.iter().flatten() {
            note_end(execution);
        }
        Ok(())
    }

    /// Finds what an execution needs to run.
    async fn prepare(
        &self,
        execution: Execution,
        due: VecDeque<Step>,
        turn: &mut Turn,
    ) -> Result<Result<Run, Hindrance>> {
        if execution.ordered_by.is_some() {
            let connection = &mut self.database.write_by_key().await?;
            if !executions::take_turn(connection, &execution).await? {
                return Ok(Err(Hindrance::Over));
            }
        }
        if turn.known.as_ref().is_none_or(|known| known.read_at.elapsed() >= SOON) {
            turn.known = self.read_workflow(&execution).await?;
        }
        let Some(Known { workflow, graph, is_place_active, .. }) = &turn.known else {
            self.end(&execution, "The workflow is deleted.").await?;
            return Ok(Err(Hindrance::Over));
        };
        let graph = match graph {
            Ok(graph) => Arc::clone(graph),
            Err(problem) => {
                self.end(&execution, problem).await?;
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
                    Ok(cancelled) => cancelled.iter().for_each(note_end),
                    Err(Error::Conflict(Conflict::ExecutionFinished)) => {}
                    Err(error) => return Err(error),
                }
                return Ok(Err(Hindrance::Over));
            }
        }
        if !*is_place_active {
            return Ok(Err(Hindrance::Later(INACTIVE)));
        }
        let (workflow, progress) = (Arc::clone(workflow), ExecutionProgress::of(execution));
        let mut run = Run { workflow, graph, progress, due, user: Json::Null };
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
        let Execution { workspace_id, user_id, .. } = run.progress.execution;
        let Some(id) = user_id else { return Ok(()) };
        let connection = &mut self.database.read_by_key().await?;
        let now = self.source.clock.now();
        let standing = executions::standing_of(connection, run.workflow.maker, workspace_id, now).await?;
        if standing.require(Function::GetUser, workspace_id).is_err() {
            // Expressions do not tell what a step may not read.
            run.user = Json::Null;
            return Ok(());
        }
        let user = external_users::find(connection, workspace_id, id).await?;
        run.user = user.map_or(Json::Null, |user| user_as_json(&user, now));
        Ok(())
    }

    /// Ends an execution that cannot go on, with a sentence that says why.
    async fn end(&self, execution: &Execution, error: &str) -> Result<Execution> {
        let origin = Origin::server(self.source.clone());
        let connection = &mut self.database.write_by_key().await?;
        let failed = executions::fail(connection, &origin, execution, error).await?;
        note_end(&failed);
        Ok(failed)
    }

    /// Ends an execution that cannot go on after what has happened to it.
    async fn fail(&self, run: &mut Run, error: &str) -> Result<()> {
        if !run.progress.is_empty() {
            self.store(run).await?;
        }
        if run.progress.execution.finished_at.is_none() {
            let failed = self.end(&run.progress.execution, error).await?;
            run.progress = ExecutionProgress::of(failed);
        }
        Ok(())
    }

    /// Goes on at a node to which all branches have come, or ends an execution that has nothing to do. All that has happened to it
    /// is stored.
    async fn gather(&self, run: &mut Run) -> Result<()> {
        let execution = &run.progress.execution;
        let arrivals = {
            let connection = &mut self.database.read().await?;
            executions::arrivals(connection, execution, MOST_GATHERED + 1).await?
        };
        if arrivals.len() > limit_of(MOST_GATHERED) {
            let error = format!("More than {MOST_GATHERED} branches lead to one step.");
            return self.fail(run, &error).await;
        }
        let node = run.graph.foremost(arrivals.iter().map(|arrival| arrival.node_id.as_str()));
        let Some(node_id) = node.map(|node| node.id.clone()) else { return self.store(run).await };
        let here = || arrivals.iter().filter(|arrival| arrival.node_id == node_id);
        let size: i64 = here().map(|arrival| arrival.size).sum();
        if usize::try_from(size).is_ok_and(|size| size > WorkflowLimits::MAXIMUM_RESULT) {
            let most = WorkflowLimits::MAXIMUM_RESULT;
            let error =
                format!("{node_id}: What has come to it has {size} characters, and at most {most} are kept.");
            return self.fail(run, &error).await;
        }
        let numbers: Vec<_> = here().map(|arrival| arrival.number).collect();
        let here = {
            let connection = &mut self.database.read().await?;
            executions::steps_with(connection, execution, &numbers).await?
        };
        let (data, lineage) = gathered(&here);
        let now = self.source.clock.now();
        let step = Step::new(0, NewStep { node_id, is_gathered: false, lineage, data }, now);
        let conclusion = Conclusion { gathered: numbers, ..self.pass_on(run, step).await? };
        run.progress.conclude(conclusion, now);
        Ok(())
    }
}

fn limit_of(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Counts an execution if it has ended.
pub(super) fn note_end(execution: &Execution) {
    use denizen_domain::Coded as _;
    if execution.finished_at.is_some() {
        let outcome = execution.state.code();
        metrics::counter!("denizen_workflow_executions_total", "outcome" => outcome).increment(1);
    }
}
