//! What a caller lacks.

use crate::rights::{Permission, Scope};

/// Why a known caller may not perform the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The credential lacks a scope.
    #[error("The credential lacks the scope {0}.")]
    MissingScope(Scope),
    /// The external user is blocked.
    #[error("The external user is blocked.")]
    Blocked,
    /// The account lacks a permission.
    #[error("The account lacks the permission {0}.")]
    MissingPermission(Permission),
    /// The caller tries to grant a right that it may not grant.
    #[error(
        "Callers can grant only rights they hold; rights beyond one workspace require the permission all."
    )]
    NotHeld,
    /// A key tries to grant another key a scope that it lacks itself.
    #[error("A key can grant only scopes that it has; this key lacks {0}.")]
    ScopeNotHeld(Scope),
    /// A key tries to create a key or a secret that lasts longer than its own secret.
    #[error("A secret cannot create or rotate a key that expires later than the secret itself.")]
    OutlastsSecret,
    /// The caller tries to grant a role that does not exist or belongs to another workspace.
    #[error("The workspace has no such role.")]
    ForeignRole,
    /// The caller tries to change an object of another workspace, or to move one there.
    #[error("The caller has no rights outside its workspace.")]
    ForeignWorkspace,
    /// The account has rights that the caller lacks.
    #[error("The account has rights that the caller does not have.")]
    GreaterRights,
    /// The caller may change other fields of the object, but not this one.
    #[error("The caller cannot change the field {0}.")]
    ProtectedField(&'static str),
    /// The name belongs to a built-in role, or programs expect it to have a certain meaning.
    #[error("The name is reserved.")]
    ReservedRoleName,
    /// A page of another site makes the request, and the browser attaches the credential automatically.
    #[error("Pages of other sites cannot use a credential that the browser sends automatically.")]
    CrossSite,
    /// The account does not administer the workspace.
    #[error("Only administrators of the organization may do this.")]
    NotAdmin,
    /// The account is blocked from the flow.
    #[error("The user is blocked from the flow.")]
    BlockedFromFlow,
    /// The account is not in the flow, but may join it.
    #[error("The user is not in the flow. Join it first.")]
    NotInFlow,
    /// The account was removed from the workspace. Only a member with the right to add it can bring it back.
    #[error("The user was removed from the organization and cannot rejoin by a link.")]
    TakenOut,
    /// An account tries to block or unblock itself.
    #[error("Users cannot block or unblock themselves.")]
    OwnBlock,
    /// Whoever made the workflow may do nothing any more.
    #[error("The account or key that made the workflow is gone, disabled or revoked.")]
    MakerGone,
    /// No key may do this, and a key made the workflow.
    #[error("Workflows of keys cannot work with accounts.")]
    NoKeys,
    /// Only the account itself may change this.
    #[error("Only the user may change this.")]
    NotOwnAccount,
}

impl Forbidden {
    /// Returns a code for programs; `None` if the missing right is the whole answer.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::MissingScope(_) | Self::MissingPermission(_) => None,
            Self::Blocked | Self::BlockedFromFlow => Some("blocked"),
            Self::NotHeld | Self::ScopeNotHeld(_) | Self::OutlastsSecret => Some("not_held"),
            Self::ForeignRole => Some("foreign_role"),
            Self::ForeignWorkspace => Some("foreign_workspace"),
            Self::GreaterRights => Some("greater_rights"),
            Self::ProtectedField(_) => Some("protected_field"),
            Self::ReservedRoleName => Some("reserved"),
            Self::CrossSite => Some("cross_site"),
            Self::NotAdmin => Some("not_admin"),
            Self::NotInFlow => Some("not_a_member"),
            Self::TakenOut => Some("removed"),
            Self::OwnBlock => Some("own_block"),
            Self::MakerGone => Some("maker_gone"),
            Self::NoKeys => Some("no_keys"),
            Self::NotOwnAccount => Some("not_own_account"),
        }
    }
}
