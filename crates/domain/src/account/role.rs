//! Roles: named sets of permissions that accounts hold.

use crate::error::{Conflict, Error, Forbidden};
use crate::primitives::text::{is_invisible, text_type};
use crate::primitives::{RoleId, Timestamp, Version, WorkspaceId, fold};
use crate::rights::{Permission, PermissionSet, Reach};

text_type! {
    /// A role's name: 1 to 100 characters on one line, not blank. Unique without case among the global roles, and among
    /// the roles of a workspace.
    RoleName, line(1..=100)
}

/// The names that new roles cannot take, in any case: those of the built-in roles, and those to which clients of the
/// FlowMate contract attach a meaning.
const RESERVED: [&str; 7] = [
    "ADMIN",
    "TENANT_ADMIN",
    "USER",
    "SERVICE_ACCOUNT",
    "TENANT_INTEGRATOR",
    "TENANT_DEVELOPER",
    "TENANT_GUEST",
];

impl RoleName {
    /// Returns the form for comparisons.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// Returns whether new roles cannot take the name, nor one that looks the same with invisible characters.
    pub fn is_reserved(&self) -> bool {
        let visible: String = self.0.chars().filter(|character| !is_invisible(*character)).collect();
        let folded = fold(visible.trim());
        RESERVED.iter().any(|reserved| fold(reserved) == folded)
    }
}

text_type! {
    /// A role's purpose: at most 250 characters.
    RoleDescription, lines(0..=250)
}

/// A role. It grants its permissions to its holders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// The workspace it belongs to; `None` for a global role, which every workspace can use.
    pub workspace_id: Option<WorkspaceId>,
    /// Its name.
    pub name: RoleName,
    /// Its purpose; may be empty.
    pub description: RoleDescription,
    /// The permissions of its holders.
    pub permissions: PermissionSet,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How often it was changed.
    pub version: Version,
}

impl Role {
    /// The global role with every permission.
    pub const ADMIN: &str = "ADMIN";

    /// The global role with every permission in the holder's home.
    pub const TENANT_ADMIN: &str = "TENANT_ADMIN";

    /// Returns whether every workspace can use it.
    pub const fn is_global(&self) -> bool {
        self.workspace_id.is_none()
    }

    /// Returns whether accounts with this home may hold it.
    pub fn is_usable_in(&self, home: Option<WorkspaceId>) -> bool {
        self.is_global() || self.workspace_id == home
    }

    /// Returns whether any of its permissions reaches beyond a workspace.
    pub fn counts_beyond_home(&self) -> bool {
        self.permissions.iter().any(Permission::is_restricted)
    }

    /// Returns whether any of its permissions applies within the holder's home only.
    pub fn counts_at_home(&self) -> bool {
        self.permissions.iter().any(|permission| !permission.is_restricted())
    }

    /// Fails with [`Forbidden::ForeignRole`] if it belongs to a workspace out of reach.
    pub fn require_within(&self, reach: Reach) -> Result<(), Error> {
        if self.workspace_id.is_none_or(|workspace_id| reach.includes(workspace_id)) {
            return Ok(());
        }
        Err(Error::Forbidden(Forbidden::ForeignRole))
    }

    /// Fails if a caller with this reach may not change or delete it: like [`require_within`](Self::require_within), and
    /// with [`Forbidden::MissingPermission`] if the role applies beyond the caller's workspace. Global roles do, and roles
    /// with permissions that only a holder of [`Permission::All`] can grant or take away.
    pub fn require_may_change(&self, reach: Reach) -> Result<(), Error> {
        self.require_within(reach)?;
        let counts_beyond = self.is_global() || self.counts_beyond_home();
        if counts_beyond && reach != Reach::Everywhere {
            return Err(Error::Forbidden(Forbidden::MissingPermission(Permission::All)));
        }
        Ok(())
    }

    /// Fails with [`Conflict::BuiltInRole`] for a built-in role, which cannot change.
    pub fn require_changeable(&self) -> Result<(), Error> {
        if self.is_global() && self.name.is_reserved() {
            return Err(Error::Conflict(Conflict::BuiltInRole));
        }
        Ok(())
    }
}

/// A request's changes to a role. Creating a role means changing a blank one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleChanges {
    /// See [`Role::name`].
    pub name: Option<RoleName>,
    /// See [`Role::description`].
    pub description: Option<RoleDescription>,
    /// See [`Role::permissions`].
    pub permissions: Option<PermissionSet>,
}

impl RoleChanges {
    /// Applies the changes. `updated_at` and `version` move only if a field does. Fails with [`Forbidden::ReservedRoleName`].
    pub fn apply_to(self, role: &mut Role, now: Timestamp) -> Result<(), Error> {
        let before = role.clone();
        let Self { name, description, permissions } = self;
        if let Some(name) = name {
            if name.is_reserved() {
                return Err(Error::Forbidden(Forbidden::ReservedRoleName));
            }
            role.name = name;
        }
        role.description = description.unwrap_or(before.description.clone());
        role.permissions = permissions.unwrap_or(before.permissions.clone());
        if *role != before {
            role.updated_at = now;
            role.version = role.version.next();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_built_in_roles_are_reserved_in_any_case() {
        for reserved in
            ["ADMIN", "admin", "Tenant_Admin", "service_account", " USER ", "tenant_guest", "ADM\u{200B}IN"]
        {
            assert!(RoleName::parse(reserved).unwrap().is_reserved(), "{reserved}");
        }
        assert!(!RoleName::parse("Administrator").unwrap().is_reserved());
    }

    #[test]
    fn a_workspace_changes_only_its_own_roles_without_rights_beyond_it() {
        let own = WorkspaceId::from_uuid(uuid::Uuid::from_u128(1));
        let other = WorkspaceId::from_uuid(uuid::Uuid::from_u128(2));
        let now = Timestamp::from_unix_microseconds(0).unwrap();
        let missing_all = Some(Forbidden::MissingPermission(Permission::All));
        for (owner, permissions, forbidden_to_read, forbidden_to_change) in [
            (Some(own), "tenant.all", None, None),
            (Some(own), "iam.tenant.read", None, missing_all),
            (None, "tenant.roles.read", None, missing_all),
            (Some(other), "", Some(Forbidden::ForeignRole), Some(Forbidden::ForeignRole)),
        ] {
            let role = Role {
                id: RoleId::from_uuid(uuid::Uuid::from_u128(3)),
                workspace_id: owner,
                name: RoleName::parse("Support").unwrap(),
                description: RoleDescription::parse("").unwrap(),
                permissions: PermissionSet::from_stored(permissions).unwrap(),
                created_at: now,
                updated_at: now,
                version: Version::default(),
            };
            let reach = Reach::Workspace(own);
            assert_eq!(forbidden(&role.require_within(reach)), forbidden_to_read, "{role:?}");
            assert_eq!(forbidden(&role.require_may_change(reach)), forbidden_to_change, "{role:?}");
            assert_eq!(forbidden(&role.require_may_change(Reach::Everywhere)), None, "{role:?}");
        }
    }

    fn forbidden(result: &Result<(), Error>) -> Option<Forbidden> {
        match result {
            Err(Error::Forbidden(forbidden)) => Some(*forbidden),
            _ => None,
        }
    }
}
