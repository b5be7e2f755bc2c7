//! The permissions of accounts, and what a set of them includes.

use crate::primitives::{CodeSet, Coded, coded_texts};

macro_rules! permissions {
    ($($(#[$attribute:meta])* $name:ident = $code:literal,)+) => {
        /// One permission of an account. The FlowMate contract defines the wire codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$attribute])* $name,)+
        }

        impl Coded for Permission {
            const ALL: &'static [Self] = &[$(Self::$name,)+];

            fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

permissions! {
    /// Do everything.
    All = "all",
    /// Create workspaces.
    IamTenantCreate = "iam.tenant.create",
    /// Read workspaces.
    IamTenantRead = "iam.tenant.read",
    /// Update workspaces.
    IamTenantUpdate = "iam.tenant.update",
    /// Delete workspaces.
    IamTenantDelete = "iam.tenant.delete",
    /// Create secrets of workspaces.
    IamSecretCreate = "iam.secret.create",
    /// Read secrets of workspaces.
    IamSecretRead = "iam.secret.read",
    /// Store the keys that other services keep with workspaces. These are no API keys.
    IamKeyCreate = "iam.key.create",
    /// Read the keys that other services keep with workspaces.
    IamKeyRead = "iam.key.read",
    /// Delete the keys that other services keep with workspaces.
    IamKeyDelete = "iam.key.delete",
    /// Create API keys of every workspace, with any scope: its holder reaches whatever a key can.
    IamApiKeyCreate = "iam.apiKey.create",
    /// Read API keys of every workspace, without their secrets.
    IamApiKeyRead = "iam.apiKey.read",
    /// Revoke API keys of every workspace.
    IamApiKeyDelete = "iam.apiKey.delete",
    /// Read the audit log of every workspace.
    IamAuditRead = "iam.audit.read",
    /// Read external users of every workspace.
    IamExternalUserRead = "iam.externalUser.read",
    /// Create accounts of every workspace.
    IamAccountCreate = "iam.account.create",
    /// Read accounts of every workspace.
    IamAccountRead = "iam.account.read",
    /// Update accounts of every workspace.
    IamAccountUpdate = "iam.account.update",
    /// Delete accounts of every workspace.
    IamAccountDelete = "iam.account.delete",
    /// Create tokens for accounts.
    IamTokenCreate = "iam.token.create",
    /// Grant tokens additional permissions.
    IamTokenUpdate = "iam.token.update",
    /// Delete tokens.
    IamTokenDelete = "iam.token.delete",
    /// Look up the account of a token.
    IamTokenIntrospect = "iam.token.introspect",
    /// Do everything in the home workspace that begins with `tenant.`.
    TenantAll = "tenant.all",
    /// Create memberships of the home workspace.
    TenantMembershipCreate = "tenant.membership.create",
    /// Update memberships of the home workspace.
    TenantMembershipUpdate = "tenant.membership.update",
    /// Delete memberships of the home workspace.
    TenantMembershipDelete = "tenant.membership.delete",
    /// Read the home workspace itself.
    TenantProfileRead = "tenant.profile.read",
    /// Update the home workspace itself.
    TenantProfileUpdate = "tenant.profile.update",
    /// Delete the home workspace itself.
    TenantProfileDelete = "tenant.profile.delete",
    /// Read roles of the home workspace.
    TenantRolesRead = "tenant.roles.read",
    /// Create roles of the home workspace.
    TenantRolesCreate = "tenant.roles.create",
    /// Update roles of the home workspace.
    TenantRolesUpdate = "tenant.roles.update",
    /// Delete roles of the home workspace.
    TenantRolesDelete = "tenant.roles.delete",
    /// Read flows of the home workspace.
    TenantFlowsRead = "tenant.flows.read",
    /// Create flows of the home workspace.
    TenantFlowsCreate = "tenant.flows.create",
    /// Update flows of the home workspace.
    TenantFlowsUpdate = "tenant.flows.update",
    /// Delete flows of the home workspace.
    TenantFlowsDelete = "tenant.flows.delete",
    /// Read accounts of the home workspace.
    TenantAccountRead = "tenant.account.read",
    /// Create accounts of the home workspace.
    TenantAccountCreate = "tenant.account.create",
    /// Update accounts of the home workspace.
    TenantAccountUpdate = "tenant.account.update",
    /// Delete accounts of the home workspace.
    TenantAccountDelete = "tenant.account.delete",
    /// Create API keys of the home workspace, with any scope: its holder reaches whatever a key can.
    TenantApiKeyCreate = "tenant.apiKey.create",
    /// Read API keys of the home workspace, without their secrets.
    TenantApiKeyRead = "tenant.apiKey.read",
    /// Revoke API keys of the home workspace.
    TenantApiKeyDelete = "tenant.apiKey.delete",
    /// Read the audit log of the home workspace.
    TenantAuditRead = "tenant.audit.read",
    /// Read external users of the home workspace.
    TenantExternalUserRead = "tenant.externalUser.read",
    /// Read the workflows of the home workspace.
    FlowsRead = "flows.read",
    /// Create, update and delete workflows of the home workspace.
    FlowsWrite = "flows.write",
    /// Start and stop workflows of the home workspace.
    FlowsControl = "flows.control",
    /// Change many workflows of the home workspace at once.
    FlowsBulk = "flows.bulk",
    /// Read the templates of workflows.
    TemplatesRead = "templates.read",
    /// Create, update and delete templates of workflows.
    TemplatesWrite = "templates.write",
    /// Call the incoming webhooks of workflows.
    WebhooksExecute = "webhooks.execute",
}

coded_texts!(Permission);

impl Permission {
    /// Returns whether the permission reaches beyond one workspace: only a holder of [`All`](Self::All) may grant it.
    pub fn is_restricted(self) -> bool {
        self == Self::All || self.code().starts_with("iam.")
    }
}

/// The permissions of an account, a role or a token.
pub type PermissionSet = CodeSet<Permission>;

impl PermissionSet {
    /// Returns whether the set includes a permission. [`Permission::All`] includes everything, [`Permission::TenantAll`]
    /// everything that begins with `tenant.`, and so none of the permissions of workflows.
    pub fn include(&self, permission: Permission) -> bool {
        self.contains(permission)
            || self.contains(Permission::All)
            || (self.contains(Permission::TenantAll) && permission.code().starts_with("tenant."))
    }

    /// Returns whether the set includes every permission of another set.
    pub fn cover(&self, others: &Self) -> bool {
        others.iter().all(|permission| self.include(permission))
    }

    /// Returns the permissions of both sets.
    #[must_use]
    pub fn union(&self, others: &Self) -> Self {
        self.iter().chain(others.iter()).collect()
    }

    /// Returns the permissions that the other set does not contain.
    #[must_use]
    pub fn difference(&self, others: &Self) -> Self {
        self.iter().filter(|permission| !others.contains(*permission)).collect()
    }

    /// Returns the permissions that reach beyond one workspace.
    #[must_use]
    pub fn restricted(&self) -> Self {
        self.iter().filter(|permission| permission.is_restricted()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(codes: &str) -> PermissionSet {
        PermissionSet::from_stored(codes).unwrap()
    }

    #[test]
    fn the_permissions_are_those_of_the_contract() {
        assert_eq!(Permission::ALL.len(), 54);
        assert_eq!(Permission::ALL.iter().filter(|permission| permission.is_restricted()).count(), 23);
        for &permission in Permission::ALL {
            assert_eq!(permission.code().parse(), Ok(permission));
        }
        assert!("iam.everything".parse::<Permission>().is_err());
    }

    #[test]
    fn all_includes_everything_and_tenant_all_what_begins_with_tenant() {
        for &permission in Permission::ALL {
            assert!(set("all").include(permission), "{permission}");
            let is_of_tenant = permission.code().starts_with("tenant.");
            assert_eq!(set("tenant.all").include(permission), is_of_tenant, "{permission}");
            assert!(!PermissionSet::empty().include(permission), "{permission}");
        }
        assert!(set("tenant.all").cover(&set("tenant.roles.read tenant.all")));
        assert!(!set("tenant.roles.read").cover(&set("tenant.all")));
        assert!(!set("tenant.all").cover(&set("tenant.flows.read flows.read")));
        assert!(!set("iam.account.read tenant.all").cover(&set("iam.account.update")));
    }
}
