//! Removes expired data: tokens, failed logins, idempotency records, old audit log entries, events, deliveries, jobs and
//! executions, and the remains of deleted workspaces, groups and tiers.

use std::collections::VecDeque;
use std::time::Duration;

use denizen_domain::{ExternalUserGroupId, Origin, Result, Source, TierId, WorkspaceId};
use denizen_persistence::{
    Database, account_tokens, audit_events, events, executions, external_user_groups, external_users,
    idempotency_records, jobs, log_in_failures, tiers, webhooks, workspaces,
};
use tokio::time::Instant;

use crate::options::AppOptions;

/// Maximum time of one sweep, except for the current batch: less than the time between sweeps.
const TIME: Duration = Duration::from_secs(20);

/// How long deleting a workspace, a group or a tier waits for its contents, except for the current batch.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many tokens or failed logins one batch removes.
const BATCH: u32 = 1_000;

/// How many executions one batch removes, each with all of its steps.
const EXECUTIONS: u32 = 50;

/// How long jobs are kept after they were finished, and deliveries after their last attempt unless events are kept for less.
const KEPT_FINISHED: Duration = Duration::from_hours(30 * 24);

/// How long deliveries are kept at least: until the last pause between two attempts is over.
const KEPT_AT_LEAST: Duration = Duration::from_hours(2 * 24);

/// A task done in batches.
#[derive(Debug, Clone, Copy)]
enum Chore {
    Tokens,
    LogInFailures,
    AuditEvents,
    Events,
    Deliveries,
    Jobs,
    Executions,
    DeletedExternalUsers,
    IdempotencyRecords,
    Workspace(WorkspaceId),
    Group(WorkspaceId, ExternalUserGroupId),
    Tier(WorkspaceId, TierId),
}

/// Removes expired data. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Sweep {
    database: Database,
    source: Source,
    options: AppOptions,
}

impl Sweep {
    /// Sweeps a database.
    pub(crate) fn new(database: Database, source: Source, options: AppOptions) -> Self {
        Self { database, source, options }
    }

    /// Removes expired data until a sweep's time is over. Dropping the future rolls back the current batch.
    pub(crate) async fn run(&self) {
        let end = Instant::now() + TIME;
        let mut chores: VecDeque<_> = [
            Chore::Tokens,
            Chore::LogInFailures,
            Chore::AuditEvents,
            Chore::Events,
            Chore::Deliveries,
            Chore::Jobs,
            Chore::Executions,
            Chore::DeletedExternalUsers,
            Chore::IdempotencyRecords,
        ]
        .into();
        match self.deleted_workspaces().await {
            Ok(deleted) => chores.extend(deleted.into_iter().map(Chore::Workspace)),
            Err(error) => tracing::warn!(cause = error.context(), "cannot list deleted workspaces"),
        }
        match self.deleted_groups_and_tiers().await {
            Ok(deleted) => chores.extend(deleted),
            Err(error) => tracing::warn!(cause = error.context(), "cannot list deleted groups"),
        }
        // Start with a random chore, so that one that fails or is large does not starve the others, and several servers
        // do not get in each other's way.
        let random = self.source.ids.random_bytes();
        let first = usize::from(u16::from_le_bytes([random[0], random[1]])) % chores.len();
        chores.rotate_left(first);
        self.work_off(chores, end).await;
    }

    /// Removes the remains of a deleted workspace, within a request's time; later sweeps do the rest.
    pub(crate) async fn remove_deleted_workspace(&self, id: WorkspaceId) {
        self.begin_with(Chore::Workspace(id)).await;
    }

    /// Removes users from a deleted group, in the same way.
    pub(crate) async fn remove_deleted_group(&self, workspace_id: WorkspaceId, id: ExternalUserGroupId) {
        self.begin_with(Chore::Group(workspace_id, id)).await;
    }

    /// Removes users and groups from a deleted tier, in the same way.
    pub(crate) async fn remove_deleted_tier(&self, workspace_id: WorkspaceId, id: TierId) {
        self.begin_with(Chore::Tier(workspace_id, id)).await;
    }

    /// Does as much of a chore as a request can wait for.
    async fn begin_with(&self, chore: Chore) {
        let patience = PATIENCE.min(self.options.request_timeout / 4);
        self.work_off([chore].into(), Instant::now() + patience).await;
    }

