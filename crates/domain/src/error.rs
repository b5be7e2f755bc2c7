//! The crate's one error type: a message for the caller, and a context for the log.

use std::fmt;
use std::time::Duration;

use crate::primitives::{EventPosition, Violations};
use crate::rights::{Permission, Scope};

/// The result of every fallible function of the directory.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. The caller can correct every error except [`Internal`](Error::Internal),
/// [`Unavailable`](Error::Unavailable) and [`ReadOnly`](Error::ReadOnly), and may see its message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the body break their rules.
    #[error("{0}")]
    Invalid(Violations),
    /// The request is malformed: invalid JSON, an invalid parameter, or a broken cursor.
    #[error("{0}")]
    BadRequest(BadRequest),
    /// The request carries no valid credential.
    #[error("{0}")]
    Unauthenticated(Unauthenticated),
    /// The caller is known but lacks the right.
    #[error("{0}")]
    Forbidden(Forbidden),
    /// The caller's workspace has no such object.
    #[error("{resource} not found.")]
    NotFound {
        /// The kind of object.
        resource: Resource,
        /// The name that the request used, if it helps the caller.
        id: Option<String>,
    },
    /// The request conflicts with the current state.
    #[error("{0}")]
    Conflict(Conflict),
    /// The object has changed since the caller read it.
    #[error("The object has changed since it was read. Read it again, then retry.")]
    PreconditionFailed,
    /// The feed has no such position any more, or not yet.
    #[error(
        "The feed begins after position {begins_after} and ends at {ends_at}. Note its end with after=latest, read the \
        lists anew, then follow the feed from there."
    )]
    PositionGone {
        /// The last position that was removed. Reading may begin after it.
        begins_after: EventPosition,
        /// The last position of all.
        ends_at: EventPosition,
    },
    /// The caller sent too many requests of this kind, or too many that failed.
    #[error("Too many requests. Try again later.")]
    RateLimited {
        /// The most requests allowed.
        limit: u32,
        /// The time window that the limit applies to.
        window: Duration,
        /// How long to wait before the next request.
        retry_after: Duration,
    },
    /// The server cannot answer now: the database is unreachable or too slow. A retry may succeed.
    #[error("The service is temporarily unavailable.")]
    Unavailable(String),
    /// The database stores no changes now: its disk is full, or it is read-only. It still answers reads.
    #[error("The service cannot store changes at the moment.")]
    ReadOnly(String),
    /// The operation needs a setting that the operator has not made.
    #[error("{0}")]
    NotConfigured(NotConfigured),
    /// The server has a fault.
    #[error("Something went wrong on the server.")]
    Internal(String),
}

impl Error {
    /// Returns the error for a missing object with this id.
    pub fn not_found(resource: Resource, id: impl fmt::Display) -> Self {
        Self::NotFound { resource, id: Some(id.to_string()) }
    }

    /// Returns the details for the log; empty for errors that the caller causes.
    pub fn context(&self) -> &str {
        match self {
            Self::Unavailable(context) | Self::ReadOnly(context) | Self::Internal(context) => context,
            _ => "",
        }
    }
}

impl Violations {
    /// Returns a required value, or [`Error::Invalid`] if any field is broken. The value may be `None` only if its own
    /// violation was added.
    pub fn into_value<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) => self.into_result(value),
            None => Err(Error::Invalid(self)),
        }
    }

    /// Returns the value, or [`Error::Invalid`] if any field is broken.
    pub fn into_result<T>(self, value: T) -> Result<T, Error> {
        if self.is_empty() { Ok(value) } else { Err(Error::Invalid(self)) }
    }
}

/// The settings that an operation can lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotConfigured {
    /// The server has no key to seal secrets with.
    #[error("The server has no encryption key. Its operator must set one with --encryption-key-file.")]
    EncryptionKey,
    /// The server no longer has the key that sealed the secret.
    #[error(
        "The secret is sealed with an encryption key that the server does not have. Its operator must add that key to \
         the key file."
    )]
    SealingKey,
}

impl NotConfigured {
    /// Returns a code for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::EncryptionKey => "no_encryption_key",
            Self::SealingKey => "unknown_encryption_key",
        }
    }
}

/// The kinds of objects that a request can fail to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// An external user.
    ExternalUser,
    /// A group of external users.
    ExternalUserGroup,
    /// A tier.
    Tier,
    /// The person behind external users.
    SuperIdentity,
    /// A channel.
    Channel,
    /// A workspace.
    Workspace,
    /// An API key.
    ApiKey,
    /// An account.
    Account,
    /// A role.
    Role,
    /// A token of an account.
    AccountToken,
    /// A flow.
    Flow,
    /// An invitation into a flow.
    Invitation,
    /// An unknown path.
    Path,
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ExternalUser => "External user",
            Self::ExternalUserGroup => "External user group",
            Self::Tier => "Tier",
            Self::SuperIdentity => "Super identity",
            Self::Channel => "Channel",
            Self::Workspace => "Workspace",
            Self::ApiKey => "API key",
            Self::Account => "Account",
            Self::Role => "Role",
            Self::AccountToken => "Token",
            Self::Flow => "Flow",
            Self::Invitation => "Invitation",
            Self::Path => "Path",
        })
    }
}

