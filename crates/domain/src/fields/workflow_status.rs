//! The status of workflows.

use crate::primitives::{Coded, coded_texts};

/// Whether a workflow starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum WorkflowStatus {
    /// It does not. Only such a workflow can be changed or deleted.
    #[default]
    Inactive,
    /// It is about to.
    Starting,
    /// It does.
    Active,
    /// It does no longer, and its executions are being cancelled.
    Stopping,
}

impl Coded for WorkflowStatus {
    const ALL: &'static [Self] = &[Self::Inactive, Self::Starting, Self::Active, Self::Stopping];

    fn code(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Starting => "starting",
            Self::Active => "active",
            Self::Stopping => "stopping",
        }
    }
}

coded_texts!(WorkflowStatus);
