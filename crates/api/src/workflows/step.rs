//! Performs the steps of executions.

use std::sync::Arc;
use std::time::Duration;

use denizen_domain::{
    Action, Budget, Coded as _, Conclusion, Conflict, Error, ExecutionScope, Function, Json, JsonObject,
    Node, Result, Step, StepOutcome, StepRequest, StepState, WaitUntil, next_steps,
};
use denizen_persistence::executions::{self, DirectoryChange, Effect};

use super::Workflows;
use super::lane::{Run, Turn, note_end};
use super::request::RequestFailure;

/// Why a step fails for good, in a sentence.
struct Failure(String);

/// What a step is to do.
enum Task {
    /// It goes on with this, and writes the line into the log, if there is one.
    Done(StepOutcome, Option<String>),
    /// It waits.
    Wait(WaitUntil),
    /// It sends a request.
    Send(StepRequest),
    /// It changes the directory.
    Change(Box<Effect>),
}

impl Workflows {
    /// Performs a step once, and notes or stores what came of it.
    pub(super) async fn perform(&self, run: &mut Run, mut step: Step, turn: &mut Turn) -> Result<()> {
        let was_waiting = step.state == StepState::Waiting;
        step.attempts = step.attempts.saturating_add(1);
        (step.due_at, step.message) = (None, None);
        let graph = Arc::clone(&run.graph);
        let Some(node) = graph.node(&step.node_id) else {
            let gone = "The workflow has no such step any more.";
            self.conclude(run, failed(step, gone));
            return Ok(());
        };
        let function = node.function;
        let scope = self.scope_of(run, &step).await?;
        let task = if was_waiting {
            Ok(Task::Done(StepOutcome::Result(step.data.clone()), None))
        } else {
            self.task_of(run, node, &step, &scope)
        };
        let outcome = match task {
            Err(Failure(message)) => {
                self.conclude(run, failed(step, &message));
                Ok(())
            }
            Ok(Task::Done(outcome, message)) => {
                step.message = message;
                let conclusion = concluded(run, step, &outcome, &scope);
                self.conclude(run, conclusion);
                Ok(())
            }
            Ok(Task::Wait(until)) => {
                self.conclude(run, self.waiting(step, until));
                Ok(())
            }
            Ok(Task::Send(request)) => self.perform_request(run, step, &request, &scope, turn).await,
            Ok(Task::Change(effect)) => self.perform_change(run, step, &effect, &scope, turn).await,
        };
        let word = if outcome.is_ok() { "stored" } else { "failed" };
        metrics::counter!("denizen_workflow_steps_total", "function" => function.code(), "outcome" => word)
            .increment(1);
        outcome
    }

    /// Notes what came of a step.
    fn conclude(&self, run: &mut Run, conclusion: Conclusion) {
        run.progress.conclude(conclusion, self.source.clock.now());
    }

    /// Returns how an execution goes on after a step that only passes on what has come to it.
    pub(super) async fn pass_on(&self, run: &Run, mut step: Step) -> Result<Conclusion> {
        (step.attempts, step.due_at) = (1, None);
        let scope = self.scope_of(run, &step).await?;
        let outcome = StepOutcome::Result(step.data.clone());
        Ok(concluded(run, step, &outcome, &scope))
    }

    /// Returns what the expressions of a step can name.
    async fn scope_of(&self, run: &Run, step: &Step) -> Result<ExecutionScope> {
        let (in_memory, stored): (Vec<_>, Vec<_>) =
            step.lineage.iter().partition(|number| run.progress.step(**number).is_some());
        let steps = if stored.is_empty() {
            Json::Object(JsonObject::new())
        } else {
            let connection = &mut self.database.read_by_key().await?;
            executions::results_of(connection, &run.progress.execution, &stored).await?
        };
        let mut scope = ExecutionScope {
            steps,
            trigger: run.progress.execution.trigger.clone(),
            user: run.user.clone(),
            workflow: run.workflow_as_json(),
            now: Json::String(self.source.clock.now().to_string()),
        };
        for step in in_memory.into_iter().filter_map(|number| run.progress.step(number)) {
            scope.add_result(&step.node_id, step.result.clone().unwrap_or_default());
        }
        Ok(scope)
    }

    fn task_of(&self, run: &Run, node: &Node, step: &Step, scope: &ExecutionScope) -> Result<Task, Failure> {
        let variables = scope.with(&step.data);
        let fields = node.fields.resolve(&variables, &mut Budget::default());
        let fields = fields.map_err(|error| Failure(error.to_string()))?;
        let now = self.source.clock.now();
        let action = Action::read(node.function, &fields, &step.data, now);
        let change = |change| {
            let maker = run.workflow.maker;
            Task::Change(Box::new(Effect { maker, function: node.function, change }))
        };
        Ok(match action.map_err(|violations| Failure(violations.to_string()))? {
            Action::Pass(data) => Task::Done(StepOutcome::Result(data), None),
            Action::End => Task::Done(StepOutcome::Ends, None),
            Action::Split(items) => Task::Done(StepOutcome::Items(items), None),
            Action::Log(message) => Task::Done(StepOutcome::Result(step.data.clone()), Some(message)),
            Action::Wait(until) => Task::Wait(until),
            Action::Request(mut request) => {
                request.connected_account = request.connected_account.or_else(|| node.credentials.clone());
                Task::Send(request)
            }
            Action::User(action) => {
                change(DirectoryChange::User { action, restorable_from: now.minus(self.restore_period) })
            }
            Action::Account(action) => change(DirectoryChange::Account(action)),
        })
    }

