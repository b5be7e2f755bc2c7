//! The filters and orders of lists of external users.

use super::ExternalUser;
use super::SearchText;
use crate::primitives::{
    ChannelId, ExternalUserGroupId, Position, SortKey, SuperIdentityId, TierId, Timestamp,
};

/// The conditions of a list of external users. All must hold; an empty list and `None` are no condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ExternalUserFilter {
    /// In one of these channels.
    pub channel_ids: Vec<ChannelId>,
    /// In one of these groups.
    pub external_user_group_ids: Vec<ExternalUserGroupId>,
    /// With one of these super identities.
    pub super_identity_ids: Vec<SuperIdentityId>,
    /// On one of these tiers.
    pub tier_ids: Vec<TierId>,
    /// With this text in the display name, identifier, external id, e-mail address, first or last name. A text of one or
    /// two characters is found at the beginning of a word, after a blank or at the beginning of a name.
    pub search: Option<SearchText>,
    /// With this text in the username, like `search`.
    pub username: Option<SearchText>,
    /// With this e-mail address, ignoring case.
    pub email: Option<String>,
    /// With this external id.
    pub external_id: Option<String>,
    /// With this identifier, ignoring case and blanks around it.
    pub identifier: Option<String>,
    /// Blocked, or not.
    pub access: Option<AccessFilter>,
    /// Created after this moment.
    pub created_after: Option<Timestamp>,
    /// Created before this moment.
    pub created_before: Option<Timestamp>,
}

/// Whether users are blocked at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccessFilter {
    /// Selects blocked users, or else unblocked ones.
    pub is_blocked: bool,
    /// The moment.
    pub at: Timestamp,
}

/// The orders of lists of external users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ExternalUserOrder {
    /// By creation time.
    #[default]
    CreatedAt,
    /// By username, without case.
    Username,
}

impl ExternalUserOrder {
    /// Returns the order's name, to which cursors are bound.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Username => "username",
        }
    }

    /// Returns a user's position in the order.
    pub fn position_of(self, user: &ExternalUser) -> Position {
        let key = match self {
            Self::CreatedAt => SortKey::Time(user.created_at),
            Self::Username => SortKey::Text(user.username_sort_key()),
        };
        Position { key, id: user.id.as_uuid() }
    }
}
