//! What happens to an execution between two moments at which it is stored.

use super::execution::{Execution, ExecutionState, NewStep, Step, StepState};
use crate::primitives::Timestamp;

/// How an execution goes on after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Conclusion {
    /// The step as it is now. One with the number 0 comes up only now.
    pub step: Step,
    /// The numbers of steps that had arrived at its node, and are done with it.
    pub gathered: Vec<i64>,
    /// The steps that come up after it.
    pub next: Vec<NewStep>,
}

/// An execution, with what has happened to it since it was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionProgress {
    /// The execution as it is now. Its revision is the one that is stored.
    pub execution: Execution,
    /// Stored steps, as they are now.
    pub changed: Vec<Step>,
    /// Steps that have come up, as they are now, by their numbers.
    pub new: Vec<Step>,
    /// The numbers of stored steps that had arrived at a node that waits for others, and are done.
    pub gathered: Vec<i64>,
}

impl ExecutionProgress {
    /// Creates the progress of an execution that is as it was stored.
    pub const fn of(execution: Execution) -> Self {
        Self { execution, changed: Vec::new(), new: Vec::new(), gathered: Vec::new() }
    }

    /// Returns how many steps are to be stored.
    pub const fn len(&self) -> usize {
        self.changed.len() + self.new.len()
    }

    /// Returns whether nothing is to be stored.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether all steps that have ever come up are done, so that the execution ends. It may end without: then only the
    /// stored steps tell.
    pub fn is_over(&self) -> bool {
        let total = self.execution.total();
        u64::try_from(self.execution.last_step).is_ok_and(|count| count == total.outgoing + total.errors)
    }

    /// Returns the first step that has come up and is due.
    pub fn first_due(&self, now: Timestamp) -> Option<&Step> {
        self.new.iter().find(|step| step.due_at.is_some_and(|due_at| due_at <= now))
    }

    /// Returns one of the steps that are to be stored.
    pub fn step(&self, number: i64) -> Option<&Step> {
        self.new.iter().chain(&self.changed).find(|step| step.number == number)
    }

    /// Adds what comes of a step.
    pub fn conclude(&mut self, conclusion: Conclusion, now: Timestamp) {
        let Conclusion { mut step, gathered, next } = conclusion;
        let comes_up = step.number == 0;
        let execution = &mut self.execution;
        if comes_up {
            execution.last_step += 1;
            execution.counter(&step.node_id).incoming += 1;
            step.number = execution.last_step;
        }
        match step.state {
            StepState::Succeeded => execution.counter(&step.node_id).outgoing += 1,
            StepState::Failed => {
                execution.counter(&step.node_id).errors += 1;
                execution.error =
                    Some(format!("{}: {}", step.node_id, step.message.as_deref().unwrap_or_default()));
            }
            _ => {}
        }
        step.updated_at = now;
        let number = step.number;
        self.put(step, comes_up);
        self.gathered.extend(gathered);
        for mut new in next {
            if comes_up {
                // The lineage ends with the step before, whose number was not known.
                new.lineage.pop();
                new.lineage.push(number);
            }
            self.add(new, now);
        }
    }

    fn put(&mut self, step: Step, comes_up: bool) {
        let mut known = self.new.iter_mut().chain(&mut self.changed);
        match known.find(|known| known.number == step.number) {
            Some(known) => *known = step,
            None if comes_up => self.new.push(step),
            None => self.changed.push(step),
        }
    }

    /// Adds a step that comes up.
    pub fn add(&mut self, new: NewStep, now: Timestamp) {
        if !new.is_gathered {
            self.execution.counter(&new.node_id).incoming += 1;
        }
        self.execution.last_step += 1;
        self.new.push(Step::new(self.execution.last_step, new, now));
    }

    /// Determines when the execution goes on, or ends it. `false` if only the stored steps tell.
    pub fn settle(&mut self, now: Timestamp) -> bool {
        if self.first_due(now).is_some() {
            self.execution.goes_on(now, now);
        } else if self.is_over() {
            self.execution.end(now);
        } else {
            return false;
        }
        true
    }
}

impl Execution {
    /// Notes when it goes on: at this moment, or when its time is over.
    pub fn goes_on(&mut self, moment: Timestamp, now: Timestamp) {
        self.due_at = Some(moment.min(self.expires_at.max(now)));
    }

    /// Ends it, because it has nothing to do any more.
    pub fn end(&mut self, now: Timestamp) {
        let has_failed = self.total().errors > 0;
        self.state = if has_failed { ExecutionState::Failed } else { ExecutionState::Succeeded };
        (self.due_at, self.finished_at) = (None, Some(now));
    }

    /// Ends it, because it cannot go on, with a sentence that says why.
    pub fn fail(&mut self, error: &str, now: Timestamp) {
        (self.state, self.error) = (ExecutionState::Failed, Some(error.to_owned()));
        (self.due_at, self.finished_at) = (None, Some(now));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::primitives::{ExecutionId, Json, WorkflowId, WorkspaceId};
    use crate::workflow::execution::StepCounters;
    use crate::workflow::trigger::TriggerKind;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_microseconds(0).unwrap().plus(Duration::from_secs(seconds))
    }

