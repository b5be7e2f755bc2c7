//! Performs the steps of executions.

use std::time::Duration;

use denizen_domain::{
    Action, Budget, Coded as _, Conflict, Error, Execution, ExecutionScope, Function, Json, Node, Result,
    Step, StepOutcome, StepRequest, StepState, WaitUntil, next_steps,
};
use denizen_persistence::executions::{self, Conclusion, DirectoryChange, Effect};

use super::Workflows;
use super::lane::Run;
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
    /// Performs a step once, and stores what came of it. Returns the execution as it is then.
    pub(super) async fn perform(&self, run: &mut Run, mut step: Step) -> Result<Execution> {
        let was_waiting = step.state == StepState::Waiting;
        step.attempts = step.attempts.saturating_add(1);
        (step.due_at, step.message) = (None, None);
        let Some(node) = run.graph.node(&step.node_id) else {
            let gone = "The workflow has no such step any more.";
            return self.store(run, failed(step, gone)).await;
        };
        let function = node.function;
        let scope = self.scope_of(run, &step).await?;
        let task = if was_waiting {
            Ok(Task::Done(StepOutcome::Result(step.data.clone()), None))
        } else {
            self.task_of(run, node, &step, &scope)
        };
        let outcome = match task {
            Err(Failure(message)) => self.store(run, failed(step, &message)).await,
            Ok(Task::Done(outcome, message)) => {
                step.message = message;
                self.store(run, concluded(run, step, &outcome, &scope)).await
            }
            Ok(Task::Wait(until)) => self.store(run, self.waiting(step, until)).await,
            Ok(Task::Send(request)) => self.perform_request(run, step, &request, &scope).await,
            Ok(Task::Change(effect)) => self.perform_change(run, step, &effect, &scope).await,
        };
        let word = if outcome.is_ok() { "stored" } else { "failed" };
        metrics::counter!("denizen_workflow_steps_total", "function" => function.code(), "outcome" => word)
            .increment(1);
        outcome
    }

    /// Returns how an execution goes on after a step that only passes on what has come to it.
    pub(super) async fn pass_on(&self, run: &Run, mut step: Step) -> Result<Conclusion> {
        step.attempts = 1;
        let scope = self.scope_of(run, &step).await?;
        let outcome = StepOutcome::Result(step.data.clone());
        Ok(concluded(run, step, &outcome, &scope))
    }

    /// Returns what the expressions of a step can name.
    async fn scope_of(&self, run: &Run, step: &Step) -> Result<ExecutionScope> {
        let steps = {
            let connection = &mut self.database.read_by_key().await?;
            executions::results_of(connection, &run.execution, &step.lineage).await?
        };
        Ok(ExecutionScope {
            steps,
            trigger: run.execution.trigger.clone(),
            user: run.user.clone(),
            workflow: run.workflow_as_json(),
            now: Json::String(self.source.clock.now().to_string()),
        })
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
            Action::Request(request) => Task::Send(request),
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
        run: &Run,
        step: Step,
        request: &StepRequest,
        scope: &ExecutionScope,
    ) -> Result<Execution> {
        let allowed = {
            let connection = &mut self.database.read_by_key().await?;
            let (workspace_id, now) = (run.execution.workspace_id, self.source.clock.now());
            let standing = executions::standing_of(connection, run.workflow.maker, workspace_id, now).await?;
            standing.require(Function::Request, workspace_id)
        };
        if let Err(error) = allowed {
            return self.store(run, failed(step, &error.to_string())).await;
        }
        match self.send(&run.execution, &step, request).await {
            Ok(result) => {
                let outcome = StepOutcome::Result(result);
                self.store(run, concluded(run, step, &outcome, scope)).await
            }
            Err(RequestFailure::Final(message)) => self.store(run, failed(step, &message)).await,
            Err(RequestFailure::Passing(message, asked_for)) => {
                self.store(run, self.tried(step, &message, asked_for)).await
            }
        }
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
    ) -> Result<Execution> {
        let origin = run.origin(self);
        let conclude = |result: Json| {
            let outcome = StepOutcome::Result(result);
            concluded(run, step.clone(), &outcome, scope)
        };
        let advanced = {
            let connection = &mut self.database.write_by_key().await?;
            executions::advance(connection, &origin, &run.execution, Some(effect), conclude).await
        };
        match advanced {
            Ok(execution) => {
                if let DirectoryChange::User { .. } = effect.change {
                    self.read_user(run).await?;
                }
                Ok(execution)
            }
            // An outage of the database, or a step that another server has stored: the whole step is repeated.
            Err(
                error @ (Error::Unavailable(_)
                | Error::ReadOnly(_)
                | Error::Internal(_)
                | Error::Conflict(Conflict::ConcurrentChange)),
            ) => Err(error),
            Err(error) => self.store(run, failed(step, &error.to_string())).await,
        }
    }

    async fn store(&self, run: &Run, conclusion: Conclusion) -> Result<Execution> {
        let connection = &mut self.database.write_by_key().await?;
        let conclude = |_| conclusion.clone();
        executions::advance(connection, &run.origin(self), &run.execution, None, conclude).await
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
