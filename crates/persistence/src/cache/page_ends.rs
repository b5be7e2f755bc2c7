//! Where pages of lists end.
//!
//! To find a page by its number, a database counts all entries before it. Whoever reads one page after the other would
//! make it count them again each time, though the next page begins where the last one has ended.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use denizen_domain::{Direction, ExternalUserFilter, ExternalUserOrder, PageNumber, Position, WorkspaceId};
use tokio::sync::{Mutex, MutexGuard};

use crate::audit_events::{mark_of_removed_users, mark_of_written_users};
use crate::memory::{Changes, Mark, Moment};

/// About how many bytes an end takes, with its list.
const SIZE: u64 = 1_000;

/// How long an end is kept at most: long enough for those who wait while it is counted.
const LIFE: Duration = Duration::from_secs(30);

/// Pages that share a turn are not counted at the same time.
const TURNS: usize = 64;

/// A page of a list of external users.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct NumberedPage {
    pub(super) workspace_id: WorkspaceId,
    pub(super) filter: ExternalUserFilter,
    pub(super) order: ExternalUserOrder,
    pub(super) direction: Direction,
    pub(super) limit: u32,
    pub(super) number: PageNumber,
}

impl NumberedPage {
    /// Returns what its place depends on. In the list of all users by age, new ones come last.
    fn depends_on(&self) -> Vec<Mark> {
        let grows_at_the_end = self.filter == ExternalUserFilter::default()
            && self.order == ExternalUserOrder::CreatedAt
            && self.direction == Direction::Ascending;
        let mut marks = vec![mark_of_removed_users(self.workspace_id)];
        marks.extend((!grows_at_the_end).then(|| mark_of_written_users(self.workspace_id)));
        marks
    }
}

/// The last entries before pages.
#[derive(Clone)]
pub(super) struct PageEnds {
    ends: moka::sync::Cache<NumberedPage, (Position, Moment)>,
    turns: Arc<[Mutex<()>]>,
}

impl PageEnds {
    /// Creates an empty store of about this many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let ends = moka::sync::Cache::builder().max_capacity(bytes / SIZE).time_to_live(LIFE).build();
        Self { ends, turns: (0..TURNS).map(|_| Mutex::new(())).collect() }
    }

    /// Returns the last entry before a page, and the moment before it was counted: one that still counts, or one that was
    /// counted since the request came.
    pub(super) fn before(
        &self,
        page: &NumberedPage,
        changes: &Changes,
        came: Moment,
    ) -> Option<(Position, Moment)> {
        let still_counts =
            |counted: Moment| counted.is_since(came) || changes.still_counts(counted, &page.depends_on());
        self.ends.get(page).filter(|(_, counted)| still_counts(*counted))
    }

    /// Waits until nobody else counts to this page. Then it may have been counted.
    pub(super) async fn turn(&self, page: &NumberedPage) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        page.hash(&mut hasher);
        let turn = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or_default();
        self.turns[turn].lock().await
    }

    /// Keeps the last entry before a page, and the moment before the first of the entries before it was counted.
    pub(super) fn keep(&self, page: NumberedPage, last: Position, counted: Moment) {
        self.ends.insert(page, (last, counted));
    }
}
