//! The external users of a workspace, and what they refer to: channels, groups, tiers and super identities.
//!
//! Nothing here knows accounts, roles or who is a member of the workspace.

pub mod channels;
pub mod external_user_groups;
pub mod external_users;
pub mod super_identities;
pub mod tiers;
