//! Accounts: the people who log in.

mod authority;
mod fields;
mod password;
mod profile;
mod role;
mod token;

pub use authority::Authority;
pub use fields::{Nick, Username, Website};
pub use password::{DEFAULT_MINIMUM_PASSWORD_LENGTH, Password, PasswordHash};
pub use profile::Profile;
pub use role::{Role, RoleChanges, RoleDescription, RoleName};
pub use token::{AccountToken, NewAccountToken, TokenKind, TokenLife, TokenRequest};

use crate::audit::Recorded as _;
use crate::error::{Error, Unauthenticated};
use crate::fields::{Avatar, PersonName, PhoneNumber, Status};
use crate::primitives::version::version_of;
use crate::primitives::{AccountId, AccountNumber, Patch, RoleId, Timestamp, WorkspaceId};
use crate::rights::{PermissionSet, Reach};

/// A person who logs in. Its password is kept apart and never leaves the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its number, for contracts that know people by numbers.
    pub number: AccountNumber,
    /// What it logs in with.
    pub username: Username,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Whether it is in use.
    pub status: Status,
    /// Its home: the workspace in which its roles and permissions count. It may be a member of others.
    pub home: Option<WorkspaceId>,
    /// The roles that it holds: global ones, and its home's own.
    pub roles: Vec<Role>,
    /// What it was given directly.
    pub permissions: PermissionSet,
    /// Whether the person behind the address has confirmed it.
    pub confirmed: bool,
    /// The address of a picture.
    pub avatar: Option<Avatar>,
    /// Phone number.
    pub phone: Option<PhoneNumber>,
    /// What it is called in conversations, where it has chosen something.
    pub nick: Option<Nick>,
    /// The address of its own page.
    pub website: Option<Website>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Account {
    /// What it may do: what it was given directly, and what its roles come with.
    pub fn permissions_in_effect(&self) -> PermissionSet {
        self.roles.iter().fold(self.permissions.clone(), |all, role| all.union(&role.permissions))
    }

    /// Fails with [`Unauthenticated::Disabled`] for an account that is not in use.
    pub fn require_active(&self) -> Result<(), Error> {
        match self.status {
            Status::Active => Ok(()),
            Status::Pending | Status::Disabled => Err(Error::Unauthenticated(Unauthenticated::Disabled)),
        }
    }

    /// The account as it shows within a reach: what it may do in a home that lies beyond is not told, nor which that is, nor
    /// its phone number.
    #[must_use]
    pub fn seen_within(mut self, reach: Reach) -> Self {
        if !self.home.is_none_or(|home| reach.includes(home)) {
            self.home = None;
            self.roles = Vec::new();
            self.permissions = PermissionSet::empty();
            self.phone = None;
        }
        self
    }

    /// A text of 22 characters that is another one whenever something that is shown of the account is.
    pub fn version(&self) -> String {
        let roles: Vec<_> = self.roles.iter().map(|role| (role.id, role.updated_at)).collect();
        let fields = self.record(self.updated_at);
        version_of(&format!("{} {fields:?} {roles:?} {}", self.id, self.updated_at))
    }

    /// Moves it to another home, or to none. What counted in the old one stays behind: permissions that reach no further
    /// than a workspace, and roles with any of them.
    pub fn leave_home(&mut self, new_home: Option<WorkspaceId>, now: Timestamp) {
        self.home = new_home;
        self.roles.retain(|role| role.is_global() && !role.counts_at_home());
        self.permissions = self.permissions.restricted();
        self.updated_at = now;
    }
}

/// An account as a member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The account.
    pub account_id: AccountId,
    /// Whether it administers the workspace's members and flows.
    pub is_admin: bool,
    /// Whether somebody who may has said that the account's address is its holder's: who has brought it in, or given it
    /// the address since. Nobody comes in anywhere by an address that they have only given themselves.
    pub is_vouched_for: bool,
    /// Since when.
    pub created_at: Timestamp,
}

