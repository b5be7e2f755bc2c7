//! Decides which accounts a caller may change, and which rights it may grant.
//!
//! Every decision is a pure function of the caller's rights and the accounts of the request. No sequence of requests
//! lets callers raise their own rights:
//!
//! * Callers grant only rights that they hold permanently, whether directly, in a role or in a token. Only holders of
//!   [`Permission::All`] grant rights that reach beyond one workspace.
//! * Callers cannot take over an account with more rights than their own. To change its password or username, they must
//!   hold all of its rights.
//! * Rights for one workspace end there. Not even callers who may change accounts everywhere can use them to grant rights
//!   in, or take over accounts of, another workspace.

use super::{Account, Role};
use crate::error::{Conflict, Error, Forbidden};
use crate::fields::Status;
use crate::primitives::{AccountId, Reason, Violation, Violations, WorkspaceId};
use crate::rights::{Permission, PermissionSet, Reach, Right};

/// The rights of a caller.
///
/// ```
/// use denizen_domain::{Authority, Permission, Reach, Right};
///
/// let operator = Authority::operator();
/// assert!(operator.holds(Permission::IamTenantRead));
/// let right = Right { everywhere: Permission::IamAccountUpdate, at_home: None };
/// assert_eq!(operator.reach(right).unwrap(), Reach::Everywhere);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The caller's account; `None` for the operator at the server's command line.
    pub account_id: Option<AccountId>,
    /// The workspace where the account's `tenant.` permissions apply.
    pub home: Option<WorkspaceId>,
    /// The account's permissions, and those that its token adds.
    pub permissions: PermissionSet,
    /// The account's permissions without its token's. A token's permissions are temporary: the caller may use them, but
    /// not grant them, which would make them permanent.
    pub lasting: PermissionSet,
}

impl Authority {
    /// Returns the rights of an account whose token adds these permissions.
    pub fn of(account: &Account, token_permissions: &PermissionSet) -> Self {
        let lasting = account.permissions_in_effect();
        let permissions = lasting.union(token_permissions);
        Self { account_id: Some(account.id), home: account.home, permissions, lasting }
    }

    /// Returns the rights of the operator at the server's command line: all.
    pub fn operator() -> Self {
        let all: PermissionSet = [Permission::All].into_iter().collect();
        Self { account_id: None, home: None, permissions: all.clone(), lasting: all }
    }

    /// Returns whether the caller holds a permission.
    pub fn holds(&self, permission: Permission) -> bool {
        self.permissions.include(permission)
    }

    /// Returns how far the caller's right reaches. Fails with [`Forbidden::MissingPermission`] if the caller lacks it.
    pub fn reach(&self, right: Right) -> Result<Reach, Error> {
        if self.holds(right.everywhere) {
            return Ok(Reach::Everywhere);
        }
        match (right.at_home, self.home) {
            (Some(permission), Some(home)) if self.holds(permission) => Ok(Reach::Workspace(home)),
            (permission, _) => {
                let missing = permission.unwrap_or(right.everywhere);
                Err(Error::Forbidden(Forbidden::MissingPermission(missing)))
            }
        }
    }

    /// Fails with [`Forbidden::NotHeld`] if the caller may not grant all of these permissions to an account with this home.
    pub fn require_may_give(
        &self,
        permissions: &PermissionSet,
        home: Option<WorkspaceId>,
    ) -> Result<(), Error> {
        let may_give = |permission: Permission| {
            let is_for_any_holder = !permission.is_restricted() || self.lasting.include(Permission::All);
            is_for_any_holder && self.holds_at(permission, home)
        };
        if permissions.iter().all(may_give) { Ok(()) } else { Err(Error::Forbidden(Forbidden::NotHeld)) }
    }

    /// Fails if the caller may not grant a role to an account with this home: with [`Forbidden::ForeignRole`] if the role
    /// belongs to another workspace, with [`Forbidden::NotHeld`] if the caller may not grant all its permissions.
    pub fn require_may_give_role(&self, role: &Role, home: Option<WorkspaceId>) -> Result<(), Error> {
        if !role.is_usable_in(home) {
            return Err(Error::Forbidden(Forbidden::ForeignRole));
        }
        self.require_may_give(&role.permissions, home)
    }

    /// Returns the error for an unknown role or permission. Callers who see everything learn which field is wrong. For
    /// others, it looks like a role of another workspace.
    pub fn unknown(&self, field: &str, forbidden: Forbidden) -> Error {
        if self.holds(Permission::All) {
            let violation = Violation::new(Reason::Unknown, "must contain only known values");
            Error::Invalid(Violations::of(field, violation))
        } else {
            Error::Forbidden(forbidden)
        }
    }

    /// Fails if the caller may not create an account.
    pub fn require_may_make(&self, reach: Reach, account: &Account) -> Result<(), Error> {
        require_home_within(reach, account)?;
        self.require_may_give(&account.permissions, account.home)?;
        account.roles.iter().try_for_each(|role| self.require_may_give_role(role, account.home))
    }

