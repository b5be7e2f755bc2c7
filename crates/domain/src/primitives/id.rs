//! Typed ids and numbers. The compiler rejects a channel's id where a user's id is expected.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Reason, Violation, from_text};

/// The error for a text that is not a UUID in its canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a UUID")]
pub struct InvalidId;

impl From<InvalidId> for Violation {
    fn from(InvalidId: InvalidId) -> Self {
        Self::new(Reason::InvalidUuid, "must be a UUID")
    }
}

macro_rules! typed_ids {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Creates the id from a UUID.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the UUID.
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

        from_text!($name);
    )+};
}

typed_ids! {
    /// Id of a [`Workspace`](crate::Workspace).
    WorkspaceId,
    /// Id of a [`Channel`](crate::Channel).
    ChannelId,
    /// Id of an [`ExternalUser`](crate::ExternalUser).
    ExternalUserId,
    /// Id of an [`ExternalUserGroup`](crate::ExternalUserGroup).
    ExternalUserGroupId,
    /// Id of a [`Tier`](crate::Tier).
    TierId,
    /// Id of a [`SuperIdentity`](crate::SuperIdentity).
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
    /// Id of an [`Event`](crate::Event).
    EventId,
    /// Id of a [`Job`](crate::Job).
    JobId,
    /// Id of a [`WebhookEndpoint`](crate::WebhookEndpoint).
    WebhookEndpointId,
    /// Id of a [`Workflow`](crate::Workflow).
    WorkflowId,
    /// Id of a [`WorkflowTemplate`](crate::WorkflowTemplate).
    WorkflowTemplateId,
    /// Id of an [`Execution`](crate::Execution).
    ExecutionId,
    /// Id of an [`AuthConfig`](crate::AuthConfig).
    AuthConfigId,
    /// Id of a [`ConnectedAccount`](crate::ConnectedAccount).
    ConnectedAccountId,
    /// Id of a link that connects an account.
    ConnectionLinkId,
}

/// The error for a text that is not a positive whole number in plain form.
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
            /// Creates the typed number from a stored one.
            pub const fn from_stored(number: i64) -> Self {
                Self(number)
            }

            /// Returns the plain number.
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

        from_text!(@try_from $name);
    )+};
}

typed_numbers! {
    /// Position of an [`Event`](crate::Event) in its workspace's feed: 1 for the first event, without gaps. 0 is the
    /// position before it.
    EventPosition,
    /// Number of an [`Account`](crate::Account): positive, assigned in order, never reused.
    AccountNumber,
    /// Number of a [`Workspace`](crate::Workspace): positive, assigned in order, never reused.
    WorkspaceNumber,
    /// Number of an [`Invitation`](crate::Invitation): positive, assigned in order, never reused.
    InvitationNumber,
}

impl AccountNumber {
    /// Stands in for the number of an account that is not stored yet.
    pub const UNASSIGNED: Self = Self(0);
}

/// Accepts the canonical form only. The other spellings that UUID libraries read (braces, `urn:`, no hyphens) would
/// give one object several addresses.
fn parse_hyphenated(text: &str) -> Result<Uuid, InvalidId> {
    if text.len() != uuid::fmt::Hyphenated::LENGTH {
        return Err(InvalidId);
    }
    Uuid::try_parse(text).map_err(|_| InvalidId)
}

/// Accepts the plain form only, without sign or leading zeros, to give every number one address.
fn parse_decimal(text: &str) -> Result<i64, InvalidNumber> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().map_err(|_| InvalidNumber) } else { Err(InvalidNumber) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_parses_in_its_plain_form_only() {
        assert_eq!("42".parse::<AccountNumber>().unwrap().as_i64(), 42);
        for wrong in ["", "0", "042", "+42", "-42", "4 2", "4.2", "9223372036854775808"] {
            assert_eq!(wrong.parse::<AccountNumber>(), Err(InvalidNumber), "{wrong}");
        }
    }

    #[test]
    fn an_id_parses_in_its_canonical_form_only() {
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
