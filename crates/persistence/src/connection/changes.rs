//! Which objects this server has changed since when, and what is known of the changes of other servers.
//!
//! What is kept in memory notes the [`Moment`] before it was read, and counts only as long as nothing that it depends on
//! has changed since. A reader that was overtaken by a change keeps something that never counts, so no lock is needed
//! between reading a row and keeping it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How old an answer from memory may be while nothing is known of the changes of other servers. Every change takes
/// effect on all servers within this time.
pub const MAXIMUM_AGE: Duration = Duration::from_secs(1);

/// How many marks there are. Objects that share one void each other's entries, which costs a look-up and no more.
const MARKS: usize = 1 << 14;

/// What an entry depends on: an object, or a name by which objects are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(usize);

impl Mark {
    /// Returns the mark of an object's id, or of a name within a workspace.
    pub fn of(object: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        object.hash(&mut hasher);
        Self(usize::try_from(hasher.finish() % MARKS as u64).unwrap_or_default())
    }
}

/// The moment before something was read.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    changes: u64,
    time: Instant,
}

/// The changes of all objects. Counts them, and keeps for each mark the number of its last change.
#[derive(Debug)]
pub struct Changes {
    start: Instant,
    count: AtomicU64,
    last: Box<[AtomicU64]>,
    /// The number of the last change that may have changed anything.
    of_everything: AtomicU64,
    /// Since when and until when all changes of other servers are known, in microseconds since the start.
    known_since: AtomicU64,
    known_until: AtomicU64,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            count: AtomicU64::new(0),
            last: (0..MARKS).map(|_| AtomicU64::new(0)).collect(),
            of_everything: AtomicU64::new(0),
            known_since: AtomicU64::new(0),
            known_until: AtomicU64::new(0),
        }
    }

    /// Returns the present moment. Take it before reading what is to be kept.
    pub fn now(&self) -> Moment {
        Moment { changes: self.count.load(Ordering::SeqCst), time: Instant::now() }
    }

    /// Returns whether what was read after a moment still counts: this server has changed nothing that it depends on,
    /// and other servers have not either, or not for longer than [`MAXIMUM_AGE`].
    pub fn still_counts(&self, read: Moment, depends_on: &[Mark]) -> bool {
        self.is_fresh(read.time)
            && self.of_everything.load(Ordering::SeqCst) <= read.changes
            && depends_on.iter().all(|mark| self.last_change(*mark) <= read.changes)
    }

    /// Voids everything that depends on these marks. Call it after the change is in the database, and before it is
    /// answered.
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

    fn last_change(&self, mark: Mark) -> u64 {
        self.last.get(mark.0).map_or(u64::MAX, |last| last.load(Ordering::SeqCst))
    }

    fn is_fresh(&self, read: Instant) -> bool {
        let now = Instant::now();
        if now.duration_since(read) <= MAXIMUM_AGE {
            return true;
        }
        let since = self.start + Duration::from_micros(self.known_since.load(Ordering::SeqCst));
        let until = self.start + Duration::from_micros(self.known_until.load(Ordering::SeqCst));
        read >= since && now.duration_since(until) <= MAXIMUM_AGE
    }
}