    /// Fails if the caller may not make this change to an account.
    pub fn require_may_change(&self, reach: Reach, before: &Account, after: &Account) -> Result<(), Error> {
        self.require_may_touch(reach, before)?;
        require_home_within(reach, after)?;
        let is_own = self.account_id == Some(before.id);
        // Rights that move to another home apply there, and so the caller grants them there.
        let moves = before.home != after.home;
        let kept = if moves { PermissionSet::empty() } else { before.permissions.clone() };
        self.require_may_give(&after.permissions.difference(&kept), after.home)?;
        for role in &after.roles {
            if moves || !before.roles.iter().any(|had| had.id == role.id) {
                self.require_may_give_role(role, after.home)?;
            }
        }
        if is_own && after.status != Status::Active {
            return Err(Error::Conflict(Conflict::OwnAccount));
        }
        Ok(())
    }

    /// Fails if the caller may not change an account's password or username, since who logs in with them has all of the
    /// account's rights, in every workspace of which it is a member. `administers` lists the workspaces that the account
    /// administers and the caller does not.
    pub fn require_may_open(
        &self,
        reach: Reach,
        account: &Account,
        is_member_elsewhere: bool,
        administers: &[WorkspaceId],
    ) -> Result<(), Error> {
        let is_own = self.account_id == Some(account.id);
        let crosses_border = matches!(reach, Reach::Workspace(_)) && is_member_elsewhere;
        if is_own || (self.covers(account, administers) && !crosses_border) {
            return Ok(());
        }
        Err(Error::Forbidden(Forbidden::GreaterRights))
    }

    /// Fails if the caller may not delete an account, or it is the caller's own.
    pub fn require_may_delete(&self, reach: Reach, account: &Account) -> Result<(), Error> {
        self.require_may_touch(reach, account)?;
        if self.account_id == Some(account.id) {
            return Err(Error::Conflict(Conflict::OwnAccount));
        }
        Ok(())
    }

    /// Fails if an account administers the workspace within reach, and the caller neither does nor holds every permission
    /// there: administering a workspace equals every permission in it. `administers` lists the workspaces that the account
    /// administers and the caller does not.
    pub fn require_may_touch_admin_of(&self, reach: Reach, administers: &[WorkspaceId]) -> Result<(), Error> {
        match reach {
            Reach::Workspace(own) if administers.contains(&own) && !self.holds(Permission::TenantAll) => {
                Err(Error::Forbidden(Forbidden::GreaterRights))
            }
            Reach::Workspace(_) | Reach::Everywhere => Ok(()),
        }
    }

    /// Fails if the caller may not create tokens with these additional permissions for an account, since their holders
    /// have all of the account's rights. `administers` lists the workspaces that the account administers and the caller
    /// does not.
    pub fn require_may_stand_in_for(
        &self,
        account: &Account,
        more: &PermissionSet,
        administers: &[WorkspaceId],
    ) -> Result<(), Error> {
        self.require_may_give(more, account.home)?;
        if self.covers(account, administers) {
            Ok(())
        } else {
            Err(Error::Forbidden(Forbidden::GreaterRights))
        }
    }

    /// Returns whether the caller permanently holds a permission where an account with this home would use it.
    fn holds_at(&self, permission: Permission, home: Option<WorkspaceId>) -> bool {
        let reaches =
            permission.is_restricted() || self.home == home || self.lasting.include(Permission::All);
        reaches && self.lasting.include(permission)
    }

    /// Returns whether the caller permanently holds all rights of an account, where the account holds them. Administering
    /// a workspace equals every permission in it.
    fn covers(&self, account: &Account, administers: &[WorkspaceId]) -> bool {
        account.permissions_in_effect().iter().all(|permission| self.holds_at(permission, account.home))
            && administers.iter().all(|workspace| self.holds_at(Permission::TenantAll, Some(*workspace)))
    }

    /// Fails if an account has more rights than the caller. Within a workspace, every right that the caller lacks counts;
    /// for a caller with a right over all accounts, only rights that reach beyond a workspace do.
    fn require_may_touch(&self, reach: Reach, account: &Account) -> Result<(), Error> {
        require_home_within(reach, account)?;
        let rights = account.permissions_in_effect();
        let in_the_way = match reach {
            Reach::Everywhere => rights.restricted(),
            Reach::Workspace(_) => rights,
        };
        if self.permissions.cover(&in_the_way) {
            Ok(())
        } else {
            Err(Error::Forbidden(Forbidden::GreaterRights))
        }
    }
}

fn require_home_within(reach: Reach, account: &Account) -> Result<(), Error> {
    match (reach, account.home) {
        (Reach::Everywhere, _) => Ok(()),
        (Reach::Workspace(own), Some(home)) if own == home => Ok(()),
        (Reach::Workspace(_), _) => Err(Error::Forbidden(Forbidden::ForeignWorkspace)),
    }
}

#[cfg(test)]
mod tests;
