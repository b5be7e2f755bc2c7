//! The tokens of accounts: opaque, stored as hashes, revocable.

use std::time::Duration;

use serde::Serialize;

use crate::primitives::{AccountId, AccountTokenId, Coded, Secret, Timestamp, coded_texts};
use crate::rights::PermissionSet;

/// Where a token comes from. Its secret begins with the kind's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    /// From a log-in. It is prolonged by use.
    LogIn,
    /// Issued for the account by somebody who may.
    Issued,
    /// Made by the account for itself.
    Personal,
}

impl Coded for TokenKind {
    const ALL: &'static [Self] = &[Self::LogIn, Self::Issued, Self::Personal];

    fn code(self) -> &'static str {
        match self {
            Self::LogIn => "login",
            Self::Issued => "issued",
            Self::Personal => "personal",
        }
    }
}

coded_texts!(TokenKind);

impl TokenKind {
    /// What its secrets begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::LogIn => "lit_",
            Self::Issued => "tok_",
            Self::Personal => "pat_",
        }
    }

    /// The kind of token that a text looks like.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| text.starts_with(kind.prefix()))
    }
}

/// How long a token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLife {
    /// Until it is revoked.
    Endless,
    /// For so long after it was made.
    Fixed(Duration),
    /// For so long after it was last used.
    Prolonged(Duration),
}

impl TokenLife {
    /// How far a use must move the end of a prolonged token for the new end to be worth writing down: a hundredth of
    /// its life, at most a minute. Until then the end stands that is written.
    const WORTH_WRITING: Duration = Duration::from_mins(1);

    /// When a token ends that is made, or used, at this moment.
    pub fn end_after(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Endless => None,
            Self::Fixed(life) | Self::Prolonged(life) => Some(now.plus(life)),
        }
    }

    /// The new end of a token that is used at this moment, where it is worth writing down.
    pub fn prolonged(self, end: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let Self::Prolonged(life) = self else { return None };
        let new_end = now.plus(life);
        let step = (life / 100).min(Self::WORTH_WRITING);
        (end?.plus(step) <= new_end).then_some(new_end)
    }
}

/// A token as it is listed: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountToken {
    /// Its id.
    pub id: AccountTokenId,
    /// The account that it stands for.
    pub account_id: AccountId,
    /// Where it comes from.
    pub kind: TokenKind,
    /// The last four characters of its secret, by which people tell tokens apart.
    pub ending: String,
    /// What it is for, in the words of whoever made it; may be empty.
    pub description: String,
    /// Who asked for it, in the words of whoever made it; may be empty.
    pub inquirer: String,
    /// What it allows beyond what the account may do.
    pub permissions: PermissionSet,
    /// How long it counts.
    pub life: TokenLife,
    /// When it ends; `None` where it does not.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl AccountToken {
    /// The life of a token that is made with this one for the same account: as long as is asked for, and where this one
    /// is not of a log-in, no longer than this one's. Otherwise a token for a while could be made into one for good.
    pub fn limited(&self, asked: Option<Duration>, now: Timestamp) -> TokenLife {
        let left = self.expires_at.filter(|_| self.kind != TokenKind::LogIn).map(|end| end.since(now));
        match (asked, left) {
            (None, None) => TokenLife::Endless,
            (Some(life), None) | (None, Some(life)) => TokenLife::Fixed(life),
            (Some(asked), Some(left)) => TokenLife::Fixed(asked.min(left)),
        }
    }

    /// Whether it still counts.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A token that was just made: the only time that its secret is known.
#[derive(Debug, Clone)]
pub struct NewAccountToken {
    /// The token.
    pub token: AccountToken,
    /// Its secret.
    pub secret: Secret,
}

/// What a token is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenRequest {
    /// The account that it is to stand for.
    pub account_id: AccountId,
    /// See [`AccountToken::description`]: at most 1,000 characters.
    pub description: String,
    /// See [`AccountToken::inquirer`]: at most 255 characters.
    pub inquirer: String,
    /// See [`AccountToken::permissions`].
    pub permissions: PermissionSet,
    /// How long it is to count; `None` for until it is revoked.
    pub lifetime: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_microseconds(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn a_token_for_a_while_makes_none_for_good() {
        let (hour, day) = (Duration::from_hours(1), Duration::from_hours(24));
        let token = |kind, expires_at| AccountToken {
            id: AccountTokenId::from_uuid(uuid::Uuid::nil()),
            account_id: AccountId::from_uuid(uuid::Uuid::nil()),
            kind,
            ending: String::new(),
            description: String::new(),
            inquirer: String::new(),
            permissions: PermissionSet::empty(),
            life: TokenLife::Fixed(hour),
            expires_at,
            created_at: at(0),
        };
        let issued = token(TokenKind::Issued, Some(at(3_600)));
        assert_eq!(issued.limited(None, at(0)), TokenLife::Fixed(hour));
        assert_eq!(issued.limited(Some(day), at(0)), TokenLife::Fixed(hour));
        assert_eq!(issued.limited(Some(hour / 2), at(0)), TokenLife::Fixed(hour / 2));
        assert_eq!(token(TokenKind::Issued, None).limited(None, at(0)), TokenLife::Endless);
        let log_in = token(TokenKind::LogIn, Some(at(3_600)));
        assert_eq!(log_in.limited(Some(day), at(0)), TokenLife::Fixed(day));
    }

    #[test]
    fn a_secret_tells_its_kind() {
        for &kind in TokenKind::ALL {
            assert_eq!(TokenKind::of(&format!("{}abc", kind.prefix())), Some(kind));
        }
        assert_eq!(TokenKind::of("sk_abc"), None);
    }

    #[test]
    fn only_a_token_that_is_prolonged_by_use_gets_a_new_end_and_not_at_every_use() {
        let hour = Duration::from_hours(1);
        let life = TokenLife::Prolonged(hour);
        assert_eq!(life.end_after(at(0)), Some(at(3_600)));
        assert_eq!(life.prolonged(Some(at(3_600)), at(35)), None);
        assert_eq!(life.prolonged(Some(at(3_600)), at(36)), Some(at(3_636)));
        assert_eq!(TokenLife::Fixed(hour).prolonged(Some(at(3_600)), at(36)), None);
        assert_eq!(TokenLife::Endless.prolonged(None, at(36)), None);
        assert_eq!(TokenLife::Endless.end_after(at(0)), None);
    }
}