/// Why a request is malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadRequest {
    /// The body is not JSON, or not of the expected JSON type. Contains the parser's message.
    InvalidJson(String),
    /// Parameters of the query, the headers or the path break their rules; never empty.
    InvalidParameters(Violations),
    /// The request contradicts itself; never empty.
    Contradiction(Violations),
}

impl BadRequest {
    /// Returns the broken fields, if the error is about fields.
    pub fn violations(&self) -> Option<&Violations> {
        match self {
            Self::InvalidJson(_) => None,
            Self::InvalidParameters(violations) | Self::Contradiction(violations) => Some(violations),
        }
    }
}

impl fmt::Display for BadRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidJson(message) => formatter.write_str(message),
            Self::InvalidParameters(violations) | Self::Contradiction(violations) => {
                violations.fmt(formatter)
            }
        }
    }
}

/// Why a credential is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// The operation needs a key, and the request has none.
    #[error("Send an API key as x-api-key or Authorization.")]
    NoKey,
    /// One or both halves of a key are missing.
    #[error("Send both x-notiflows-api-key and x-notiflows-secret-key.")]
    NoKeyPair,
    /// `Authorization` has an unknown scheme, or no credential after it.
    #[error("Authorization must be an API key: alone, after Bearer, or as the user name of Basic.")]
    UnknownScheme,
    /// The credential contains characters that no credential has.
    #[error("The credential contains invalid characters.")]
    Unreadable,
    /// The request repeats a header that carries a credential.
    #[error("Send each credential only once.")]
    Repeated,
    /// No active key has this secret, or the secret does not belong to this public key.
    #[error("The API key is unknown, expired or revoked.")]
    UnknownKey,
    /// The access token is forged or expired, or its user is blocked or deleted.
    #[error("The access token is invalid, expired or revoked.")]
    VoidToken,
    /// The operation needs a token, and the request has none.
    #[error("Log in first, and send the token as Authorization: Bearer.")]
    NotLoggedIn,
    /// The operation needs a token, or an e-mail address with a password, and the request has neither.
    #[error(
        "Authorization must be a token, after Bearer or as the user name of Basic, or an e-mail address and a password as Basic."
    )]
    NoBasicCredential,
    /// `Authorization` is neither Bearer with a token nor Basic with a token or a password.
    #[error("{}", Self::NoBasicCredential)]
    MalformedBasic,
    /// The account token is unknown, expired or revoked.
    #[error("The token is unknown, expired or revoked.")]
    UnknownToken,
    /// No account has this username and password. The message does not reveal which accounts exist.
    #[error("Invalid username or password")]
    WrongPassword,
    /// The account is not active. Only its holder learns this. The FlowMate contract defines the message.
    #[error("ENTITY_DISABLED")]
    Disabled,
}

impl Unauthenticated {
    /// Returns a code for programs; `None` if the credential itself is missing, unknown or no longer valid.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::UnknownScheme | Self::MalformedBasic | Self::Unreadable | Self::Repeated => {
                Some("invalid_header")
            }
            Self::NoKey
            | Self::NoKeyPair
            | Self::UnknownKey
            | Self::VoidToken
            | Self::NotLoggedIn
            | Self::NoBasicCredential
            | Self::UnknownToken
            | Self::WrongPassword
            | Self::Disabled => None,
        }
    }
}

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
            Self::NotOwnAccount => Some("not_own_account"),
        }
    }
}

