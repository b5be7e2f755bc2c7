//! Workflows as the FlowMate and Flowra contracts share them: bodies and responses.
//!
//! FlowMate calls a workflow a flow. Both read and show it alike.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod input;

pub use self::answer::{execution_json, step_json, workflow_json};
