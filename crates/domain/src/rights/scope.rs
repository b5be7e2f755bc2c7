//! What a key may do.

use crate::primitives::{CodeSet, Coded, coded_texts};

/// One permission of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// See external users.
    ReadExternalUsers,
    /// Make, change, block and delete external users.
    WriteExternalUsers,
    /// Give external users access tokens.
    AuthenticateExternalUsers,
    /// See channels, groups and tiers.
    ReadSettings,
    /// Make, change and delete channels, groups and tiers.
    WriteSettings,
    /// See, make, rotate and revoke keys.
    ManageApiKeys,
    /// See the audit log, with all that is noted there, whatever else the key may see.
    ReadAuditEvents,
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
        }
    }
}

coded_texts!(Scope);

/// The scopes of a key.
pub type ScopeSet = CodeSet<Scope>;

impl Default for ScopeSet {
    /// What a key has that is made without scopes: all but managing keys and seeing the audit log.
    fn default() -> Self {
        let is_kept_back = |scope: &Scope| matches!(scope, Scope::ManageApiKeys | Scope::ReadAuditEvents);
        Scope::ALL.iter().copied().filter(|scope| !is_kept_back(scope)).collect()
    }
}

impl ScopeSet {
    /// Whether all of others are among them.
    pub fn covers(&self, others: &Self) -> bool {
        others.iter().all(|scope| self.contains(scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Reason;

    #[test]
    fn every_scope_is_read_back_from_its_code() {
        for &scope in Scope::ALL {
            assert_eq!(scope.code().parse(), Ok(scope));
        }
        assert_eq!("external_users:delete".parse::<Scope>().unwrap_err().reason, Reason::Unknown);
    }

    #[test]
    fn a_key_made_without_scopes_cannot_manage_keys() {
        let scopes = ScopeSet::default();
        assert_eq!(scopes.iter().count(), 5);
        assert!(!scopes.contains(Scope::ManageApiKeys));
        assert_eq!(ScopeSet::from_stored(&scopes.to_stored()), Ok(scopes));
    }
}
