//! Feeds of events: gives events their positions, and wakes those who wait for new ones.

mod answer;
mod followers;

use std::pin::pin;
use std::time::Duration;

use denizen_domain::{EventFilter, Result, Source, WorkspaceId};
use denizen_persistence::Database;
use denizen_persistence::events::{self, EventPage, Start};

pub(crate) use self::answer::EventAnswer;
pub(crate) use self::followers::Follower;
use self::followers::Followers;

/// How often the outbox is looked at for events of other servers, or of this one if nobody follows.
const IDLE: Duration = Duration::from_secs(1);

/// The same while somebody follows a feed on this server.
const FOLLOWED: Duration = Duration::from_millis(200);

/// How long changes of this server gather before their events get positions together, while somebody follows.
const GATHERING: Duration = Duration::from_millis(10);

/// How many batches of one workspace get positions at a time. Others come next.
const BATCHES: u32 = 20;

/// How many workspaces get positions in one round.
const WORKSPACES: u32 = 1_000;

/// The feeds of all workspaces. Clones share them.
#[derive(Clone)]
pub(crate) struct Feeds {
    database: Database,
    source: Source,
    followers: Followers,
}

impl Feeds {
    /// Creates the feeds of a database. They are closed until the server is ready.
    pub(crate) fn new(database: Database, source: Source) -> Self {
        Self { database, source, followers: Followers::default() }
    }

    /// Opens the feeds, or closes them: nobody waits for closed ones.
    pub(crate) fn set_open(&self, is_open: bool) {
        self.followers.set_open(is_open);
    }

    /// Reads a part of a workspace's feed, like [`events::list`]. All changes that were answered before are in it.
    pub(crate) async fn read(
        &self,
        workspace_id: WorkspaceId,
        start: Start,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<EventPage> {
        if events::has_outbox(&mut self.database.read_by_key().await?, workspace_id).await?
            && let Err(error) = self.give_positions(workspace_id).await
        {
            // What has a position can be read all the same, on a database that cannot store any for example.
            tracing::debug!(cause = error.context(), "events cannot get their positions");
        }
        let connection = &mut self.database.read().await?;
        events::list(connection, workspace_id, start, filter, limit).await
    }

    /// Begins to follow a workspace's feed. Fails if too many do.
    pub(crate) fn follow(&self, workspace_id: WorkspaceId) -> Result<Follower> {
        self.followers.add(workspace_id)
    }

    /// Gives events their positions and wakes followers, until `stop` completes. That rolls back a batch under way.
    pub(crate) async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let (mut stop, mut is_failing) = (pin!(stop), false);
        loop {
            let is_followed = self.followers.are_there();
            let pause = if is_followed { FOLLOWED } else { IDLE };
            let news = async {
                if is_followed {
                    self.database.changed().await;
                    tokio::time::sleep(GATHERING).await;
                } else {
                    self.followers.arrival().await;
                }
            };
            tokio::select! {
                () = &mut stop => return,
                _ = tokio::time::timeout(pause, news) => {}
            }
            let outcome = tokio::select! {
                () = &mut stop => return,
                outcome = self.round() => outcome,
            };
            // One line for an outage, however long it lasts.
            if let (Err(error), false) = (&outcome, is_failing) {
                tracing::warn!(cause = error.context(), "events cannot get their positions");
            }
            is_failing = outcome.is_err();
        }
    }

    async fn round(&self) -> Result<()> {
        let mut last = None;
        for _ in 0..WORKSPACES {
            let next = events::next_with_outbox(&mut self.database.read_by_key().await?, last).await?;
            let Some(workspace_id) = next else { break };
            self.give_positions(workspace_id).await?;
            last = Some(workspace_id);
        }
        let followed = self.followers.workspaces();
        if !followed.is_empty() {
            let connection = &mut self.database.read_by_key().await?;
            self.followers.wake(events::last_positions(connection, &followed).await?);
        }
        Ok(())
    }

    /// Gives the events of a workspace that were stored before their positions.
    pub(crate) async fn give_positions(&self, workspace_id: WorkspaceId) -> Result<()> {
        for _ in 0..BATCHES {
            let connection = &mut self.database.write().await?;
            let now = self.source.clock.now();
            if !events::give_positions(connection, workspace_id, now).await? {
                break;
            }
        }
        Ok(())
    }
}
