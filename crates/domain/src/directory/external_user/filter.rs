//! Which external users a list holds, and in which order.

use super::ExternalUser;
use super::SearchText;
use crate::primitives::{
    ChannelId, ExternalUserGroupId, Position, SortKey, SuperIdentityId, TierId, Timestamp,
};

/// Conditions that all hold; an empty list and `None` are no condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExternalUserFilter {
    /// In one of these channels.
    pub channel_ids: Vec<ChannelId>,
    /// In one of these groups.
    pub external_user_group_ids: Vec<ExternalUserGroupId>,
    /// Of one of these people.
    pub super_identity_ids: Vec<SuperIdentityId>,
    /// On one of these tiers.
    pub tier_ids: Vec<TierId>,
    /// With this text in the display name, identifier, external id, e-mail address, first or last name.
    pub search: Option<SearchText>,
    /// With this text in the username.
    pub username: Option<SearchText>,
    /// Shut out, or not.
    pub access: Option<AccessFilter>,
    /// Made after this moment.
    pub created_after: Option<Timestamp>,
    /// Made before this moment.
    pub created_before: Option<Timestamp>,
}

/// Whether users are shut out at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessFilter {
    /// Those who are, or those who are not.
    pub is_blocked: bool,
    /// The moment.
    pub at: Timestamp,
}

/// What a list of external users is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExternalUserOrder {
    /// The moment they were made.
    #[default]
    CreatedAt,
    /// Their username, without case.
    Username,
}

impl ExternalUserOrder {
    /// The name of the order, which is part of what a cursor is made for.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Username => "username",
        }
    }

    /// A user's place in the order.
    pub fn position_of(self, user: &ExternalUser) -> Position {
        let key = match self {
            Self::CreatedAt => SortKey::Time(user.created_at),
            Self::Username => SortKey::Text(user.username_sort_key()),
        };
        Position { key, id: user.id.as_uuid() }
    }
}
