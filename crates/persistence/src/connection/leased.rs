//! A connection on loan from its pool, and the changes made with it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::memory::{Mark, Memory};

/// A pool's connection, with the marks of what its transaction changes.
pub struct Leased<O: DerefMut> {
    object: O,
    changed: Changed,
    is_enclosed: bool,
}

/// The marks of a transaction. They are noted when it ends, however it ends: voiding an entry in memory is always safe.
struct Changed {
    memory: Arc<Memory>,
    marks: Vec<Mark>,
    has_due_jobs: bool,
}

impl Changed {
    fn note(&mut self) {
        let marks = std::mem::take(&mut self.marks);
        if !marks.is_empty() {
            self.memory.changes.note(&marks);
            self.memory.changed.notify_one();
        }
        if std::mem::take(&mut self.has_due_jobs) {
            self.memory.due_jobs.notify_one();
        }
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        self.note();
    }
}

impl<O: DerefMut> Leased<O> {
    pub(super) fn new(object: O, memory: Arc<Memory>) -> Self {
        let changed = Changed { memory, marks: Vec::new(), has_due_jobs: false };
        Self { object, changed, is_enclosed: false }
    }

    /// Returns what the database's connections share in memory.
    pub(super) fn memory(&self) -> &Memory {
        &self.changed.memory
    }

    /// Adds what the transaction changes.
    pub(super) fn mark(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.changed.marks.extend(marks);
    }

    /// Adds that jobs are due once the transaction has ended.
    pub(super) fn tell_of_due_jobs(&mut self) {
        self.changed.has_due_jobs = true;
    }

    /// Notes the changes of a transaction that has ended.
    pub(super) fn note_changes(&mut self) {
        self.changed.note();
    }

    /// Returns whether transactions are part of one that is open already.
    pub(crate) fn is_enclosed(&self) -> bool {
        self.is_enclosed
    }

    /// Sets what [`is_enclosed`](Self::is_enclosed) returns.
    pub(super) fn set_enclosed(&mut self, is_enclosed: bool) {
        self.is_enclosed = is_enclosed;
    }

    /// Returns the pool's own type.
    pub(crate) fn into_object(self) -> O {
        self.object
    }
}

impl<O: DerefMut> Deref for Leased<O> {
    type Target = O::Target;

    fn deref(&self) -> &O::Target {
        &self.object
    }
}

impl<O: DerefMut> DerefMut for Leased<O> {
    fn deref_mut(&mut self) -> &mut O::Target {
        &mut self.object
    }
}
