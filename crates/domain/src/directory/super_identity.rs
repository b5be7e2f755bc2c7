//! Super identities: the people behind external users.

use super::ExternalId;
use crate::primitives::{SuperIdentityId, Timestamp, WorkspaceId};

/// A person. External users with the same external id, in any channel, share one super identity; a user without an
/// external id has its own. From the Zaia contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuperIdentity {
    /// Its id.
    pub id: SuperIdentityId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// The external id of its users, unique in the workspace.
    pub external_id: Option<ExternalId>,
    /// When its first user was created.
    pub created_at: Timestamp,
}
