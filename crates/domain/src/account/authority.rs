//! Who may do what to whose account, and give what to whom.
//!
//! Everything here is a function of the rights of whoever asks and of the accounts that a request is about. Nobody can
//! raise their own rights by it, whatever the order of the requests:
//!
//! * Nobody gives what they do not hold for good, be it directly, in a role or in a token, and only a holder of
//!   [`Permission::All`] gives what reaches beyond one workspace.
//! * Nobody takes over an account that may do more than they: its password and its username, which open it, are changed
//!   only by who holds all that it holds.
//! * What is held for one workspace ends at its border: it is neither given nor opened beyond it, not even by who may
//!   change accounts everywhere.

use super::{Account, Role};
use crate::error::{Conflict, Error, Forbidden};
use crate::fields::Status;
use crate::primitives::{AccountId, Reason, Violation, Violations, WorkspaceId};
use crate::rights::{Permission, PermissionSet, Reach, Right};

/// The rights of whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The account; `None` for the operator at the server's own command line.
    pub account_id: Option<AccountId>,
    /// The workspace that the account's `tenant.` permissions are about.
    pub home: Option<WorkspaceId>,
    /// All that the account may do, with what its token adds.
    pub permissions: PermissionSet,
    /// What it may do with any token. What a token adds lets things be done for as long as the token counts; it is not
    /// to be given to anybody, which would keep it for good.
    pub lasting: PermissionSet,
}

impl Authority {
    /// The rights of an account whose token adds these permissions.
    pub fn of(account: &Account, token_permissions: &PermissionSet) -> Self {
        let lasting = account.permissions_in_effect();
        let permissions = lasting.union(token_permissions);
        Self { account_id: Some(account.id), home: account.home, permissions, lasting }
    }

    /// The rights of whoever runs commands on the server itself: all.
    pub fn operator() -> Self {
        let all: PermissionSet = [Permission::All].into_iter().collect();
        Self { account_id: None, home: None, permissions: all.clone(), lasting: all }
    }

    /// Whether this permission is held.
    pub fn holds(&self, permission: Permission) -> bool {
        self.permissions.include(permission)
    }

    /// How far a right reaches. Fails with [`Forbidden::MissingPermission`] where it is not held at all.
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

    /// Fails with [`Forbidden::NotHeld`] where one of these permissions is not this authority's to give to an account with
    /// this home.
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

    /// Fails where a role is not this authority's to give to an account with this home: with
    /// [`Forbidden::ForeignRole`] where it is of another workspace, with [`Forbidden::NotHeld`] where it comes with more
    /// than may be given.
    pub fn require_may_give_role(&self, role: &Role, home: Option<WorkspaceId>) -> Result<(), Error> {
        if !role.is_usable_in(home) {
            return Err(Error::Forbidden(Forbidden::ForeignRole));
        }
        self.require_may_give(&role.permissions, home)
    }

    /// What a role or permission that does not exist is: a broken field for who sees all there are, and not to be told
    /// from one of another workspace for everybody else.
    pub fn unknown(&self, field: &str, forbidden: Forbidden) -> Error {
        if self.holds(Permission::All) {
            let violation = Violation::new(Reason::Unknown, "must name things that exist");
            Error::Invalid(Violations::of(field, violation))
        } else {
            Error::Forbidden(forbidden)
        }
    }

    /// Fails where an account is not this authority's to make.
    pub fn require_may_make(&self, reach: Reach, account: &Account) -> Result<(), Error> {
        require_home_within(reach, account)?;
        self.require_may_give(&account.permissions, account.home)?;
        account.roles.iter().try_for_each(|role| self.require_may_give_role(role, account.home))
    }

    /// Fails where this change of an account is not this authority's to make.
    pub fn require_may_change(&self, reach: Reach, before: &Account, after: &Account) -> Result<(), Error> {
        self.require_may_touch(reach, before)?;
        require_home_within(reach, after)?;
        let is_own = self.account_id == Some(before.id);
        // What comes along to another home counts there, and so is given there.
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

    /// Fails where it is not for this authority to say what an account is opened with, its password or its username:
    /// whoever opens it may do all that it may, be in every workspace that it is a member of, and administer what it
    /// `administers`: workspaces, without those that whoever asks administers, too.
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

    /// Fails where an account is not this authority's to delete, or is its own.
    pub fn require_may_delete(&self, reach: Reach, account: &Account) -> Result<(), Error> {
        self.require_may_touch(reach, account)?;
        if self.account_id == Some(account.id) {
            return Err(Error::Conflict(Conflict::OwnAccount));
        }
        Ok(())
    }

    /// Fails where an account administers the workspace within reach, and whoever asks neither does nor may do everything in
    /// it: administering counts as much as every permission there. What an account `administers` is without what whoever
    /// asks administers, too.
    pub fn require_may_touch_admin_of(&self, reach: Reach, administers: &[WorkspaceId]) -> Result<(), Error> {
        match reach {
            Reach::Workspace(own) if administers.contains(&own) && !self.holds(Permission::TenantAll) => {
                Err(Error::Forbidden(Forbidden::GreaterRights))
            }
            Reach::Workspace(_) | Reach::Everywhere => Ok(()),
        }
    }

    /// Fails where tokens for an account that add these permissions are not this authority's to make: whoever has one
    /// may do all that the account may, and administer what it `administers`: workspaces, without those that whoever asks
    /// administers, too.
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

    /// Whether a permission is held for good that counts for an account with this home.
    fn holds_at(&self, permission: Permission, home: Option<WorkspaceId>) -> bool {
        let reaches =
            permission.is_restricted() || self.home == home || self.lasting.include(Permission::All);
        reaches && self.lasting.include(permission)
    }

    /// Whether everything that an account may do is held for good where the account may do it. Administering a workspace
    /// counts as much as every permission in it.
    fn covers(&self, account: &Account, administers: &[WorkspaceId]) -> bool {
        account.permissions_in_effect().iter().all(|permission| self.holds_at(permission, account.home))
            && administers.iter().all(|workspace| self.holds_at(Permission::TenantAll, Some(*workspace)))
    }

    /// An account that may do more than whoever asks is left alone: within a workspace, that is any right that they do
    /// not hold; with a right over all accounts, which stands above every workspace's own, any that reaches as far.
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
