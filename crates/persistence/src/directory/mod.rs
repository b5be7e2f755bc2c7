//! The external users of workspaces, and the objects they refer to: channels, groups, tiers and super identities.
//!
//! Nothing here knows accounts, roles or memberships.

pub mod channels;
pub mod external_user_groups;
pub mod external_users;
pub mod super_identities;
pub mod tiers;
