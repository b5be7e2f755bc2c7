//! The one error type: what happened, in the caller's words, with a context for the log.

use std::fmt;
use std::time::Duration;

use crate::primitives::Violations;
use crate::rights::{Permission, Scope};

/// The result of whatever the directory does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. Everything but [`Internal`](Error::Internal) and [`Unavailable`](Error::Unavailable) is the
/// caller's to mend and safe to show.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of a body break their rules.
    #[error("{0}")]
    Invalid(Violations),
    /// The request cannot be understood: not JSON, a parameter of the wrong form, a broken cursor.
    #[error("{0}")]
    BadRequest(BadRequest),
    /// No valid credential.
    #[error("{0}")]
    Unauthenticated(Unauthenticated),
    /// The caller is known and may not.
    #[error("{0}")]
    Forbidden(Forbidden),
    /// There is no such object in the caller's workspace.
    #[error("{resource} not found.")]
    NotFound {
        /// What was looked for.
        resource: Resource,
        /// How it was named, where that says anything.
        id: Option<String>,
    },
    /// The request contradicts what is there.
    #[error("{0}")]
    Conflict(Conflict),
    /// The object is not what the caller took it for: it has changed since it was read.
    #[error("The object has changed since it was read. Read it again, and decide anew.")]
    PreconditionFailed,
    /// There were too many requests of this kind, or too many that failed.
    #[error("Too many requests. Try again later.")]
    RateLimited {
        /// How many there may be.
        limit: u32,
        /// Within what time.
        window: Duration,
        /// When the next one may come.
        retry_after: Duration,
    },
    /// The server cannot answer now and may later: the database is out of reach or too slow.
    #[error("The service is temporarily unavailable.")]
    Unavailable(String),
    /// A fault of the server.
    #[error("Something went wrong on the server.")]
    Internal(String),
}

impl Error {
    /// Nothing with this id.
    pub fn not_found(resource: Resource, id: impl fmt::Display) -> Self {
        Self::NotFound { resource, id: Some(id.to_string()) }
    }

    /// What the log should hold beyond the message; empty for errors of the caller.
    pub fn context(&self) -> &str {
        match self {
            Self::Unavailable(context) | Self::Internal(context) => context,
            _ => "",
        }
    }
}

impl Violations {
    /// `Ok` with a required value where nothing is broken, otherwise [`Error::Invalid`]. The value is `None` only where
    /// its own violation was noted.
    pub fn into_value<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) => self.into_result(value),
            None => Err(Error::Invalid(self)),
        }
    }

    /// `Ok` with the value where nothing is broken, otherwise [`Error::Invalid`].
    pub fn into_result<T>(self, value: T) -> Result<T, Error> {
        if self.is_empty() { Ok(value) } else { Err(Error::Invalid(self)) }
    }
}

/// What can be looked for and not found.
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
    /// A path that the server does not know.
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

/// Why a request cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadRequest {
    /// The body is not JSON, or not of the JSON type that is asked for. Holds what the reader said.
    InvalidJson(String),
    /// Parameters of the query, a header or the path break their rules; never empty.
    InvalidParameters(Violations),
    /// The request contradicts itself; never empty.
    Contradiction(Violations),
}

