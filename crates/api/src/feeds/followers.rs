//! Those who wait for new events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use denizen_domain::{Error, EventPosition, Result, WorkspaceId};
use tokio::sync::{Notify, watch};

/// How many may follow the feed of a workspace on one server.
const MAXIMUM: usize = 100;

/// How long someone should wait who is one too many.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Those who follow feeds on this server. Clones share them.
#[derive(Clone)]
pub(super) struct Followers(Arc<Shared>);

struct Shared {
    last_positions: Mutex<HashMap<WorkspaceId, watch::Sender<EventPosition>>>,
    arrival: Notify,
    is_open: watch::Sender<bool>,
}

impl Default for Followers {
    fn default() -> Self {
        let last_positions = Mutex::default();
        Self(Arc::new(Shared { last_positions, arrival: Notify::new(), is_open: watch::Sender::new(false) }))
    }
}

impl Followers {
    pub(super) fn set_open(&self, is_open: bool) {
        self.0.is_open.send_replace(is_open);
    }

    /// Adds a follower, until it is dropped.
    pub(super) fn add(&self, workspace_id: WorkspaceId) -> Result<Follower> {
        let mut last_positions = self.0.last_positions.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = last_positions
            .entry(workspace_id)
            .or_insert_with(|| watch::Sender::new(EventPosition::from_stored(0)));
        if feed.receiver_count() >= MAXIMUM {
            let limit = u32::try_from(MAXIMUM).unwrap_or(u32::MAX);
            return Err(Error::RateLimited { limit, window: RETRY_AFTER, retry_after: RETRY_AFTER });
        }
        let last_position = feed.subscribe();
        self.0.arrival.notify_one();
        Ok(Follower { last_position, is_open: self.0.is_open.subscribe() })
    }

    /// Waits until someone is added.
    pub(super) async fn arrival(&self) {
        self.0.arrival.notified().await;
    }

    /// Returns whether there are any.
    pub(super) fn are_there(&self) -> bool {
        !self.workspaces().is_empty()
    }

    /// Returns the workspaces whose feeds someone follows.
    pub(super) fn workspaces(&self) -> Vec<WorkspaceId> {
        let mut last_positions = self.0.last_positions.lock().unwrap_or_else(PoisonError::into_inner);
        last_positions.retain(|_, feed| feed.receiver_count() > 0);
        last_positions.keys().copied().collect()
    }

    /// Wakes the followers of feeds that have gone on.
    pub(super) fn wake(&self, positions: Vec<(WorkspaceId, EventPosition)>) {
        let last_positions = self.0.last_positions.lock().unwrap_or_else(PoisonError::into_inner);
        for (workspace_id, position) in positions {
            if let Some(feed) = last_positions.get(&workspace_id) {
                feed.send_if_modified(|last| {
                    let goes_on = *last != position;
                    *last = position;
                    goes_on
                });
            }
        }
    }
}

/// Someone who follows a workspace's feed.
pub(crate) struct Follower {
    last_position: watch::Receiver<EventPosition>,
    is_open: watch::Receiver<bool>,
}

impl Follower {
    /// Waits until the feed goes on, perhaps by events that were read already. Returns `false` if the server stops.
    pub(crate) async fn news(&mut self) -> bool {
        tokio::select! {
            biased;
            _ = self.is_open.wait_for(|is_open| !is_open) => false,
            changed = self.last_position.changed() => changed.is_ok(),
        }
    }
}
