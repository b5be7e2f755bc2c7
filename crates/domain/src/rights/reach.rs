//! How far rights reach.

use super::Permission;
use crate::primitives::WorkspaceId;

/// The workspaces that a right reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every workspace, and objects that belong to none.
    Everywhere,
    /// The holder's home workspace only.
    Workspace(WorkspaceId),
}

impl Reach {
    /// Returns whether a workspace is within reach.
    pub fn includes(self, workspace_id: WorkspaceId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Workspace(own) => own == workspace_id,
        }
    }
}

/// The right that an operation requires: a permission for everywhere, or one for the home workspace only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// The permission that allows the operation everywhere.
    pub everywhere: Permission,
    /// The permission that allows it in the home workspace.
    pub at_home: Option<Permission>,
}
