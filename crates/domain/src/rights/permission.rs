//! What accounts may do: the catalogue of permissions, and what having some of them comes to.

use crate::primitives::{CodeSet, Coded, coded_texts};

macro_rules! permissions {
    ($($(#[$attribute:meta])* $name:ident = $code:literal,)+) => {
        /// One permission of an account. The wire codes are those of the FlowMate contract.
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
    /// Everything.
    All = "all",
    /// Make workspaces.
    IamTenantCreate = "iam.tenant.create",
    /// See workspaces.
    IamTenantRead = "iam.tenant.read",
    /// Change workspaces.
    IamTenantUpdate = "iam.tenant.update",
    /// Delete workspaces.
    IamTenantDelete = "iam.tenant.delete",
    /// Make secrets of workspaces.
    IamSecretCreate = "iam.secret.create",
    /// See secrets of workspaces.
    IamSecretRead = "iam.secret.read",
    /// Make keys of workspaces.
    IamKeyCreate = "iam.key.create",
    /// See keys of workspaces.
    IamKeyRead = "iam.key.read",
    /// Delete keys of workspaces.
    IamKeyDelete = "iam.key.delete",
    /// Make accounts, whatever their workspace.
    IamAccountCreate = "iam.account.create",
    /// See accounts, whatever their workspace.
    IamAccountRead = "iam.account.read",
    /// Change accounts, whatever their workspace.
    IamAccountUpdate = "iam.account.update",
    /// Delete accounts, whatever their workspace.
    IamAccountDelete = "iam.account.delete",
    /// Make tokens for accounts.
    IamTokenCreate = "iam.token.create",
    /// Give tokens permissions of their own.
    IamTokenUpdate = "iam.token.update",
    /// Delete tokens.
    IamTokenDelete = "iam.token.delete",
    /// Look up whose a token is.
    IamTokenIntrospect = "iam.token.introspect",
    /// Everything in the own workspace.
    TenantAll = "tenant.all",
    /// Make memberships of the own workspace.
    TenantMembershipCreate = "tenant.membership.create",
    /// Change memberships of the own workspace.
    TenantMembershipUpdate = "tenant.membership.update",
    /// Delete memberships of the own workspace.
    TenantMembershipDelete = "tenant.membership.delete",
    /// See the own workspace itself.
    TenantProfileRead = "tenant.profile.read",
    /// Change the own workspace itself.
    TenantProfileUpdate = "tenant.profile.update",
    /// Delete the own workspace itself.
    TenantProfileDelete = "tenant.profile.delete",
    /// See roles of the own workspace.
    TenantRolesRead = "tenant.roles.read",
    /// Make roles of the own workspace.
    TenantRolesCreate = "tenant.roles.create",
    /// Change roles of the own workspace.
    TenantRolesUpdate = "tenant.roles.update",
    /// Delete roles of the own workspace.
    TenantRolesDelete = "tenant.roles.delete",
    /// See flows of the own workspace.
    TenantFlowsRead = "tenant.flows.read",
    /// Make flows of the own workspace.
    TenantFlowsCreate = "tenant.flows.create",
    /// Change flows of the own workspace.
    TenantFlowsUpdate = "tenant.flows.update",
    /// Delete flows of the own workspace.
    TenantFlowsDelete = "tenant.flows.delete",
    /// See accounts of the own workspace.
    TenantAccountRead = "tenant.account.read",
    /// Make accounts of the own workspace.
    TenantAccountCreate = "tenant.account.create",
    /// Change accounts of the own workspace.
    TenantAccountUpdate = "tenant.account.update",
    /// Delete accounts of the own workspace.
    TenantAccountDelete = "tenant.account.delete",
}

coded_texts!(Permission);

impl Permission {
    /// Whether only a holder of [`All`](Self::All) may give it: what reaches beyond one workspace.
    pub fn is_restricted(self) -> bool {
        !self.code().starts_with("tenant.")
    }
}

/// The permissions of an account, a role or a token.
pub type PermissionSet = CodeSet<Permission>;

impl PermissionSet {
    /// Whether they come to this permission: [`Permission::All`] includes everything, [`Permission::TenantAll`]
    /// everything that begins with `tenant.`.
    pub fn include(&self, permission: Permission) -> bool {
        self.contains(permission)
            || self.contains(Permission::All)
            || (self.contains(Permission::TenantAll) && !permission.is_restricted())
    }

    /// Whether they come to each of these.
    pub fn cover(&self, others: &Self) -> bool {
        others.iter().all(|permission| self.include(permission))
    }

    /// All of these and those.
    #[must_use]
    pub fn union(&self, others: &Self) -> Self {
        self.iter().chain(others.iter()).collect()
    }

    /// Those that are not among the others.
    #[must_use]
    pub fn difference(&self, others: &Self) -> Self {
        self.iter().filter(|permission| !others.contains(*permission)).collect()
    }

    /// Those that reach beyond one workspace.
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
    fn the_catalogue_has_the_permissions_of_the_contract() {
        assert_eq!(Permission::ALL.len(), 37);
        assert_eq!(Permission::ALL.iter().filter(|permission| permission.is_restricted()).count(), 18);
        for &permission in Permission::ALL {
            assert_eq!(permission.code().parse(), Ok(permission));
        }
        assert!("iam.everything".parse::<Permission>().is_err());
    }

    #[test]
    fn all_includes_everything_and_tenant_all_what_is_of_the_workspace() {
        for &permission in Permission::ALL {
            assert!(set("all").include(permission), "{permission}");
            assert_eq!(set("tenant.all").include(permission), !permission.is_restricted(), "{permission}");
            assert!(!PermissionSet::empty().include(permission), "{permission}");
        }
        assert!(set("tenant.all").cover(&set("tenant.roles.read tenant.all")));
        assert!(!set("tenant.roles.read").cover(&set("tenant.all")));
        assert!(!set("iam.account.read tenant.all").cover(&set("iam.account.update")));
    }
}
