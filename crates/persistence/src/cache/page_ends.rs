//! Where pages of lists end.
//!
//! To find a page by its number, a database counts all entries before it. Whoever reads one page after the other would
//! make it count them again each time, though the next page begins where the last one has ended.

use denizen_domain::{Direction, ExternalUserFilter, ExternalUserOrder, PageNumber, Position, WorkspaceId};

use crate::audit_events::{mark_of_removed_users, mark_of_written_users};
use crate::memory::{Changes, MAXIMUM_AGE, Mark, Moment};

/// About how many bytes an end takes, with its list.
const SIZE: u64 = 1_000;

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
pub(super) struct PageEnds(moka::sync::Cache<NumberedPage, (Position, Moment)>);

impl PageEnds {
    /// Creates an empty store of about this many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        Self(moka::sync::Cache::builder().max_capacity(bytes / SIZE).time_to_live(MAXIMUM_AGE).build())
    }

    /// Returns the last entry before a page, and the moment before it was counted.
    pub(super) fn before(&self, page: &NumberedPage, changes: &Changes) -> Option<(Position, Moment)> {
        self.0.get(page).filter(|(_, counted)| changes.still_counts(*counted, &page.depends_on()))
    }

    /// Keeps the last entry before a page, and the moment before the first of the entries before it was counted.
    pub(super) fn keep(&self, page: NumberedPage, last: Position, counted: Moment) {
        self.0.insert(page, (last, counted));
    }
}
