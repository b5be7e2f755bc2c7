//! What this server has changed, and when: how long something that was read still counts.
//!
//! What is kept in memory notes the [`Moment`] before it was read, and counts only as long as nothing that it depends on
//! has changed since. A reader that a change overtakes keeps something that never counts, so no lock is needed between
//! reading a row and keeping it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How old an answer from memory may be. Changes of other servers, of which nothing is known here, take effect within
/// this time.
pub const MAXIMUM_AGE: Duration = Duration::from_secs(1);

/// How many marks there are. Objects that share one void each other's entries, which costs a look-up and no more.
const MARKS: usize = 1 << 14;

/// What an entry depends on: an object, or a name by which objects are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(usize);

impl Mark {
    /// Returns the mark of an object's id, or of a name within a workspace.
    pub(crate) fn of(object: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        object.hash(&mut hasher);
        Self(usize::try_from(hasher.finish() % MARKS as u64).unwrap_or_default())
    }
}

/// The moment before something was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    changes: u64,
    time: Instant,
}

impl Moment {
    /// Returns whether it is at or after another one.
    pub(crate) fn is_since(self, earlier: Self) -> bool {
        self.time >= earlier.time
    }
}

/// Counts the changes of this server, and keeps the number of the last one for each mark.
#[derive(Debug)]
pub(crate) struct Changes {
    count: AtomicU64,
    last: Box<[AtomicU64]>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self { count: AtomicU64::new(0), last: (0..MARKS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Returns the present moment. Take it before reading what is to be kept.
    pub(crate) fn now(&self) -> Moment {
        Moment { changes: self.count.load(Ordering::SeqCst), time: Instant::now() }
    }

    /// Returns whether what was read after a moment still counts: it is not older than [`MAXIMUM_AGE`], and this server
    /// has changed nothing that it depends on.
    pub(crate) fn still_counts(&self, read: Moment, depends_on: &[Mark]) -> bool {
        let is_unchanged = |mark: &Mark| {
            self.last.get(mark.0).is_some_and(|last| last.load(Ordering::SeqCst) <= read.changes)
        };
        read.time.elapsed() <= MAXIMUM_AGE && depends_on.iter().all(is_unchanged)
    }

    /// Voids everything that depends on these marks. Call it when the change is in the database, before it is answered.
    pub(crate) fn note(&self, marks: &[Mark]) {
        if marks.is_empty() {
            return;
        }
        let number = self.count.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        for mark in marks {
            if let Some(last) = self.last.get(mark.0) {
                last.fetch_max(number, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_voids_what_was_read_before_it() {
        let changes = Changes::new();
        let (user, name, other) = (Mark::of("user"), Mark::of("name"), Mark::of("other"));
        let before = changes.now();
        assert!(changes.still_counts(before, &[user, name]));
        changes.note(&[other]);
        assert!(changes.still_counts(before, &[user, name]));
        changes.note(&[name]);
        assert!(!changes.still_counts(before, &[user, name]));
        assert!(changes.still_counts(before, &[user]));
        assert!(changes.still_counts(changes.now(), &[user, name, other]));
    }

    #[test]
    fn a_reader_overtaken_by_a_change_keeps_nothing_that_counts() {
        let (changes, mark) = (Changes::new(), Mark::of("user"));
        let reading = changes.now();
        changes.note(&[mark]);
        assert!(!changes.still_counts(reading, &[mark]));
    }
}
