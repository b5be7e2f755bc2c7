//! Removing what has ended: tokens, failed log-ins, and what deleted workspaces have left.

use std::collections::VecDeque;
use std::time::Duration;

use denizen_domain::{Origin, Result, WorkspaceId};
use denizen_persistence::{account_tokens, log_in_failures, workspaces};
use tokio::time::Instant;

use super::App;

/// How long one sweep takes at most, but for the batch in progress: less than the time between two.
const TIME: Duration = Duration::from_secs(20);

/// How long whoever deletes a workspace waits at most for what is in it, but for the batch in progress.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many tokens or failed log-ins are removed at a time.
const BATCH: u32 = 1_000;

/// Something that is done bit by bit.
#[derive(Debug, Clone, Copy)]
enum Chore {
    Tokens,
    LogInFailures,
    Workspace(WorkspaceId),
}

impl App {
    /// Removes what has ended, for as long as one sweep may take. Dropping it in the middle undoes the batch in progress.
    pub(super) async fn sweep(&self) {
        let end = Instant::now() + TIME;
        let mut chores: VecDeque<_> = [Chore::Tokens, Chore::LogInFailures].into();
        match self.deleted_workspaces().await {
            Ok(deleted) => chores.extend(deleted.into_iter().map(Chore::Workspace)),
            Err(error) => tracing::warn!(cause = error.context(), "deleted workspaces cannot be listed"),
        }
        // Each sweep begins elsewhere, so that whatever fails or is big does not keep the rest waiting for ever, and
        // several servers on the database do not get in each other's way.
        let random = self.source().ids.random_bytes();
        let first = usize::from(u16::from_le_bytes([random[0], random[1]])) % chores.len();
        chores.rotate_left(first);
        self.work_off(chores, end).await;
    }

    /// Removes what a deleted workspace has left, or as much of it as somebody can wait for; the next sweeps do the rest.
    pub(crate) async fn remove_deleted_workspace(&self, id: WorkspaceId) {
        let patience = PATIENCE.min(self.options().request_timeout / 4);
        self.work_off([Chore::Workspace(id)].into(), Instant::now() + patience).await;
    }

    /// Takes turns with the chores, until they are done or it is too late. One that fails is left to the next sweep.
    async fn work_off(&self, mut chores: VecDeque<Chore>, end: Instant) {
        while let Some(chore) = chores.pop_front() {
            if Instant::now() >= end {
                return;
            }
            match self.do_some(chore).await {
                Ok(true) => chores.push_back(chore),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(?chore, cause = error.context(), "what has ended cannot be removed");
                }
            }
        }
    }

    /// Does one batch of a chore. Whether there is more to do.
    async fn do_some(&self, chore: Chore) -> Result<bool> {
        let connection = &mut self.database().write().await?;
        let now = self.source().clock.now();
        match chore {
            Chore::Tokens => Ok(account_tokens::sweep(connection, now, BATCH).await? > 0),
            Chore::LogInFailures => {
                let counts_from = now.minus(self.options().login_failures.window);
                Ok(log_in_failures::sweep(connection, counts_from, BATCH).await? > 0)
            }
            Chore::Workspace(id) => {
                workspaces::remove_some(connection, &Origin::server(self.source().clone()), id).await
            }
        }
    }

    async fn deleted_workspaces(&self) -> Result<Vec<WorkspaceId>> {
        workspaces::deleted(&mut self.database().read().await?).await
    }
}
