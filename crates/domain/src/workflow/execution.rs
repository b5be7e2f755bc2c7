//! Executions: one run of a workflow, and its steps.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limits::WorkflowLimits;
use super::trigger::TriggerKind;
use crate::job::jittered;
use crate::primitives::{
    Coded, ExecutionId, ExternalUserId, Json, Position, Timestamp, WorkflowId, WorkspaceId, coded_texts,
};

/// How far an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExecutionState {
    /// It has steps to do.
    Running,
    /// All its steps are done.
    Succeeded,
    /// A step has failed. The branches without it are done.
    Failed,
    /// Someone cancelled it, or stopped its workflow.
    Cancelled,
}

impl Coded for ExecutionState {
    const ALL: &'static [Self] = &[Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

coded_texts!(ExecutionState);

/// How often a step of the graph was begun, done and failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StepCounter {
    /// How often data came to it.
    #[serde(rename = "in")]
    pub incoming: u64,
    /// How often it was done.
    #[serde(rename = "out")]
    pub outgoing: u64,
    /// How often it failed.
    pub errors: u64,
}

/// The counters of all steps, by the ids of their nodes.
pub type StepCounters = BTreeMap<String, StepCounter>;

/// One run of a workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// The workspace in which it works.
    pub workspace_id: WorkspaceId,
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// The external user in whose name it runs.
    pub user_id: Option<ExternalUserId>,
    /// That user, if its executions of the workflow run one after the other.
    pub ordered_by: Option<ExternalUserId>,
    /// How far it is.
    pub state: ExecutionState,
    /// What started it.
    pub trigger_kind: TriggerKind,
    /// What came with that, as expressions see it.
    pub trigger: Json,
    /// How many executions have led to it, one after the other, through the events that they caused.
    pub depth: u32,
    /// What its steps have done.
    pub counters: StepCounters,
    /// Why it failed or was cancelled.
    pub error: Option<String>,
    /// When it goes on; `None` if it does not.
    pub due_at: Option<Timestamp>,
    /// The number of the last step that has come up; 0 if it never began.
    pub last_step: i64,
    /// How often it was stored.
    pub revision: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last stored.
    pub updated_at: Timestamp,
    /// When it fails if it has not ended.
    pub expires_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Execution {
    /// Returns its place in lists.
    pub fn list_position(&self) -> Position {
        Position::at(self.created_at, self.id.as_uuid())
    }

    /// Returns the counter of a step.
    pub fn counter(&mut self, node_id: &str) -> &mut StepCounter {
        self.counters.entry(node_id.to_owned()).or_default()
    }

    /// Returns what all counters come to.
    pub fn total(&self) -> StepCounter {
        let add = |sum: StepCounter, more: &StepCounter| StepCounter {
            incoming: sum.incoming.saturating_add(more.incoming),
            outgoing: sum.outgoing.saturating_add(more.outgoing),
            errors: sum.errors.saturating_add(more.errors),
        };
        self.counters.values().fold(StepCounter::default(), add)
    }
}

/// How far a step of an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepState {
    /// It is to be done, perhaps once more.
    Pending,
    /// It waits for its time.
    Waiting,
    /// It has arrived at a node that waits for others.
    Gathered,
    /// It is done.
    Succeeded,
    /// It failed for good.
    Failed,
    /// The execution ended before it was done.
    Cancelled,
}

impl StepState {
    /// Returns whether something is still to happen.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Waiting | Self::Gathered)
    }
}

impl Coded for StepState {
    const ALL: &'static [Self] =
        &[Self::Pending, Self::Waiting, Self::Gathered, Self::Succeeded, Self::Failed, Self::Cancelled];

    fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Gathered => "gathered",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

coded_texts!(StepState);

/// A step of an execution: a node of the graph, with what came to it on one way.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its number within the execution, from 1, in the order in which they came up.
    pub number: i64,
    /// The node.
    pub node_id: String,
    /// How far it is.
    pub state: StepState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is done, or tried again; `None` if it is not.
    pub due_at: Option<Timestamp>,
    /// The numbers of the steps that led to it, from the first.
    pub lineage: Vec<i64>,
    /// What came to it.
    pub data: Json,
    /// What came of it.
    pub result: Option<Json>,
    /// Why the last attempt failed, or the line that it wrote into the log.
    pub message: Option<String>,
    /// When it came up.
    pub created_at: Timestamp,
    /// When it was last stored.
    pub updated_at: Timestamp,
}

/// A step that has come up.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStep {
    /// The node.
    pub node_id: String,
    /// Whether it waits for others to arrive there.
    pub is_gathered: bool,
    /// The numbers of the steps that led to it, from the first.
    pub lineage: Vec<i64>,
    /// What comes to it.
    pub data: Json,
}

impl Step {
    /// Creates a step that comes up, with its number.
    pub fn new(number: i64, new: NewStep, now: Timestamp) -> Self {
        let NewStep { node_id, is_gathered, lineage, data } = new;
        Self {
            number,
            node_id,
            state: if is_gathered { StepState::Gathered } else { StepState::Pending },
            attempts: 0,
            due_at: (!is_gathered).then_some(now),
            lineage,
            data,
            result: None,
            message: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns the pause after a failed attempt, or `None` if it was the last: 2, 10, 60 and 300 seconds, less up to a half at
    /// random, or as long as the other system asks, up to an hour.
    pub fn pause(attempts: u32, asked_for: Option<Duration>, random: [u8; 32]) -> Option<Duration> {
        if attempts >= WorkflowLimits::MAXIMUM_ATTEMPTS {
            return None;
        }
        let seconds = match attempts {
            ..=1 => 2,
            2 => 10,
            3 => 60,
            _ => 300,
        };
        let asked_for = asked_for.unwrap_or_default().min(Duration::from_hours(1));
        Some(jittered(Duration::from_secs(seconds), random).max(asked_for))
    }
}

/// Which executions to list. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecutionFilter {
    /// Of this workflow.
    pub workflow_id: Option<WorkflowId>,
    /// In this state.
    pub state: Option<ExecutionState>,
    /// In the name of this external user.
    pub user_id: Option<ExternalUserId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_tried_five_times_with_longer_and_longer_pauses() {
        let pause =
            |attempts, asked_for| Step::pause(attempts, asked_for, [0; 32]).map(|pause| pause.as_secs());
        let pauses: Vec<_> = (1..=5).map(|attempts| pause(attempts, None)).collect();
        assert_eq!(pauses, [Some(2), Some(10), Some(60), Some(300), None]);
        assert_eq!(pause(1, Some(Duration::from_secs(30))), Some(30));
        assert_eq!(pause(1, Some(Duration::from_hours(9))), Some(3_600));
        assert_eq!(Step::pause(1, None, [0xff; 32]), Some(Duration::from_secs(1)));
    }
}
