//! What a request reads of a feed.

use std::time::Duration;

use denizen_domain::{EventFilter, Result, WorkspaceId};
use denizen_persistence::events::{EventPage, Start};
use tokio::time::{Instant, timeout_at};

use crate::feeds::{Feeds, Follower};

/// What a request reads.
pub(super) struct Reading {
    pub(super) feeds: Feeds,
    pub(super) workspace_id: WorkspaceId,
    pub(super) filter: EventFilter,
    pub(super) limit: u32,
}

impl Reading {
    /// Begins to follow the feed. What came before wakes nobody.
    pub(super) fn follow(&self) -> Result<Follower> {
        self.feeds.follow(self.workspace_id)
    }

    /// Reads a part of the feed.
    pub(super) async fn read(&self, start: Start) -> Result<EventPage> {
        self.feeds.read(self.workspace_id, start, &self.filter, self.limit).await
    }

    /// Reads the next events. If there are none, waits for some.
    pub(super) async fn wait_for_some(&self, start: Start, wait: Duration) -> Result<EventPage> {
        let end = Instant::now() + wait;
        let page = self.read(start).await?;
        if is_answer(&page) || wait.is_zero() {
            return Ok(page);
        }
        let mut follower = self.follow()?;
        let mut position = page.position;
        loop {
            // What came before it follows wakes nobody, so it reads once more first.
            let page = self.read(Start::After(position)).await?;
            if is_answer(&page) || !matches!(timeout_at(end, follower.news()).await, Ok(true)) {
                return Ok(page);
            }
            position = page.position;
        }
    }
}

/// Returns whether a page need not wait: it has events, or was cut short.
fn is_answer(page: &EventPage) -> bool {
    !page.events.is_empty() || page.has_more
}