/// What an account is made with.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// See [`Account::username`].
    pub username: Username,
    /// See [`Account::first_name`].
    pub first_name: PersonName,
    /// See [`Account::last_name`].
    pub last_name: PersonName,
    /// Whether it administers the members and flows of its home.
    pub is_admin: bool,
    /// The rest: what is not said is active, unconfirmed, without a home and without rights.
    pub rest: AccountChanges,
}

/// What a request says of an account's fields, each checked by its type.
#[derive(Debug, Clone, Default)]
pub struct AccountChanges {
    /// See [`Account::username`].
    pub username: Option<Username>,
    /// See [`Account::first_name`].
    pub first_name: Option<PersonName>,
    /// See [`Account::last_name`].
    pub last_name: Option<PersonName>,
    /// See [`Account::status`].
    pub status: Option<Status>,
    /// See [`Account::home`].
    pub home: Patch<WorkspaceId>,
    /// See [`Account::roles`]: all of them, or nothing of them changes.
    pub roles: Option<Vec<RoleId>>,
    /// See [`Account::permissions`]: all of them, or nothing of them changes.
    pub permissions: Option<PermissionSet>,
    /// See [`Account::confirmed`].
    pub confirmed: Option<bool>,
    /// See [`Account::avatar`].
    pub avatar: Patch<Avatar>,
    /// See [`Account::phone`].
    pub phone: Patch<PhoneNumber>,
    /// See [`Account::nick`].
    pub nick: Patch<Nick>,
    /// See [`Account::website`].
    pub website: Patch<Website>,
    /// The hash of a new password.
    pub password: Option<PasswordHash>,
}

impl AccountChanges {
    /// Changes an account, with the roles that [`roles`](Self::roles) names. The time of change moves only where a field
    /// does. Whether the change is allowed is for [`Authority`] to say.
    pub fn apply_to(self, account: &mut Account, named_roles: Option<Vec<Role>>, now: Timestamp) {
        let before = account.clone();
        let Self {
            username,
            first_name,
            last_name,
            status,
            home,
            roles: _,
            permissions,
            confirmed,
            avatar,
            phone,
            nick,
            website,
            password,
        } = self;
        let mut new_home = account.home;
        home.apply(&mut new_home);
        if new_home != before.home {
            account.leave_home(new_home, before.updated_at);
        }
        set(&mut account.username, username);
        set(&mut account.first_name, first_name);
        set(&mut account.last_name, last_name);
        set(&mut account.status, status);
        set(&mut account.roles, named_roles);
        set(&mut account.permissions, permissions);
        set(&mut account.confirmed, confirmed);
        avatar.apply(&mut account.avatar);
        phone.apply(&mut account.phone);
        nick.apply(&mut account.nick);
        website.apply(&mut account.website);
        if *account != before || password.is_some() {
            account.updated_at = now;
        }
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_an_account_may_do_elsewhere_does_not_show() {
        let (here, there) =
            (WorkspaceId::from_uuid(Uuid::from_u128(1)), WorkspaceId::from_uuid(Uuid::from_u128(2)));
        let name = PersonName::parse("Jane").unwrap();
        let now = Timestamp::from_unix_microseconds(0).unwrap();
        let account = Account {
            id: AccountId::from_uuid(Uuid::nil()),
            number: AccountNumber::from_stored(1),
            username: Username::parse("jane@example.com").unwrap(),
            first_name: name.clone(),
            last_name: name,
            status: Status::Active,
            home: Some(there),
            roles: Vec::new(),
            permissions: PermissionSet::from_stored("tenant.all").unwrap(),
            confirmed: true,
            avatar: None,
            phone: None,
            nick: None,
            website: None,
            created_at: now,
            updated_at: now,
        };
        let seen = account.clone().seen_within(Reach::Workspace(here));
        assert_eq!((seen.home, seen.permissions.is_empty()), (None, true));
        for reach in [Reach::Everywhere, Reach::Workspace(there)] {
            assert_eq!(account.clone().seen_within(reach), account);
        }
    }
}
