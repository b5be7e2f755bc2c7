//! Profiles: the public fields of accounts.

use super::{Account, Nick, Username, Website};
use crate::fields::{Avatar, PersonName};
use crate::primitives::version::TagParts;
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
    /// Returns its entity tag: a text of 22 characters that changes whenever the profile does. It is made of the fields
    /// alone, since the account's version would reveal changes to fields that others do not see.
    pub fn entity_tag(&self) -> String {
        let Self { account_id, number, username, first_name, last_name, nick, avatar, website } = self;
        TagParts::new()
            .id(account_id.as_uuid())
            .number(number.as_i64())
            .text(username.as_str())
            .text(first_name.as_str())
            .text(last_name.as_str())
            .optional_text(nick.as_ref().map(Nick::as_str))
            .optional_text(avatar.as_ref().map(Avatar::as_str))
            .optional_text(website.as_ref().map(Website::as_str))
            .tag()
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
