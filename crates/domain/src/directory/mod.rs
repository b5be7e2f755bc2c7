//! The directory that a customer keeps of its own users: external users, their channels, groups and tiers.

mod channel;
mod external_user;
mod external_user_group;
mod super_identity;
mod tier;

pub use channel::{Channel, ChannelChanges};
pub use external_user::{
    AccessChange, AccessFilter, Block, BlockReason, CustomFields, DeletedExternalUser, DisplayName,
    ExternalId, ExternalUser, ExternalUserChanges, ExternalUserFilter, ExternalUserOrder, Identifier,
    IdentityClaim, Locale, SearchText, TimeZone,
};
pub use external_user_group::{ExternalUserGroup, ExternalUserGroupChanges};
pub use super_identity::SuperIdentity;
pub use tier::{Tier, TierChanges};
