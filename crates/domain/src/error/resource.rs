//! What was not found.

use std::fmt;

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
    /// A job.
    Job,
    /// How to connect to another system.
    AuthConfig,
    /// A connected account.
    ConnectedAccount,
    /// A webhook endpoint.
    WebhookEndpoint,
    /// A workflow.
    Workflow,
    /// A workflow that a request to its address starts.
    IncomingWebhook,
    /// A template of workflows.
    WorkflowTemplate,
    /// An execution of a workflow.
    Execution,
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
            Self::Job => "Job",
            Self::AuthConfig => "Auth config",
            Self::ConnectedAccount => "Connected account",
            Self::WebhookEndpoint => "Webhook endpoint",
            Self::Workflow => "Workflow",
            Self::IncomingWebhook => "Incoming webhook",
            Self::WorkflowTemplate => "Template",
            Self::Execution => "Execution",
            Self::Path => "Path",
        })
    }
}
