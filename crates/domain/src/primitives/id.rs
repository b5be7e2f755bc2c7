//! Typed ids and numbers: a channel's id cannot stand where a user's is asked for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that was given as an id and is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a UUID")]
pub struct InvalidId;

macro_rules! typed_ids {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Gives a UUID its meaning.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_hyphenated(text).map(Self)
            }
        }
    )+};
}

typed_ids! {
    /// Id of a [`Workspace`](crate::Workspace).
    WorkspaceId,
    /// Id of a [`Channel`](crate::Channel).
    ChannelId,
    /// Id of an [`ExternalUser`](crate::ExternalUser).
    ExternalUserId,
    /// Id of a group of external users.
    ExternalUserGroupId,
    /// Id of a tier, the plan that external users are on.
    TierId,
    /// Id of the person behind one or more external users.
    SuperIdentityId,
    /// Id of an [`ApiKey`](crate::ApiKey).
    ApiKeyId,
    /// Id of an [`Account`](crate::Account).
    AccountId,
    /// Id of an [`AccountToken`](crate::AccountToken).
    AccountTokenId,
    /// Id of a [`Role`](crate::Role).
    RoleId,
    /// Id of a [`Flow`](crate::Flow).
    FlowId,
    /// Id of an [`AuditEvent`](crate::AuditEvent).
    AuditEventId,
}

/// A text that was given as a number and is none of those that are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a positive whole number")]
pub struct InvalidNumber;

macro_rules! typed_numbers {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Gives a number its meaning.
            pub const fn from_stored(number: i64) -> Self {
                Self(number)
            }

            /// The number itself.
            pub const fn as_i64(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = InvalidNumber;

            fn from_str(text: &str) -> Result<Self, InvalidNumber> {
                parse_decimal(text).map(Self)
            }
        }
    )+};
}

typed_numbers! {
    /// Number of an [`Account`](crate::Account): positive, handed out in order, never used twice.
    AccountNumber,
    /// Number of a [`Workspace`](crate::Workspace): positive, handed out in order, never used twice.
    WorkspaceNumber,
    /// Number of an [`Invitation`](crate::Invitation): positive, handed out in order, never used twice.
    InvitationNumber,
}

impl AccountNumber {
    /// What an account has in place of a number until it is stored.
    pub const UNASSIGNED: Self = Self(0);
}

/// Only the canonical form counts: the other spellings that UUID libraries read (braces, `urn:`, no hyphens) would
/// give one object several addresses.
fn parse_hyphenated(text: &str) -> Result<Uuid, InvalidId> {
    if text.len() != uuid::fmt::Hyphenated::LENGTH {
        return Err(InvalidId);
    }
    Uuid::try_parse(text).map_err(|_| InvalidId)
}

/// Only the plain form counts, so that every number has one address: no sign, no leading zeros.
fn parse_decimal(text: &str) -> Result<i64, InvalidNumber> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().map_err(|_| InvalidNumber) } else { Err(InvalidNumber) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_in_its_plain_form_only() {
        assert_eq!("42".parse::<AccountNumber>().unwrap().as_i64(), 42);
        for wrong in ["", "0", "042", "+42", "-42", "4 2", "4.2", "9223372036854775808"] {
            assert_eq!(wrong.parse::<AccountNumber>(), Err(InvalidNumber), "{wrong}");
        }
    }

    #[test]
    fn an_id_is_read_in_its_canonical_form_only() {
        let text = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
        assert_eq!(text.parse::<ChannelId>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<ChannelId>().unwrap().to_string(), text);
        for wrong in [
            "",
            "7d4448409dc041d1b2455ffdce74fad2",
            "{7d444840-9dc0-41d1-b245-5ffdce74fad2}",
            "urn:uuid:7d444840-9dc0-41d1-b245-5ffdce74fad2",
            "7d444840-9dc0-41d1-b245-5ffdce74fadg",
        ] {
            assert_eq!(wrong.parse::<ChannelId>(), Err(InvalidId), "{wrong}");
        }
    }
}