impl BadRequest {
    /// The broken fields, where the error is about fields.
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

/// Why a credential is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// There is no key where one is expected.
    #[error("An API key must be sent, as x-api-key or Authorization.")]
    NoKey,
    /// One or both halves of a key are missing.
    #[error("Both x-notiflows-api-key and x-notiflows-secret-key must be sent.")]
    NoKeyPair,
    /// `Authorization` has a scheme that is not known.
    #[error("Authorization must hold an API key, alone or after Bearer.")]
    UnknownScheme,
    /// The credential cannot be one.
    #[error("The credential holds characters that no credential has.")]
    Unreadable,
    /// A header that holds a credential stands there more than once.
    #[error("A credential must be sent once.")]
    Repeated,
    /// No key in force has this secret, or not together with this public half.
    #[error("The API key is unknown, expired or revoked.")]
    UnknownKey,
    /// The access token is not genuine, has ended, or its user is blocked or gone.
    #[error("The access token is invalid, expired or revoked.")]
    VoidToken,
    /// There is no token where one is expected.
    #[error("Log in first: a token must be sent as Authorization: Bearer.")]
    NotLoggedIn,
    /// There is neither a token nor an e-mail address with a password where one of them is expected.
    #[error(
        "Authorization must hold a token, as the user name of Basic or after Bearer, or an e-mail address and a password as Basic."
    )]
    NoBasicCredential,
    /// The token of an account is unknown, has ended or was revoked.
    #[error("The token is unknown, expired or revoked.")]
    UnknownToken,
    /// No account has this username with this password. Says no more, so that strangers do not learn who has an account.
    #[error("Invalid username or password")]
    WrongPassword,
    /// The account is not in use. Said to its own holder only. The words are those of the FlowMate contract.
    #[error("ENTITY_DISABLED")]
    Disabled,
}

/// Why a known caller may not.
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
    /// A right is to be given that is not the caller's to give.
    #[error("Rights can only be given by who holds them, and those beyond one workspace by who holds all.")]
    NotHeld,
    /// A key is to be given a scope that the key which asks lacks.
    #[error("A key can only give scopes that it has, and this one lacks {0}.")]
    ScopeNotHeld(Scope),
    /// A key is to be made, or given another secret, that lasts longer than the secret which asks.
    #[error("The key lasts longer than the secret that was sent, which can give nothing that outlasts it.")]
    OutlastsSecret,
    /// A role is to be given that belongs to another workspace, or does not exist.
    #[error("The role is none of the workspace's.")]
    ForeignRole,
    /// Something of another workspace is to be changed, or put there.
    #[error("The caller's rights end at the border of its workspace.")]
    ForeignWorkspace,
    /// The account may do more than the caller.
    #[error("The account has rights that the caller does not have.")]
    GreaterRights,
    /// A field that the caller cannot change, though it may change others of the same object.
    #[error("The field {0} is not the caller's to change.")]
    ProtectedField(&'static str),
    /// The name of a role that exists from the start, or that programs expect to mean something.
    #[error("The name is reserved.")]
    ReservedRoleName,
    /// A browser sends a credential by itself along with a request that the page of another site makes.
    #[error("A page of another site cannot do this with a credential that the browser sends by itself.")]
    CrossSite,
    /// The account does not administer the workspace.
    #[error("Only administrators of the organization may do this.")]
    NotAdmin,
    /// The account is blocked from the flow.
    #[error("The user is blocked from the flow.")]
    BlockedFromFlow,
    /// The account is not in the flow. It may join.
    #[error("The user is not in the flow. Join it first.")]
    NotInFlow,
    /// The account was taken out of the workspace, and comes back only where somebody brings it in.
    #[error("The user was removed from the organization and cannot come back by a link.")]
    TakenOut,
    /// Nobody blocks or unblocks themselves.
    #[error("Users cannot block or unblock themselves.")]
    OwnBlock,
    /// Something of another account that only the account itself may change.
    #[error("Only the user may change this.")]
    NotOwnAccount,
}