    fn waiting(&self, mut step: Step, until: WaitUntil) -> Conclusion {
        let moment = match until {
            WaitUntil::Moment(moment) => moment,
            WaitUntil::Elapsed(elapsed) => self.source.clock.now().plus(elapsed),
        };
        (step.state, step.due_at) = (StepState::Waiting, Some(moment));
        Conclusion { step, gathered: Vec::new(), next: Vec::new() }
    }

    async fn perform_request(
        &self,
        run: &mut Run,
        step: Step,
        request: &StepRequest,
        scope: &ExecutionScope,
        turn: &mut Turn,
    ) -> Result<()> {
        self.store_ended(turn).await?;
        // The number of the step is part of the request, so it must last. And nothing is sent for an execution that was cancelled.
        if run.progress.is_empty() {
            let connection = &mut self.database.read_by_key().await?;
            if !executions::is_current(connection, &run.progress.execution).await? {
                return Err(Error::Conflict(Conflict::ConcurrentChange));
            }
        } else {
            self.store(run).await?;
            if run.progress.execution.finished_at.is_some() {
                return Ok(());
            }
            run.due.retain(|due| due.number != step.number);
        }
        let allowed = {
            let connection = &mut self.database.read_by_key().await?;
            let (workspace_id, now) = (run.progress.execution.workspace_id, self.source.clock.now());
            let standing = executions::standing_of(connection, run.workflow.maker, workspace_id, now).await?;
            standing.require(Function::Request, workspace_id)
        };
        let conclusion = match allowed {
            Err(error) => failed(step, &error.to_string()),
            Ok(()) => match self.send(&run.progress.execution, &step, request).await {
                Ok(result) => concluded(run, step, &StepOutcome::Result(result), scope),
                Err(RequestFailure::Final(message)) => failed(step, &message),
                Err(RequestFailure::Passing(message, asked_for)) => self.tried(step, &message, asked_for),
            },
        };
        self.conclude(run, conclusion);
        // It is not sent again because a later step is not stored.
        self.store(run).await
    }

    /// Returns how an execution goes on after an attempt that failed, and may succeed later.
    fn tried(&self, mut step: Step, message: &str, asked_for: Option<Duration>) -> Conclusion {
        let pause = Step::pause(step.attempts, asked_for, self.source.ids.random_bytes());
        let Some(pause) = pause else { return failed(step, message) };
        (step.state, step.message) = (StepState::Pending, Some(storable(message)));
        step.due_at = Some(self.source.clock.now().plus(pause));
        Conclusion { step, gathered: Vec::new(), next: Vec::new() }
    }

    async fn perform_change(
        &self,
        run: &mut Run,
        step: Step,
        effect: &Effect,
        scope: &ExecutionScope,
        turn: &mut Turn,
    ) -> Result<()> {
        self.store_ended(turn).await?;
        let origin = run.origin(self);
        let conclude = |result: Json| {
            let outcome = StepOutcome::Result(result);
            concluded(run, step.clone(), &outcome, scope)
        };
        let changed = {
            let connection = &mut self.database.write_by_key().await?;
            executions::change(connection, &origin, &run.progress, effect, conclude).await
        };
        match changed {
            Ok(stored) => {
                note_end(&stored.execution);
                run.go_on_from(stored.execution, stored.new, self.source.clock.now());
                if let DirectoryChange::User { .. } = effect.change {
                    self.read_user(run).await?;
                }
                Ok(())
            }
            // An outage of the database, or a step that another server has stored: the whole step is repeated.
            Err(
                error @ (Error::Unavailable(_)
                | Error::ReadOnly(_)
                | Error::Internal(_)
                | Error::Conflict(Conflict::ConcurrentChange)),
            ) => Err(error),
            Err(error) => {
                self.conclude(run, failed(step, &error.to_string()));
                Ok(())
            }
        }
    }
}

/// Returns how an execution goes on after a step with this outcome. If that cannot be, the step has failed.
fn concluded(run: &Run, mut step: Step, outcome: &StepOutcome, scope: &ExecutionScope) -> Conclusion {
    let result = match outcome.result(&step.data) {
        Ok(result) => result,
        Err(message) => return failed(step, &message),
    };
    let mut scope = scope.clone();
    scope.add_result(&step.node_id, result.clone());
    match next_steps(&run.graph, &step, outcome, &scope) {
        Ok(next) => {
            (step.state, step.result) = (StepState::Succeeded, Some(result));
            Conclusion { step, gathered: Vec::new(), next }
        }
        Err(message) => failed(step, &message),
    }
}

/// Returns how an execution goes on after a step that has failed for good: its branch ends.
fn failed(mut step: Step, message: &str) -> Conclusion {
    (step.state, step.message) = (StepState::Failed, Some(storable(message)));
    Conclusion { step, gathered: Vec::new(), next: Vec::new() }
}

/// Returns a message as it can be stored: without NUL, and at most 2,000 characters.
fn storable(message: &str) -> String {
    message.chars().filter(|character| *character != '\0').take(2_000).collect()
}
