//! Account tokens: opaque, stored as hashes, revocable.

use std::time::Duration;

use serde::Serialize;

use crate::primitives::{AccountId, AccountTokenId, Coded, Secret, Timestamp, Violation, coded_texts, text};
use crate::rights::PermissionSet;

/// The kinds of tokens. A token's secret begins with the kind's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    /// Created by a log-in. Each use extends it.
    LogIn,
    /// Issued for the account by an authorized caller.
    Issued,
    /// Created by the account for itself.
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
    /// Returns the prefix of the kind's secrets.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::LogIn => "lit_",
            Self::Issued => "tok_",
            Self::Personal => "pat_",
        }
    }

    /// Returns the kind of token that a text's prefix tells.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| text.starts_with(kind.prefix()))
    }
}

/// The lifetime of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLife {
    /// Valid until it is revoked.
    Endless,
    /// Valid for this long after its creation.
    Fixed(Duration),
    /// Valid for this long after its last use.
    Prolonged(Duration),
}

impl TokenLife {
    /// The upper bound of the threshold below which a use does not store a new end. The threshold is a hundredth of the
    /// token's life. Until a use reaches it, the stored end applies.
    const WORTH_WRITING: Duration = Duration::from_mins(1);

    /// Returns when a token expires that is created or used at this moment.
    pub fn end_after(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Endless => None,
            Self::Fixed(life) | Self::Prolonged(life) => Some(now.plus(life)),
        }
    }

    /// Returns the new end of a token used at this moment, if it is worth storing.
    pub fn prolonged(self, end: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let Self::Prolonged(life) = self else { return None };
        let new_end = now.plus(life);
        let step = (life / 100).min(Self::WORTH_WRITING);
        (end?.plus(step) <= new_end).then_some(new_end)
    }
}

/// An account token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountToken {
    /// Its id.
    pub id: AccountTokenId,
    /// The account it authenticates.
    pub account_id: AccountId,
    /// Its kind.
    pub kind: TokenKind,
    /// The last four characters of its secret, to tell tokens apart.
    pub ending: String,
    /// Its purpose, in its creator's words; may be empty.
    pub description: String,
    /// Who asked for it, in its creator's words; may be empty.
    pub inquirer: String,
    /// Permissions in addition to the account's own.
    pub permissions: PermissionSet,
    /// Its lifetime.
    pub life: TokenLife,
    /// When it expires; `None` if never.
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl AccountToken {
    /// Returns the lifetime of a token that this one creates for the same account: the requested one, but, unless this
    /// token is from a log-in, no longer than this token's. Otherwise a temporary token could create a permanent one.
    pub fn limited(&self, asked: Option<Duration>, now: Timestamp) -> TokenLife {
        let left = self.expires_at.filter(|_| self.kind != TokenKind::LogIn).map(|end| end.since(now));
        match (asked, left) {
            (None, None) => TokenLife::Endless,
            (Some(life), None) | (None, Some(life)) => TokenLife::Fixed(life),
            (Some(asked), Some(left)) => TokenLife::Fixed(asked.min(left)),
        }
    }

    /// Returns whether it is not expired.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A token just after its creation, the only time that its secret is known.
#[derive(Debug, Clone)]
pub struct NewAccountToken {
    /// The token.
    pub token: AccountToken,
    /// Its secret.
    pub secret: Secret,
}

/// A request for a new token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenRequest {
    /// The account that it will authenticate.
    pub account_id: AccountId,
    /// See [`AccountToken::description`], checked by [`parse_description`](Self::parse_description).
    pub description: String,
    /// See [`AccountToken::inquirer`], checked by [`parse_inquirer`](Self::parse_inquirer).
    pub inquirer: String,
    /// See [`AccountToken::permissions`].
    pub permissions: PermissionSet,
    /// Its lifetime; `None` if it ends only by revocation.
    pub lifetime: Option<Duration>,
}

impl TokenRequest {
    /// Checks a description: at most 1,000 characters.
    pub fn parse_description(text: &str) -> Result<String, Violation> {
        text::lines(text, &(0..=1000))
    }

    /// Checks who asks for a token: at most 255 characters.
    pub fn parse_inquirer(text: &str) -> Result<String, Violation> {
        text::lines(text, &(0..=255))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_microseconds(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn a_temporary_token_creates_no_permanent_one() {
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
    fn the_prefix_shows_the_kind() {
        for &kind in TokenKind::ALL {
            assert_eq!(TokenKind::of(&format!("{}abc", kind.prefix())), Some(kind));
        }
        assert_eq!(TokenKind::of("sk_abc"), None);
    }

    #[test]
    fn extends_only_prolonged_tokens_and_not_on_every_use() {
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