impl Forbidden {
    /// The kind, for programs; `None` where the missing right says it all.
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

/// What a request contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another external user of the channel has this external id.
    #[error("An external user with this external id already exists in this channel.")]
    ExternalIdTaken,
    /// Another external user of the channel has this identifier, whatever its case.
    #[error("An external user with this identifier already exists in this channel.")]
    IdentifierTaken,
    /// The external user was erased, and nothing is left to bring back.
    #[error("The external user was erased and cannot be brought back.")]
    Erased,
    /// Another group has this external id.
    #[error("External user group external id already exists in this workspace.")]
    GroupExternalIdTaken,
    /// The workspace has as many groups as it may.
    #[error("The workspace has as many external user groups as it may have.")]
    TooManyGroups,
    /// The workspace has as many tiers as it may.
    #[error("The workspace has as many tiers as it may have.")]
    TooManyTiers,
    /// The workspace has as many keys in force as it may.
    #[error("The workspace has as many API keys as it may have. Revoke one first.")]
    TooManyApiKeys,
    /// The key is revoked or has ended.
    #[error("The API key is revoked or has ended, and is given no other secret.")]
    ApiKeyEnded,
    /// The key has as many secrets that count at the same time as it may.
    #[error(
        "The API key has as many secrets as it may have. Wait until one ends, or rotate it with a shorter overlap."
    )]
    TooManySecrets,
    /// The channel was removed and takes no new users.
    #[error("The channel is removed and takes no new external users.")]
    ChannelRemoved,
    /// The default channel cannot be removed.
    #[error("The default channel cannot be removed.")]
    DefaultChannel,
    /// The workspace has as many channels as it may.
    #[error("The workspace has as many channels as it may have.")]
    TooManyChannels,
    /// Another workspace has this slug.
    #[error("A workspace with this slug already exists.")]
    SlugTaken,
    /// Another account has this username.
    #[error("An account with this username already exists.")]
    UsernameTaken,
    /// Another role has this name, whatever its case.
    #[error("A role with this name already exists.")]
    RoleNameTaken,
    /// The workspace has as many roles as it may.
    #[error("The workspace has as many roles as it may have.")]
    TooManyRoles,
    /// The account has as many personal tokens as it may.
    #[error("The account has as many personal tokens as it may have. Revoke one first.")]
    TooManyTokens,
    /// The role exists from the start and stays as it is.
    #[error("The role exists from the start and cannot be changed.")]
    BuiltInRole,
    /// An account cannot delete itself or take itself out of use.
    #[error("An account cannot delete itself or take itself out of use.")]
    OwnAccount,
    /// An account cannot delete the workspace that is its own home, or take it out of use.
    #[error("An account cannot delete its own workspace or take it out of use.")]
    OwnWorkspace,
    /// The workspace would be without an administrator.
    #[error("The organization would have no administrator left. Make somebody else one first.")]
    LastAdmin,
    /// The flow is archived, and nobody comes in.
    #[error("The flow is archived, and nobody can join it.")]
    FlowArchived,
    /// The workspace has as many flows as it may.
    #[error("The organization has as many flows as it may have.")]
    TooManyFlows,
    /// The flow has as many pending invitations as it may.
    #[error("The flow has as many pending invitations as it may have.")]
    TooManyInvitations,
    /// The invitation was accepted and cannot be taken back.
    #[error("The invitation is accepted and cannot be deleted.")]
    InvitationAccepted,
    /// Somebody else changed the same object at the same time; the request can be sent again.
    #[error("The object was changed by another request at the same time. Send the request again.")]
    ConcurrentChange,
}

impl Conflict {
    /// The kind, for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::ExternalIdTaken
            | Self::IdentifierTaken
            | Self::GroupExternalIdTaken
            | Self::SlugTaken
            | Self::UsernameTaken
            | Self::RoleNameTaken => "taken",
            Self::BuiltInRole => "built_in_role",
            Self::OwnAccount => "own_account",
            Self::OwnWorkspace => "own_workspace",
            Self::LastAdmin => "last_admin",
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

    /// The field that the conflict is about, where there is one.
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::ExternalIdTaken | Self::GroupExternalIdTaken => Some("external_id"),
            Self::IdentifierTaken => Some("identifier"),
            Self::ChannelRemoved => Some("channel_id"),
            Self::SlugTaken => Some("slug"),
            Self::UsernameTaken => Some("username"),
            Self::RoleNameTaken => Some("name"),
            Self::DefaultChannel
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
            | Self::FlowArchived
            | Self::TooManyFlows
            | Self::TooManyInvitations
            | Self::InvitationAccepted
            | Self::ConcurrentChange => None,
        }
    }
}
