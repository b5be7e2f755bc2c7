//! What a request conflicts with.

use crate::fields::{ConnectionStatus, WorkflowStatus};
use crate::primitives::Coded as _;

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
    /// The workspace has reached its limit of webhook endpoints.
    #[error("The workspace has reached its limit of webhook endpoints. Delete one first.")]
    TooManyWebhookEndpoints,
    /// The job has neither failed nor was it cancelled, so it cannot be tried again.
    #[error("The job has neither failed nor was it cancelled, so it cannot be tried again.")]
    JobNotFailed,
    /// A replay of the endpoint is under way.
    #[error("Another replay to this endpoint is under way. Wait for its job to finish, or cancel it.")]
    ReplayUnderWay,
    /// The endpoint is disabled and gets nothing.
    #[error("The webhook endpoint is disabled. Enable it first.")]
    EndpointDisabled,
    /// The job is finished, so it cannot be cancelled.
    #[error("The job is finished and cannot be cancelled.")]
    JobFinished,
    /// The workflow must be inactive to be changed or deleted.
    #[error("Flow is not inactive. Current status: {0}")]
    WorkflowNotInactive(WorkflowStatus),
    /// The workflow has the status already that it is to get.
    #[error("Flow is already {0}.")]
    WorkflowAlready(WorkflowStatus),
    /// The workflow must be active to run.
    #[error("The workflow is not active. Current status: {0}")]
    WorkflowNotActive(WorkflowStatus),
    /// The workspace has reached its limit of workflows.
    #[error("The workspace has reached its limit of workflows. Delete one first.")]
    TooManyWorkflows,
    /// The workspace has reached its limit of active workflows.
    #[error("The workspace has reached its limit of active workflows. Stop one first.")]
    TooManyActiveWorkflows,
    /// The workspace has reached its limit of templates.
    #[error("The workspace has reached its limit of templates. Delete one first.")]
    TooManyTemplates,
    /// The job belongs to workflows, and is not cancelled by itself.
    #[error("The job belongs to workflows. Stop the workflow, or cancel its execution.")]
    JobOfWorkflow,
    /// The execution is finished, so it cannot be cancelled.
    #[error("The execution is finished and cannot be cancelled.")]
    ExecutionFinished,
    /// The execution has neither failed nor was it cancelled, so it cannot be tried again.
    #[error("The execution has neither failed nor was it cancelled, so it cannot be tried again.")]
    ExecutionNotFailed,
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
    /// The workspace has reached its limit of auth configs.
    #[error("The workspace has reached its limit of auth configs. Delete one first.")]
    TooManyAuthConfigs,
    /// The external user has reached its limit of connected accounts.
    #[error("The external user has reached its limit of connected accounts. Delete one first.")]
    TooManyConnectedAccounts,
    /// Connected accounts use the auth config, so it cannot be deleted.
    #[error("Connected accounts use the auth config. Delete them first.")]
    AuthConfigInUse,
    /// The connected account cannot be used.
    #[error("The connected account cannot be used. Current status: {0}")]
    NotConnected(ConnectionStatus),
    /// The connected account presents nothing that could be handed out.
    #[error("The connected account has no credentials: its scheme is NO_AUTH.")]
    NoCredentials,
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
            Self::JobNotFailed | Self::ExecutionNotFailed => "not_failed",
            Self::ReplayUnderWay => "under_way",
            Self::EndpointDisabled => "disabled",
            Self::JobFinished | Self::ExecutionFinished => "finished",
            Self::JobOfWorkflow => "of_workflow",
            Self::WorkflowNotInactive(_) => "not_inactive",
            Self::WorkflowAlready(_) => "already",
            Self::WorkflowNotActive(_) => "not_active",
            Self::AuthConfigInUse => "in_use",
            Self::NotConnected(_) => "not_connected",
            Self::NoCredentials => "no_credentials",
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
            | Self::TooManyWebhookEndpoints
            | Self::TooManyWorkflows
            | Self::TooManyActiveWorkflows
            | Self::TooManyTemplates
            | Self::TooManyAuthConfigs
            | Self::TooManyConnectedAccounts
            | Self::TooManyInvitations => "limit_reached",
            Self::ConcurrentChange => "concurrent_change",
        }
    }

    /// Returns the status that stands in the way, if one does.
    pub fn current_status(self) -> Option<&'static str> {
        match self {
            Self::WorkflowNotInactive(status)
            | Self::WorkflowAlready(status)
            | Self::WorkflowNotActive(status) => Some(status.code()),
            Self::NotConnected(status) => Some(status.code()),
            _ => None,
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
            | Self::TooManyWebhookEndpoints
            | Self::JobNotFailed
            | Self::ReplayUnderWay
            | Self::EndpointDisabled
            | Self::JobFinished
            | Self::WorkflowNotInactive(_)
            | Self::WorkflowAlready(_)
            | Self::WorkflowNotActive(_)
            | Self::TooManyWorkflows
            | Self::TooManyActiveWorkflows
            | Self::TooManyTemplates
            | Self::ExecutionFinished
            | Self::JobOfWorkflow
            | Self::ExecutionNotFailed
            | Self::InvitationAccepted
            | Self::TooManyAuthConfigs
            | Self::TooManyConnectedAccounts
            | Self::AuthConfigInUse
            | Self::NotConnected(_)
            | Self::NoCredentials
            | Self::ConcurrentChange => None,
        }
    }
}
