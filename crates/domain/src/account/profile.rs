//! Profiles: the public fields of accounts.

use super::{Account, Nick, Username, Website};
use crate::fields::{Avatar, PersonName};
use crate::primitives::version::version_of;
use crate::primitives::{AccountId, AccountNumber};

/// The fields of an account that other accounts see, without its rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// See [`Account::id`].
    pub account_id: AccountId,
    /// See [`Account::number`].
    pub number: AccountNumber,
    /// See [`Account::username`].
    pub username: Username,
    /// See [`Account::first_name`].
    pub first_name: PersonName,
    /// See [`Account::last_name`].
    pub last_name: PersonName,
    /// See [`Account::nick`].
    pub nick: Option<Nick>,
    /// See [`Account::avatar`].
    pub avatar: Option<Avatar>,
    /// See [`Account::website`].
    pub website: Option<Website>,
}

impl Profile {
    /// Returns a text of 22 characters that changes whenever the profile does.
    pub fn version(&self) -> String {
        version_of(&format!("{self:?}"))
    }

    /// Returns the first and last name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// Returns its name in conversations: the nick, or else the first name.
    pub fn called(&self) -> &str {
        self.nick.as_ref().map_or(self.first_name.as_str(), Nick::as_str)
    }
}

impl From<&Account> for Profile {
    fn from(account: &Account) -> Self {
        Self {
            account_id: account.id,
            number: account.number,
            username: account.username.clone(),
            first_name: account.first_name.clone(),
            last_name: account.last_name.clone(),
            nick: account.nick.clone(),
            avatar: account.avatar.clone(),
            website: account.website.clone(),
        }
    }
}