    /// An execution that has begun: its first step, at the node `one`, has come up.
    fn begun() -> ExecutionProgress {
        let nil = Uuid::nil();
        let mut execution = Execution {
            id: ExecutionId::from_uuid(nil),
            workspace_id: WorkspaceId::from_uuid(nil),
            workflow_id: WorkflowId::from_uuid(nil),
            user_id: None,
            ordered_by: None,
            state: ExecutionState::Running,
            trigger_kind: TriggerKind::Manual,
            trigger: Json::Null,
            depth: 0,
            counters: StepCounters::new(),
            error: None,
            due_at: Some(at(0)),
            last_step: 1,
            revision: 1,
            created_at: at(0),
            updated_at: at(0),
            expires_at: at(100),
            finished_at: None,
        };
        execution.counter("one").incoming = 1;
        ExecutionProgress::of(execution)
    }

    fn step(number: i64, node_id: &str, state: StepState) -> Step {
        Step {
            number,
            node_id: node_id.to_owned(),
            state,
            attempts: 1,
            due_at: None,
            lineage: Vec::new(),
            data: Json::Null,
            result: None,
            message: Some("told".to_owned()),
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn next(node_id: &str, is_gathered: bool) -> NewStep {
        NewStep { node_id: node_id.to_owned(), is_gathered, lineage: vec![0], data: json!(node_id).into() }
    }

    fn conclusion(step: Step, next: Vec<NewStep>) -> Conclusion {
        Conclusion { step, gathered: Vec::new(), next }
    }

    #[test]
    fn steps_follow_one_another_until_all_are_done() {
        let mut progress = begun();
        assert!(progress.is_empty() && !progress.is_over());
        let one = step(1, "one", StepState::Succeeded);
        progress.conclude(conclusion(one, vec![next("two", false)]), at(1));
        let due = progress.first_due(at(1)).unwrap();
        assert_eq!((due.number, due.node_id.as_str(), due.state), (2, "two", StepState::Pending));
        assert!(progress.settle(at(1)));
        assert_eq!((progress.execution.due_at, progress.execution.finished_at), (Some(at(1)), None));

        progress.conclude(conclusion(step(2, "two", StepState::Succeeded), vec![]), at(2));
        assert!(progress.is_over() && progress.settle(at(2)));
        assert_eq!(
            (progress.execution.state, progress.execution.finished_at),
            (ExecutionState::Succeeded, Some(at(2)))
        );
        let numbers = |steps: &[Step]| steps.iter().map(|step| step.number).collect::<Vec<_>>();
        assert_eq!((numbers(&progress.changed), numbers(&progress.new)), (vec![1], vec![2]));
        assert_eq!(progress.step(2).map(|step| step.updated_at), Some(at(2)), "it is stored as it is now");
    }

    #[test]
    fn a_step_that_failed_gives_the_execution_its_error() {
        let mut progress = begun();
        progress.conclude(conclusion(step(1, "one", StepState::Failed), vec![]), at(1));
        assert!(progress.settle(at(1)));
        let Execution { state, error, .. } = progress.execution;
        assert_eq!((state, error.as_deref()), (ExecutionState::Failed, Some("one: told")));
    }

    #[test]
    fn only_the_stored_steps_tell_how_one_with_open_steps_goes_on() {
        for state in [StepState::Waiting, StepState::Pending] {
            let mut progress = begun();
            progress
                .conclude(conclusion(Step { due_at: Some(at(9)), ..step(1, "one", state) }, vec![]), at(1));
            assert!(!progress.is_over() && !progress.settle(at(1)));
        }
        let mut progress = begun();
        let one = step(1, "one", StepState::Succeeded);
        progress.conclude(conclusion(one, vec![next("merge", true)]), at(1));
        assert!(!progress.settle(at(1)), "another may have arrived before");
        assert!(!progress.execution.counters.contains_key("merge"), "it has not begun");
    }

    #[test]
    fn a_step_that_comes_up_when_others_have_arrived_leads_to_the_next() {
        let mut progress = begun();
        let merge = step(0, "merge", StepState::Succeeded);
        let next = vec![next("after", false)];
        progress.conclude(Conclusion { step: merge, gathered: vec![3, 4], next }, at(1));
        assert_eq!((progress.gathered.as_slice(), progress.new[0].number), (&[3, 4][..], 2));
        assert_eq!((progress.new[1].number, progress.new[1].lineage.as_slice()), (3, &[2][..]));
        let counter = progress.execution.counter("merge");
        assert_eq!((counter.incoming, counter.outgoing), (1, 1));
    }

    #[test]
    fn an_execution_goes_on_when_its_time_is_over_at_the_latest() {
        let mut execution = begun().execution;
        execution.goes_on(at(500), at(1));
        assert_eq!(execution.due_at, Some(at(100)));
        execution.goes_on(at(500), at(200));
        assert_eq!(execution.due_at, Some(at(200)));
    }
}
