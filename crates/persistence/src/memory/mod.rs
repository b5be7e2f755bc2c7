//! What the connections of a database share in memory: the changes of this server, and samples of texts.

mod changes;
mod text_sample;

pub use changes::MAXIMUM_AGE;
pub(crate) use changes::{Changes, Mark, Moment};
#[cfg(test)]
pub(crate) use text_sample::mark_words;
pub(crate) use text_sample::{TextSample, TextSamples, Trigram};

use tokio::sync::Notify;

/// What the connections of a database share.
pub(crate) struct Memory {
    pub(crate) changes: Changes,
    pub(crate) text_samples: TextSamples,
    /// Wakes whoever waits for changes of this server.
    pub(crate) changed: Notify,
    /// Wakes whoever runs jobs.
    pub(crate) due_jobs: Notify,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            changes: Changes::new(),
            text_samples: text_sample::text_samples(),
            changed: Notify::new(),
            due_jobs: Notify::new(),
        }
    }
}