    /// Alternates between chores until all are done or time is over. The next sweep retries those that fail.
    async fn work_off(&self, mut chores: VecDeque<Chore>, end: Instant) {
        while let Some(chore) = chores.pop_front() {
            if Instant::now() >= end {
                return;
            }
            match self.do_some(chore).await {
                Ok(true) => chores.push_back(chore),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(?chore, cause = error.context(), "cannot remove expired data");
                }
            }
        }
    }

    /// Does one batch of a chore. Returns whether more remains.
    async fn do_some(&self, chore: Chore) -> Result<bool> {
        let connection = &mut self.database.write().await?;
        let now = self.source.clock.now();
        match chore {
            Chore::Tokens => Ok(account_tokens::sweep(connection, now, BATCH).await? > 0),
            Chore::LogInFailures => {
                let counts_from = now.minus(self.options.login_failures.window);
                Ok(log_in_failures::sweep(connection, counts_from, BATCH).await? > 0)
            }
            Chore::AuditEvents => {
                let Some(retention) = self.options.audit_retention else { return Ok(false) };
                Ok(audit_events::sweep(connection, now.minus(retention), BATCH).await? > 0)
            }
            Chore::Events => {
                let Some(retention) = self.options.event_retention else { return Ok(false) };
                Ok(events::sweep(connection, now.minus(retention), BATCH).await? > 0)
            }
            Chore::Deliveries => {
                let kept =
                    self.options.event_retention.unwrap_or(KEPT_FINISHED).clamp(KEPT_AT_LEAST, KEPT_FINISHED);
                Ok(webhooks::sweep(connection, now.minus(kept), BATCH).await? > 0)
            }
            Chore::Jobs => Ok(jobs::sweep(connection, now.minus(KEPT_FINISHED), BATCH).await? > 0),
            Chore::Executions => {
                let before = now.minus(self.options.workflow_limits.retention);
                Ok(executions::sweep(connection, before, EXECUTIONS).await? > 0)
            }
            Chore::DeletedExternalUsers => {
                let before = now.minus(self.options.restore_period);
                let origin = Origin::server(self.source.clone());
                Ok(external_users::sweep(connection, &origin, before, BATCH).await? > 0)
            }
            Chore::IdempotencyRecords => Ok(idempotency_records::sweep(connection, now, BATCH).await? > 0),
            Chore::Workspace(id) => {
                workspaces::remove_some(connection, &Origin::server(self.source.clone()), id).await
            }
            Chore::Group(workspace_id, id) => {
                external_user_groups::remove_some(connection, workspace_id, id).await
            }
            Chore::Tier(workspace_id, id) => tiers::remove_some(connection, workspace_id, id).await,
        }
    }

    async fn deleted_workspaces(&self) -> Result<Vec<WorkspaceId>> {
        workspaces::deleted(&mut self.database.read().await?).await
    }

    async fn deleted_groups_and_tiers(&self) -> Result<Vec<Chore>> {
        let connection = &mut self.database.read().await?;
        let groups = external_user_groups::deleted(connection).await?.into_iter();
        let tiers = tiers::deleted(connection).await?.into_iter();
        let groups = groups.map(|(workspace_id, id)| Chore::Group(workspace_id, id));
        Ok(groups.chain(tiers.map(|(workspace_id, id)| Chore::Tier(workspace_id, id))).collect())
    }
}

#[cfg(test)]
mod deletion_tests;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use denizen_domain::{
        AuditEventFilter, ManualClock, SequentialIds, Slug, Timestamp, Window, WorkspaceName,
    };
    use denizen_persistence::migrations;

    use super::*;

    /// Returns whether the audit events of two workspaces, created on days 0 and 200, remain after a sweep on day 400.
    async fn events_after_sweep(retention: Option<Duration>) -> [bool; 2] {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let database = Database::connect(&url).await.unwrap();
        migrations::run(&database).await.unwrap();
        let beginning = Timestamp::from_unix_microseconds(1_700_000_000_000_000).unwrap();
        let clock = Arc::new(ManualClock::at(beginning));
        let source = Source { clock: clock.clone(), ids: Arc::new(SequentialIds::default()) };
        let options = AppOptions { audit_retention: retention, ..AppOptions::default() };
        let sweep = Sweep::new(database.clone(), source.clone(), options);
        let mut ids = Vec::new();
        for name in ["acme", "other"] {
            let (slug, name) = (Slug::parse(name).unwrap(), WorkspaceName::parse(name).unwrap());
            let connection = &mut database.write().await.unwrap();
            let origin = Origin::operator(source.clone());
            ids.push(workspaces::create(connection, &origin, &slug, &name).await.unwrap().0.id);
            clock.advance(Duration::from_hours(200 * 24));
        }
        sweep.run().await;
        let mut left = [false; 2];
        for (left, id) in left.iter_mut().zip(ids) {
            let connection = &mut database.read().await.unwrap();
            let everything = AuditEventFilter::default();
            let slice =
                audit_events::list(connection, Some(id), &everything, &Window::first(1)).await.unwrap();
            *left = !slice.items.is_empty();
        }
        left
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn audit_events_are_kept_for_the_set_retention() {
        let days = |days: u64| Some(Duration::from_hours(days * 24));
        assert_eq!(events_after_sweep(days(365)).await, [false, true]);
        assert_eq!(events_after_sweep(days(199)).await, [false, false]);
        assert_eq!(events_after_sweep(days(400)).await, [true, true]);
        assert_eq!(events_after_sweep(None).await, [true, true]);
    }
}
