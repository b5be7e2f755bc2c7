//! Runs jobs: takes those that are due, several at a time, and stores how they end.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use denizen_domain::{Coded as _, Error, Job, JobKind, Json, Result, Source, WorkspaceId};
use denizen_persistence::Database;
use denizen_persistence::jobs::{self, Ending, JobLoad, LEASE, Taken};
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use crate::connections::Connections;
use crate::webhooks::Webhooks;
use crate::workflows::Workflows;

/// How many jobs this server runs at a time. Most of the time they wait for others.
const WORKERS: usize = 256;

/// How many of them belong to one workspace: endpoints that hang hold up those of their own workspace only.
const WORKERS_PER_WORKSPACE: usize = 8;

/// How often the database is asked for jobs that other servers have stored, or that have become due.
const IDLE: Duration = Duration::from_secs(1);

/// How long a lane is left alone whose next job this server cannot read.
const UNREADABLE: Duration = Duration::from_mins(1);

/// How often a lease is extended.
const SIGN_OF_LIFE: Duration = Duration::from_secs(LEASE.as_secs() / 3);

/// What performs jobs.
#[derive(Clone)]
pub(crate) struct JobPerformers {
    /// Sends events to endpoints.
    pub(crate) webhooks: Webhooks,
    /// Runs workflows.
    pub(crate) workflows: Workflows,
    /// Keeps the tokens of connected accounts.
    pub(crate) connections: Connections,
}

/// The jobs of all workspaces. Clones share them.
#[derive(Clone)]
pub(crate) struct Jobs {
    database: Database,
    source: Source,
    performers: JobPerformers,
    is_open: Arc<watch::Sender<bool>>,
}

impl Jobs {
    /// Creates the jobs of a database. None runs until the server is ready.
    pub(crate) fn new(database: Database, source: Source, performers: JobPerformers) -> Self {
        Self { database, source, performers, is_open: Arc::new(watch::Sender::new(false)) }
    }

    /// Sets whether jobs are begun. Once they are not, those under way go on to a point at which they can be left.
    pub(crate) fn set_open(&self, is_open: bool) {
        self.is_open.send_replace(is_open);
    }

