//! The values that an expression can name.

use crate::primitives::Json;

/// The names of all variables.
pub(super) const NAMES: [&str; 7] = ["data", "steps", "trigger", "user", "workflow", "event", NOW];
/// The variable whose text is a timestamp.
pub(super) const NOW: &str = "now";

/// What an expression can name: `data`, `steps`, `trigger`, `user`, `workflow`, `event` and `now`. Naming one that was not
/// given here is an error of the evaluation, not of the expression. JSON has no times: `now`, in RFC 3339, becomes a
/// timestamp by itself, others do by `timestamp(data.since)`.
#[derive(Debug, Clone, Default)]
pub struct Variables<'a>(Vec<(&'a str, &'a Json)>);

impl<'a> Variables<'a> {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value, which replaces an earlier one of that name.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: &'a Json) -> Self {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
        self
    }

    /// Returns the value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&'a Json> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}
