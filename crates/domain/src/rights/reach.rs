//! How far rights reach.

use super::Permission;
use crate::primitives::WorkspaceId;

/// How far a right reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Over every workspace, and what belongs to none.
    Everywhere,
    /// Over one's own.
    Workspace(WorkspaceId),
}

impl Reach {
    /// Whether a workspace lies within.
    pub fn includes(self, workspace_id: WorkspaceId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Workspace(own) => own == workspace_id,
        }
    }
}

/// What an operation asks for: a permission that lets it be done everywhere, one that lets it be done in the own
/// workspace, or either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// Lets it be done everywhere.
    pub everywhere: Permission,
    /// Lets it be done in the own workspace.
    pub at_home: Option<Permission>,
}
