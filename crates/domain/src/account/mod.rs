//! Accounts: the people who log in.

mod authority;
mod fields;
mod password;
mod profile;
mod role;
mod token;

pub use authority::Authority;
pub use fields::{Nick, Username, Website};
#[cfg(feature = "passwords")]
pub use password::PasswordMatch;
pub use password::{DEFAULT_MINIMUM_PASSWORD_LENGTH, Password, PasswordHash};
pub use profile::Profile;
pub use role::{Role, RoleChanges, RoleDescription, RoleName};
pub use token::{AccountToken, NewAccountToken, TokenKind, TokenLife, TokenRequest};

use crate::error::{Error, Unauthenticated};
use crate::fields::{Avatar, PersonName, PhoneNumber, Status};
use crate::primitives::version::TagParts;
use crate::primitives::{AccountId, AccountNumber, Patch, RoleId, Timestamp, Version, WorkspaceId};
use crate::rights::{Permission, PermissionSet, Reach};

/// A person who logs in. The directory stores its password separately and never returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its number, for contracts that identify people by numbers.
    pub number: AccountNumber,
    /// The name it logs in with.
    pub username: Username,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Its status.
    pub status: Status,
    /// Its home: the workspace where its roles and permissions apply. It may be a member of others.
    pub home: Option<WorkspaceId>,
    /// Its roles: global ones, and those of its home.
    pub roles: Vec<Role>,
    /// The permissions granted directly.
    pub permissions: PermissionSet,
    /// Whether the holder has confirmed the e-mail address.
    pub confirmed: bool,
    /// The URL of a picture.
    pub avatar: Option<Avatar>,
    /// Phone number.
    pub phone: Option<PhoneNumber>,
    /// Its chosen name in conversations.
    pub nick: Option<Nick>,
    /// The URL of its own page.
    pub website: Option<Website>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How often it was changed.
    pub version: Version,
}

impl Account {
    /// Returns its permissions: those granted directly, and those of its roles.
    pub fn permissions_in_effect(&self) -> PermissionSet {
        self.roles.iter().fold(self.permissions.clone(), |all, role| all.union(&role.permissions))
    }

    /// Returns whether it administers the directory, if its home is in use: it is active and holds [`Permission::All`].
    pub fn administers_directory(&self) -> bool {
        self.status == Status::Active && self.permissions_in_effect().contains(Permission::All)
    }

    /// Fails with [`Unauthenticated::Disabled`] for an account that is not in use.
    pub fn require_active(&self) -> Result<(), Error> {
        match self.status {
            Status::Active => Ok(()),
            Status::Pending | Status::Disabled => Err(Error::Unauthenticated(Unauthenticated::Disabled)),
        }
    }

    /// Returns the account as a caller with this reach sees it. If its home is out of reach, the home, the roles, the
    /// permissions and the phone number are hidden.
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

    /// Returns its entity tag: a text of 22 characters that changes whenever the shown fields do, those of its roles included.
    pub fn entity_tag(&self) -> String {
        let own = TagParts::new()
            .id(self.id.as_uuid())
            .version(self.version, self.updated_at)
            .optional_id(self.home.map(WorkspaceId::as_uuid));
        let with_roles = self
            .roles
            .iter()
            .fold(own, |parts, role| parts.id(role.id.as_uuid()).version(role.version, role.updated_at));
        with_roles.tag()
    }

    /// Marks it as changed at this moment.
    pub fn mark_changed(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version = self.version.next();
    }

    /// Moves it to another home, or to none. It loses the permissions that apply within a workspace only, and the roles
    /// with any of them.
    pub fn leave_home(&mut self, new_home: Option<WorkspaceId>, now: Timestamp) {
        self.move_to(new_home);
        self.mark_changed(now);
    }

    fn move_to(&mut self, new_home: Option<WorkspaceId>) {
        self.home = new_home;
        self.roles.retain(|role| role.is_global() && !role.counts_at_home());
        self.permissions = self.permissions.restricted();
    }
}

/// An account's membership of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The account.
    pub account_id: AccountId,
    /// Whether it administers the workspace's members and flows.
    pub is_admin: bool,
    /// Whether an authorized caller vouches for the account's address, by adding the account or by setting the address.
    /// An address that the account only chose itself admits it nowhere.
    pub is_vouched_for: bool,
    /// When the account joined.
    pub created_at: Timestamp,
}

/// The fields of a new account.
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
    /// The other fields. By default, the account is active and unconfirmed, without a home and without rights.
    pub rest: AccountChanges,
}

/// A request's changes to an account, each checked by its type.
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
    /// See [`Account::roles`]: replaces all of them.
    pub roles: Option<Vec<RoleId>>,
    /// See [`Account::permissions`]: replaces all of them.
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
    /// Applies the changes, with the roles that [`roles`](Self::roles) names. `updated_at` and `version`
    /// move only if a field does. [`Authority`] decides whether the change is allowed.
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
            account.move_to(new_home);
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
            account.mark_changed(now);
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
    fn permissions_out_of_reach_are_hidden() {
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
            version: Version::default(),
        };
        let seen = account.clone().seen_within(Reach::Workspace(here));
        assert_eq!((seen.home, seen.permissions.is_empty()), (None, true));
        for reach in [Reach::Everywhere, Reach::Workspace(there)] {
            assert_eq!(account.clone().seen_within(reach), account);
        }
    }
}
