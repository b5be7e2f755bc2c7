//! The scopes of keys.

use crate::primitives::{CodeSet, Coded, coded_texts};

/// One right of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read external users.
    ReadExternalUsers,
    /// Create, update, block and delete external users.
    WriteExternalUsers,
    /// Issue access tokens to external users.
    AuthenticateExternalUsers,
    /// Read channels, groups and tiers.
    ReadSettings,
    /// Create, update and delete channels, groups and tiers.
    WriteSettings,
    /// Read, create, rotate and revoke keys.
    ManageApiKeys,
    /// Read the whole audit log, even about objects that the key's other scopes do not cover.
    ReadAuditEvents,
    /// Follow all changes of the workspace, even of objects that the key's other scopes do not cover.
    ReadEvents,
    /// Manage webhook endpoints, which may get all events of the workspace, and see what was sent.
    ManageWebhooks,
    /// See the jobs of the workspace.
    ReadJobs,
    /// Cancel the jobs of the workspace, and try them again.
    WriteJobs,
    /// Read workflows, their templates and their runs.
    ReadWorkflows,
    /// Create, update and delete workflows and their templates.
    WriteWorkflows,
    /// Run active workflows, whose steps have the rights of their makers.
    RunWorkflows,
    /// Read how to connect to other systems.
    ReadAuthConfigs,
    /// Create and delete ways to connect to other systems, with the secrets of their clients.
    WriteAuthConfigs,
    /// Read connected accounts, but not what they present.
    ReadConnectedAccounts,
    /// Create, change and delete connected accounts, and make links that connect them.
    WriteConnectedAccounts,
    /// Get what connected accounts present to their systems.
    UseConnectedAccounts,
}

impl Coded for Scope {
    const ALL: &'static [Self] = &[
        Self::ReadExternalUsers,
        Self::WriteExternalUsers,
        Self::AuthenticateExternalUsers,
        Self::ReadSettings,
        Self::WriteSettings,
        Self::ManageApiKeys,
        Self::ReadAuditEvents,
        Self::ReadEvents,
        Self::ManageWebhooks,
        Self::ReadJobs,
        Self::WriteJobs,
        Self::ReadWorkflows,
        Self::WriteWorkflows,
        Self::RunWorkflows,
        Self::ReadAuthConfigs,
        Self::WriteAuthConfigs,
        Self::ReadConnectedAccounts,
        Self::WriteConnectedAccounts,
        Self::UseConnectedAccounts,
    ];

    fn code(self) -> &'static str {
        match self {
            Self::ReadExternalUsers => "external_users:read",
            Self::WriteExternalUsers => "external_users:write",
            Self::AuthenticateExternalUsers => "external_users:authenticate",
            Self::ReadSettings => "settings:read",
            Self::WriteSettings => "settings:write",
            Self::ManageApiKeys => "api_keys:manage",
            Self::ReadAuditEvents => "audit:read",
            Self::ReadEvents => "events:read",
            Self::ManageWebhooks => "webhooks:manage",
            Self::ReadJobs => "jobs:read",
            Self::WriteJobs => "jobs:write",
            Self::ReadWorkflows => "workflows:read",
            Self::WriteWorkflows => "workflows:write",
            Self::RunWorkflows => "workflows:run",
            Self::ReadAuthConfigs => "auth_configs:read",
            Self::WriteAuthConfigs => "auth_configs:write",
            Self::ReadConnectedAccounts => "connected_accounts:read",
            Self::WriteConnectedAccounts => "connected_accounts:write",
            Self::UseConnectedAccounts => "connected_accounts:use",
        }
    }
}

coded_texts!(Scope);

/// The scopes of a key.
///
/// ```
/// use denizen_domain::{Scope, ScopeSet};
///
/// let scopes: ScopeSet = serde_json::from_str(r#"["events:read", "external_users:read"]"#)?;
/// assert!(scopes.contains(Scope::ReadEvents));
/// assert_eq!(scopes.to_stored(), "external_users:read events:read");
/// assert!(serde_json::from_str::<ScopeSet>(r#"["events:write"]"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub type ScopeSet = CodeSet<Scope>;

impl Default for ScopeSet {
    /// Returns the scopes of a key created without any: all except managing keys and webhooks, reading the audit log and
    /// events, changing and running workflows, those of jobs, and those of connected
    /// accounts.
    fn default() -> Self {
        let kept_back = [
            Scope::ManageApiKeys,
            Scope::ReadAuditEvents,
            Scope::ReadEvents,
            Scope::ManageWebhooks,
            Scope::ReadJobs,
            Scope::WriteJobs,
            Scope::WriteWorkflows,
            Scope::RunWorkflows,
            Scope::ReadAuthConfigs,
            Scope::WriteAuthConfigs,
            Scope::ReadConnectedAccounts,
            Scope::WriteConnectedAccounts,
            Scope::UseConnectedAccounts,
        ];
        let is_kept_back = |scope: &Scope| kept_back.contains(scope);
        Scope::ALL.iter().copied().filter(|scope| !is_kept_back(scope)).collect()
    }
}

impl ScopeSet {
    /// Returns whether the set contains every scope of another set.
    pub fn covers(&self, others: &Self) -> bool {
        others.iter().all(|scope| self.contains(scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Reason;

    #[test]
    fn every_scope_parses_from_its_code() {
        for &scope in Scope::ALL {
            assert_eq!(scope.code().parse(), Ok(scope));
        }
        assert_eq!("external_users:delete".parse::<Scope>().unwrap_err().reason, Reason::Unknown);
    }

    #[test]
    fn the_default_scopes_cannot_manage_keys_or_change_or_run_workflows() {
        let scopes = ScopeSet::default();
        assert_eq!(scopes.iter().count(), 6);
        assert!(!scopes.contains(Scope::ManageApiKeys) && !scopes.contains(Scope::WriteWorkflows));
        assert!(scopes.contains(Scope::ReadWorkflows) && !scopes.contains(Scope::RunWorkflows));
        assert_eq!(ScopeSet::from_stored(&scopes.to_stored()), Ok(scopes));
    }
}
