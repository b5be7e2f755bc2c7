//! Jobs: work that outlives a request, done at least once by any of the servers.

use std::time::Duration;

use uuid::Uuid;

use crate::primitives::{Coded, JobId, Json, Position, Timestamp, WorkspaceId, coded_texts};

/// What a job does.
///
/// ```
/// use denizen_domain::{JobKind, JobState};
///
/// assert!(JobKind::WebhookReplay.gives_up() && !JobKind::WebhookDelivery.gives_up());
/// assert!("failed".parse::<JobState>()?.is_final());
/// # Ok::<(), denizen_domain::Violation>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// Sends events to a webhook endpoint, as long as the endpoint is there and enabled.
    WebhookDelivery,
    /// Makes events of the past due again for a webhook endpoint.
    WebhookReplay,
    /// Starts and stops a workflow, and begins its executions when its schedule says so.
    Workflow,
    /// Begins executions of the workflows that start on events of a workspace.
    WorkflowEvents,
    /// Runs executions of a workflow, one after the other.
    WorkflowRun,
    /// Asks the system of a connected account for the next token before the last one ends, ends links that nobody has used, and
    /// revokes what a deleted account has.
    ConnectedAccount,
}

impl Coded for JobKind {
    const ALL: &'static [Self] = &[
        Self::WebhookDelivery,
        Self::WebhookReplay,
        Self::Workflow,
        Self::WorkflowEvents,
        Self::WorkflowRun,
        Self::ConnectedAccount,
    ];

    fn code(self) -> &'static str {
        match self {
            Self::WebhookDelivery => "webhook_delivery",
            Self::WebhookReplay => "webhook_replay",
            Self::Workflow => "workflow",
            Self::WorkflowEvents => "workflow_events",
            Self::WorkflowRun => "workflow_run",
            Self::ConnectedAccount => "connected_account",
        }
    }
}

coded_texts!(JobKind);

impl JobKind {
    /// Returns whether it belongs to workflows: without it, they would stand still, and nobody would know.
    pub const fn is_of_workflows(self) -> bool {
        matches!(self, Self::Workflow | Self::WorkflowEvents | Self::WorkflowRun)
    }

    /// Returns whether a job fails for good after its last attempt. Those that go on as long as their object is there are tried
    /// again for ever.
    pub const fn gives_up(self) -> bool {
        match self {
            Self::WebhookDelivery
            | Self::Workflow
            | Self::WorkflowEvents
            | Self::WorkflowRun
            | Self::ConnectedAccount => false,
            Self::WebhookReplay => true,
        }
    }
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// It runs when it is due, or when something wakes it.
    Waiting,
    /// A server runs it.
    Running,
    /// It is done.
    Succeeded,
    /// It failed as often as it may.
    Failed,
    /// Someone cancelled it.
    Cancelled,
}

impl JobState {
    /// Returns whether nothing more happens unless someone tries it again.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl Coded for JobState {
    const ALL: &'static [Self] =
        &[Self::Waiting, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

coded_texts!(JobState);

/// A job that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// Jobs of one lane run one after the other.
    pub lane: Uuid,
    /// What it does.
    pub kind: JobKind,
    /// The object that it is about.
    pub object_id: String,
    /// What it needs to know.
    pub payload: Json,
}

/// Work that outlives a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// Jobs of one lane run one after the other.
    pub lane: Uuid,
    /// What it does.
    pub kind: JobKind,
    /// The object that it is about.
    pub object_id: String,
    /// How far it is.
    pub state: JobState,
    /// What it needs to know.
    pub payload: Json,
    /// What it has done so far, and where it goes on.
    pub progress: Option<Json>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// How often it was begun since it last got ahead.
    pub attempts: u32,
    /// When it runs next. `None` if it does not, or only when something wakes it.
    pub due_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last begun, ended or changed.
    pub updated_at: Timestamp,
    /// When it succeeded, failed or was cancelled.
    pub finished_at: Option<Timestamp>,
}

impl Job {
    /// The most attempts in a row that may fail.
    pub const MAXIMUM_ATTEMPTS: u32 = 20;

    /// The longest pause between two attempts.
    pub const LONGEST_PAUSE: Duration = Duration::from_hours(1);

    /// Returns its place in lists.
    pub fn list_position(&self) -> Position {
        Position::at(self.created_at, self.id.as_uuid())
    }

    /// Returns whether it must not be tried again.
    pub fn is_exhausted(&self) -> bool {
        self.attempts >= Self::MAXIMUM_ATTEMPTS && self.kind.gives_up()
    }

    /// Returns the pause after a failed attempt, or `None` if it was the last. Pauses double from a second to an hour, less
    /// up to a half at random, so that what failed together does not come back together.
    pub fn pause(&self, random: [u8; 32]) -> Option<Duration> {
        if self.is_exhausted() {
            return None;
        }
        let doublings = self.attempts.saturating_sub(1).min(16);
        Some(jittered(Duration::from_secs(1 << doublings).min(Self::LONGEST_PAUSE), random))
    }
}

/// Returns a pause less up to a half, at random.
pub(crate) fn jittered(pause: Duration, [first, second, ..]: [u8; 32]) -> Duration {
    let less = pause / 2 * u32::from(u16::from_be_bytes([first, second])) / u32::from(u16::MAX);
    pause.saturating_sub(less)
}

/// Which jobs to list. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobFilter {
    /// In this state.
    pub state: Option<JobState>,
    /// Of this kind.
    pub kind: Option<JobKind>,
    /// About the object with this id.
    pub object_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(attempts: u32) -> Job {
        let moment = Timestamp::from_unix_microseconds(0).unwrap();
        Job {
            id: JobId::from_uuid(Uuid::nil()),
            workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
            lane: Uuid::nil(),
            kind: JobKind::WebhookReplay,
            object_id: String::new(),
            state: JobState::Running,
            payload: Json::Null,
            progress: None,
            error: None,
            attempts,
            due_at: None,
            created_at: moment,
            updated_at: moment,
            finished_at: None,
        }
    }

    #[test]
    fn pauses_double_up_to_an_hour_and_end() {
        for (attempts, seconds) in [(1, 1), (2, 2), (5, 16), (12, 2_048), (13, 3_600), (19, 3_600)] {
            let (longest, shortest) = (after(attempts).pause([0; 32]), after(attempts).pause([0xff; 32]));
            assert_eq!(longest, Some(Duration::from_secs(seconds)), "{attempts}");
            assert_eq!(shortest, Some(Duration::from_secs(seconds) / 2), "{attempts}");
        }
        assert_eq!(after(20).pause([0; 32]), None);
        let goes_on = Job { kind: JobKind::WebhookDelivery, ..after(1_000) };
        assert_eq!(goes_on.pause([0; 32]), Some(Job::LONGEST_PAUSE));
    }
}