/// Why a request conflicts with the current state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another external user of the channel has this external id.
    #[error("An external user with this external id already exists in this channel.")]
    ExternalIdTaken,
    /// Another external user of the channel has this identifier, ignoring case.
    #[error("An external user with this identifier already exists in this channel.")]
    IdentifierTaken,
    /// The external user was erased, and no data is left to restore.
    #[error("The external user was erased and cannot be restored.")]
    Erased,
    /// Another group has this external id.
    #[error("External user group external id already exists in this workspace.")]
    GroupExternalIdTaken,
    /// The workspace has reached its limit of groups.
    #[error("The workspace has reached its limit of external user groups.")]
    TooManyGroups,
    /// The workspace has reached its limit of tiers.
    #[error("The workspace has reached its limit of tiers.")]
    TooManyTiers,
    /// The workspace has reached its limit of active keys.
    #[error("The workspace has reached its limit of API keys. Revoke one first.")]
    TooManyApiKeys,
    /// The key is revoked or expired.
    #[error("The API key is revoked or expired and cannot get a new secret.")]
    ApiKeyEnded,
    /// The key has reached its limit of secrets that are valid at the same time.
    #[error(
        "The API key has reached its limit of secrets. Wait until one expires, or rotate it with a shorter overlap."
    )]
    TooManySecrets,
    /// The channel was removed and accepts no new users.
    #[error("The channel is removed and accepts no new external users.")]
    ChannelRemoved,
    /// The default channel cannot be removed.
    #[error("The default channel cannot be removed.")]
    DefaultChannel,
    /// The workspace has reached its limit of channels.
    #[error("The workspace has reached its limit of channels.")]
    TooManyChannels,
    /// Another workspace has this slug.
    #[error("A workspace with this slug already exists.")]
    SlugTaken,
    /// Another account has this username.
    #[error("An account with this username already exists.")]
    UsernameTaken,
    /// The workspace has a key, which is not overwritten.
    #[error("The workspace has a key. Delete it first.")]
    WorkspaceKeyTaken,
    /// Another role has this name, ignoring case.
    #[error("A role with this name already exists.")]
    RoleNameTaken,
    /// The workspace has reached its limit of roles.
    #[error("The workspace has reached its limit of roles.")]
    TooManyRoles,
    /// The account has reached its limit of personal tokens.
    #[error("The account has reached its limit of personal tokens. Revoke one first.")]
    TooManyTokens,
    /// The role is built in and cannot change.
    #[error("The role is built in and cannot be changed.")]
    BuiltInRole,
    /// An account tries to delete or deactivate itself.
    #[error("An account cannot delete or deactivate itself.")]
    OwnAccount,
    /// An account tries to delete or deactivate its home workspace.
    #[error("An account cannot delete or deactivate its own workspace.")]
    OwnWorkspace,
    /// The change would leave the workspace without an administrator.
    #[error("The organization would have no administrator left. Promote another user first.")]
    LastAdmin,
    /// The change would leave the directory without an account that holds every permission.
    #[error("The directory would have no administrator left. Give another account the permission all first.")]
    LastAdministrator,
    /// The flow is archived, and nobody can join it.
    #[error("The flow is archived, and nobody can join it.")]
    FlowArchived,
    /// The workspace has reached its limit of flows.
    #[error("The organization has reached its limit of flows.")]
    TooManyFlows,
    /// The flow has reached its limit of pending invitations.
    #[error("The flow has reached its limit of pending invitations.")]
    TooManyInvitations,
    /// The invitation was accepted and cannot be withdrawn.
    #[error("The invitation is accepted and cannot be deleted.")]
    InvitationAccepted,
    /// Another request changed the same object at the same time. The caller can retry.
    #[error("Another request changed the object at the same time. Send the request again.")]
    ConcurrentChange,
}

impl Conflict {
    /// Returns a code for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::ExternalIdTaken
            | Self::IdentifierTaken
            | Self::GroupExternalIdTaken
            | Self::SlugTaken
            | Self::UsernameTaken
            | Self::WorkspaceKeyTaken
            | Self::RoleNameTaken => "taken",
            Self::BuiltInRole => "built_in_role",
            Self::OwnAccount => "own_account",
            Self::OwnWorkspace => "own_workspace",
            Self::LastAdmin | Self::LastAdministrator => "last_admin",
            Self::FlowArchived => "flow_archived",
            Self::InvitationAccepted => "invitation_accepted",
            Self::Erased => "erased",
            Self::ApiKeyEnded => "ended",
            Self::ChannelRemoved => "channel_removed",
            Self::DefaultChannel => "default_channel",
            Self::TooManyChannels
            | Self::TooManyGroups
            | Self::TooManyTiers
            | Self::TooManyApiKeys
            | Self::TooManySecrets
            | Self::TooManyRoles
            | Self::TooManyTokens
            | Self::TooManyFlows
            | Self::TooManyInvitations => "limit_reached",
            Self::ConcurrentChange => "concurrent_change",
        }
    }

    /// Returns the field that the conflict is about, if any.
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::ExternalIdTaken | Self::GroupExternalIdTaken => Some("external_id"),
            Self::IdentifierTaken => Some("identifier"),
            Self::ChannelRemoved => Some("channel_id"),
            Self::SlugTaken => Some("slug"),
            Self::UsernameTaken => Some("username"),
            Self::RoleNameTaken => Some("name"),
            Self::DefaultChannel
            | Self::WorkspaceKeyTaken
            | Self::Erased
            | Self::TooManyGroups
            | Self::TooManyTiers
            | Self::TooManyApiKeys
            | Self::ApiKeyEnded
            | Self::TooManySecrets
            | Self::TooManyChannels
            | Self::TooManyRoles
            | Self::TooManyTokens
            | Self::BuiltInRole
            | Self::OwnAccount
            | Self::OwnWorkspace
            | Self::LastAdmin
            | Self::LastAdministrator
            | Self::FlowArchived
            | Self::TooManyFlows
            | Self::TooManyInvitations
            | Self::InvitationAccepted
            | Self::ConcurrentChange => None,
        }
    }
}
