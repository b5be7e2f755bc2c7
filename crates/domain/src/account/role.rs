//! Roles: permissions with a name, which accounts hold.

use crate::error::{Conflict, Error, Forbidden};
use crate::primitives::text::{checked, text_type};
use crate::primitives::{RoleId, Timestamp, Violation, WorkspaceId, fold};
use crate::rights::{Permission, PermissionSet, Reach};

text_type! { @declare
    /// What a role is called: 1 to 100 characters. Unique without case among the global roles, and among those of a
    /// workspace.
    RoleName
}

/// The names that no role may take, whatever the case: those of the global roles that exist from the start, and those
/// that programs of this contract expect to mean something.
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
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        checked(text, &(1..=100)).map(Self)
    }

    /// The form in which names are compared.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// Whether no further role may take it.
    pub fn is_reserved(&self) -> bool {
        let folded = fold(self.0.trim());
        RESERVED.iter().any(|reserved| fold(reserved) == folded)
    }
}

text_type! {
    /// What a role is for: at most 250 characters.
    RoleDescription, 0..=250
}

/// A role. Whoever holds it has its permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// The workspace that it belongs to; `None` for a global one, which every workspace can use.
    pub workspace_id: Option<WorkspaceId>,
    /// Its name.
    pub name: RoleName,
    /// What it is for; may be empty.
    pub description: RoleDescription,
    /// What its holders may do.
    pub permissions: PermissionSet,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Role {
    /// The global role with every permission.
    pub const ADMIN: &str = "ADMIN";

    /// The global role with every permission in the own workspace.
    pub const TENANT_ADMIN: &str = "TENANT_ADMIN";

    /// Whether every workspace can use it.
    pub const fn is_global(&self) -> bool {
        self.workspace_id.is_none()
    }

    /// Whether accounts whose home is this workspace may hold it.
    pub fn is_usable_in(&self, home: Option<WorkspaceId>) -> bool {
        self.is_global() || self.workspace_id == home
    }

    /// Whether any of its permissions reaches beyond a workspace.
    pub fn counts_beyond_home(&self) -> bool {
        self.permissions.iter().any(Permission::is_restricted)
    }

    /// Whether any of its permissions counts in the holder's home, and is another one in another home.
    pub fn counts_at_home(&self) -> bool {
        self.permissions.iter().any(|permission| !permission.is_restricted())
    }

    /// Fails with [`Forbidden::ForeignRole`] where it belongs to a workspace beyond reach.
    pub fn require_within(&self, reach: Reach) -> Result<(), Error> {
        if self.workspace_id.is_none_or(|workspace_id| reach.includes(workspace_id)) {
            return Ok(());
        }
        Err(Error::Forbidden(Forbidden::ForeignRole))
    }

    /// Fails where it is not for who reaches so far to change or delete: like [`require_within`](Self::require_within),
    /// and with [`Forbidden::MissingPermission`] where it counts beyond their own workspace. Global roles do, and those
    /// with permissions that only a holder of [`Permission::All`] gives, and so takes.
    pub fn require_may_change(&self, reach: Reach) -> Result<(), Error> {
        self.require_within(reach)?;
        let counts_beyond = self.is_global() || self.counts_beyond_home();
        if counts_beyond && reach != Reach::Everywhere {
            return Err(Error::Forbidden(Forbidden::MissingPermission(Permission::All)));
        }
        Ok(())
    }

    /// Fails with [`Conflict::BuiltInRole`] for a role that exists from the start, which stays as it is.
    pub fn require_changeable(&self) -> Result<(), Error> {
        if self.is_global() && self.name.is_reserved() {
            return Err(Error::Conflict(Conflict::BuiltInRole));
        }
        Ok(())
    }
}

/// What a request says of a role's fields. Making a role is changing a blank one.
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
    /// Changes a role. The time of change moves only where a field does. Fails with [`Forbidden::ReservedRoleName`].
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
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_roles_that_exist_are_reserved_whatever_the_case() {
        for reserved in ["ADMIN", "admin", "Tenant_Admin", "service_account", " USER ", "tenant_guest"] {
            assert!(RoleName::parse(reserved).unwrap().is_reserved(), "{reserved}");
        }
        assert!(!RoleName::parse("Administrator").unwrap().is_reserved());
    }

    #[test]
    fn a_workspace_changes_its_own_roles_that_end_at_its_border() {
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
