//! Groups of external users, such as the companies that they work for.

use crate::{ExternalId, ExternalUserGroupId, Patch, TierId, Timestamp, Violation, WorkspaceId, text};

/// A group of external users. From the Zaia contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalUserGroup {
    /// Its id.
    pub id: ExternalUserGroupId,
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// The customer's own id for it, unique in the workspace: 3 to 250 characters.
    pub external_id: Option<ExternalId>,
    /// What people call it: 3 to 50 characters. Several groups may have the same.
    pub name: Option<String>,
    /// The tier that it is on.
    pub tier_id: Option<TierId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a request says of a group's fields, each checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExternalUserGroupChanges {
    /// See [`ExternalUserGroup::external_id`].
    pub external_id: Patch<ExternalId>,
    /// See [`ExternalUserGroup::name`].
    pub name: Patch<String>,
    /// See [`ExternalUserGroup::tier_id`].
    pub tier_id: Patch<TierId>,
}

impl ExternalUserGroupChanges {
    /// Checks a name: 3 to 50 characters.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        text::checked(text, &(3..=50))
    }

    /// Carries the changes out.
    pub fn apply_to(self, group: &mut ExternalUserGroup) {
        let Self { external_id, name, tier_id } = self;
        external_id.apply(&mut group.external_id);
        name.apply(&mut group.name);
        tier_id.apply(&mut group.tier_id);
    }
}