    /// Runs jobs until `stop` completes, and then waits for those under way.
    pub(crate) async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        let (mut running, mut is_failing) = (Running::default(), false);
        loop {
            let news = async {
                tokio::select! {
                    () = self.database.due_jobs() => {}
                    () = sleep(IDLE) => {}
                }
            };
            tokio::select! {
                () = &mut stop => break,
                Some(()) = running.next_end() => {}
                () = news => {}
            }
            let outcome = tokio::select! {
                () = &mut stop => break,
                outcome = self.begin_some(&mut running) => outcome,
            };
            // One line for an outage, however long it lasts.
            if let (Err(error), false) = (&outcome, is_failing) {
                tracing::warn!(cause = error.context(), "jobs cannot be taken");
            }
            is_failing = outcome.is_err();
        }
        self.set_open(false);
        while running.next_end().await.is_some() {}
    }

    /// Begins the jobs that are due, as long as there is room.
    async fn begin_some(&self, running: &mut Running) -> Result<()> {
        while *self.is_open.borrow() {
            let room = u32::try_from(WORKERS.saturating_sub(running.tasks.len())).unwrap_or(0);
            let (now, busy) = (self.source.clock.now(), running.busy_workspaces());
            let due = match room {
                0 => Vec::new(),
                _ => jobs::due(&mut self.database.read_by_key().await?, now, &busy, room).await?,
            };
            if due.is_empty() {
                return Ok(());
            }
            for lane in due {
                if running.is_busy(lane.workspace_id()) {
                    continue;
                }
                let connection = &mut self.database.write_by_key().await?;
                match jobs::take(connection, &self.source, &lane).await {
                    Ok(Some(taken)) => {
                        running.spawn(taken.job.workspace_id, self.clone().work(taken));
                    }
                    Ok(None) => {}
                    Err(Error::Internal(cause)) => {
                        // A newer server may have stored it. The other lanes go on.
                        tracing::error!(workspace = %lane.workspace_id(), cause, "a job cannot be read");
                        jobs::postpone(connection, &lane, now.plus(UNREADABLE)).await?;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Runs a job that was taken, until it ends, is cancelled, or passes to another server.
    async fn work(self, taken: Taken) {
        let outcome = tokio::select! {
            outcome = self.perform(&taken.job) => outcome,
            () = self.lost(&taken) => return self.give_up(&taken).await,
        };
        let (ending, progress) = outcome.unwrap_or_else(|error| {
            tracing::warn!(
                job = %taken.job.id, kind = taken.job.kind.code(), attempt = taken.job.attempts,
                cause = error.context(), "a job has failed"
            );
            let pause = taken.job.pause(self.source.ids.random_bytes());
            let retry_at = pause.map(|pause| self.source.clock.now().plus(pause));
            (Ending::Failed { error: error.to_string(), retry_at }, None)
        });
        let outcome = match ending {
            Ending::Succeeded => "succeeded",
            Ending::Failed { retry_at: None, .. } => "failed",
            Ending::Failed { .. } => "retried",
            Ending::GoesOn(_) | Ending::WaitsForEvents { .. } => "continued",
        };
        let kind = taken.job.kind.code();
        metrics::counter!("denizen_job_runs_total", "kind" => kind, "outcome" => outcome).increment(1);
        self.finish(&taken, &ending, progress.as_ref()).await;
    }

    async fn perform(&self, job: &Job) -> Result<(Ending, Option<Json>)> {
        let JobPerformers { webhooks, workflows, connections } = &self.performers;
        match job.kind {
            JobKind::WebhookDelivery => Ok((webhooks.deliver(job, self.is_open.subscribe()).await?, None)),
            JobKind::WebhookReplay => webhooks.replay(job).await,
            JobKind::Workflow => Ok((workflows.control(job).await?, None)),
            JobKind::WorkflowEvents => workflows.follow(job, self.is_open.subscribe()).await,
            JobKind::WorkflowRun => Ok((workflows.run_lane(job, self.is_open.subscribe()).await?, None)),
            JobKind::ConnectedAccount => Ok((connections.keep(job).await?, None)),
        }
    }

    /// Extends a lease for as long as the job belongs to this server.
    async fn lost(&self, taken: &Taken) {
        loop {
            sleep(SIGN_OF_LIFE).await;
            let kept = match self.database.write_by_key().await {
                Ok(mut connection) => jobs::keep(&mut connection, taken, self.source.clock.now()).await,
                Err(error) => Err(error),
            };
            match kept {
                Ok(true) => {}
                Ok(false) => return,
                // An outage ends the lease, if it lasts. Until then, the job goes on.
                Err(error) => tracing::debug!(cause = error.context(), "a lease cannot be extended"),
            }
        }
    }

    /// Gives back the lane of a job that was cancelled.
    async fn give_up(&self, taken: &Taken) {
        self.finish(taken, &Ending::GoesOn(self.source.clock.now()), None).await;
    }

    async fn finish(&self, taken: &Taken, ending: &Ending, progress: Option<&Json>) {
        let now = self.source.clock.now();
        let finished = match self.database.write_by_key().await {
            Ok(mut connection) => jobs::finish(&mut connection, taken, ending, progress, now).await,
            Err(error) => Err(error),
        };
        if let Err(error) = finished {
            tracing::warn!(
                job = %taken.job.id, cause = error.context(),
                "the end of a job cannot be stored; it is run again when its lease ends"
            );
        }
    }

    /// Counts the jobs for the metrics.
    pub(crate) async fn measure(&self) {
        let now = self.source.clock.now();
        let load = match self.database.read().await {
            Ok(mut connection) => jobs::load(&mut connection, now).await,
            Err(error) => Err(error),
        };
        let JobLoad { waiting, running, failed, oldest_due_at } = match load {
            Ok(load) => load,
            Err(error) => return tracing::debug!(cause = error.context(), "jobs cannot be counted"),
        };
        for (state, count) in [("waiting", waiting), ("running", running), ("failed", failed)] {
            let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            metrics::gauge!("denizen_jobs", "state" => state).set(count);
        }
        let age = oldest_due_at.map_or(0.0, |moment| now.since(moment).as_secs_f64());
        metrics::gauge!("denizen_jobs_oldest_due_seconds").set(age);
    }
}

/// The jobs that this server runs.
#[derive(Default)]
struct Running {
    tasks: JoinSet<()>,
    workspaces: HashMap<Id, WorkspaceId>,
    counts: HashMap<WorkspaceId, usize>,
}

impl Running {
    fn spawn(&mut self, workspace_id: WorkspaceId, work: impl Future<Output = ()> + Send + 'static) {
        self.workspaces.insert(self.tasks.spawn(work).id(), workspace_id);
        *self.counts.entry(workspace_id).or_default() += 1;
    }

    /// Waits until a job ends. `None` if none runs. The lease of one that panics ends by itself, and then it is tried again.
    async fn next_end(&mut self) -> Option<()> {
        let id = match self.tasks.join_next_with_id().await? {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "a job has panicked");
                error.id()
            }
        };
        let workspace_id = self.workspaces.remove(&id)?;
        let count = self.counts.entry(workspace_id).or_default();
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.counts.remove(&workspace_id);
        }
        Some(())
    }

    /// Returns whether a workspace has as many jobs as it may.
    fn is_busy(&self, workspace_id: WorkspaceId) -> bool {
        self.counts.get(&workspace_id).is_some_and(|count| *count >= WORKERS_PER_WORKSPACE)
    }

    /// Returns the workspaces that have as many jobs as they may.
    fn busy_workspaces(&self) -> Vec<WorkspaceId> {
        self.counts.keys().copied().filter(|id| self.is_busy(*id)).collect()
    }
}
