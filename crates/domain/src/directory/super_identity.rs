//! The super identity: the person behind external users.

use super::ExternalId;
use crate::primitives::{SuperIdentityId, Timestamp, WorkspaceId};

/// A person. The external users of several channels that carry the same external id belong to one; a user without an
/// external id has one of its own. From the Zaia contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuperIdentity {
    /// Its id.
    pub id: SuperIdentityId,
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// The external id that its users carry; unique in the workspace.
    pub external_id: Option<ExternalId>,
    /// When its first user came.
    pub created_at: Timestamp,
}
