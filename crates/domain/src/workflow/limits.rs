//! What workflows may cost a server.

use std::time::Duration;

/// The limits of workflows, which the operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkflowLimits {
    /// The most nodes of a graph.
    pub nodes: usize,
    /// The most bytes of a graph as JSON.
    pub graph_bytes: usize,
    /// The most active workflows of a workspace.
    pub active: usize,
    /// How long an execution may take.
    pub duration: Duration,
    /// How long it may take if its workflow has steps that wait.
    pub duration_with_waits: Duration,
    /// The most executions of a workspace that begin within a minute, on each server.
    pub starts_per_minute: u32,
    /// How long executions are kept after their end.
    pub retention: Duration,
}

impl Default for WorkflowLimits {
    fn default() -> Self {
        Self {
            nodes: 50,
            graph_bytes: 64 * 1_024,
            active: 1_000,
            duration: Duration::from_hours(24),
            duration_with_waits: Duration::from_hours(30 * 24),
            starts_per_minute: 1_000,
            retention: Duration::from_hours(30 * 24),
        }
    }
}

impl WorkflowLimits {
    /// The most workflows of a workspace, and the most templates.
    pub const MAXIMUM_WORKFLOWS: i64 = 10_000;

    /// The most items of a list that is split.
    pub const MAXIMUM_ITEMS: usize = 10_000;

    /// The most bytes of a step's result as JSON.
    pub const MAXIMUM_RESULT: usize = 1_024 * 1_024;

    /// The most bytes of the answer to an HTTP request.
    pub const MAXIMUM_ANSWER: usize = 256 * 1_024;

    /// The most steps of an execution.
    pub const MAXIMUM_STEPS: i64 = 100_000;

    /// How many workflows may start each other in a chain.
    pub const MAXIMUM_DEPTH: u32 = 5;

    /// How often a step is tried.
    pub const MAXIMUM_ATTEMPTS: u32 = 5;
}
