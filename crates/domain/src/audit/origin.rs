//! The origin of a change: who makes it, and with which request.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use uuid::Uuid;

use crate::primitives::{AccountId, ApiKeyId, ExternalUserId, Reason, Source, Violation};

/// Who makes a change.
///
/// Displays and parses as its kind and its id: `api_key:7d444840-9dc0-41d1-b245-5ffdce74fad2`, or `operator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// The operator, who runs commands on the server.
    Operator,
    /// The server itself, for example at its first start.
    Server,
    /// The holder of this key.
    ApiKey(ApiKeyId),
    /// This account.
    Account(AccountId),
    /// This external user, with its access token.
    ExternalUser(ExternalUserId),
}

impl Actor {
    /// Returns the kind of actor.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Server => "server",
            Self::ApiKey(_) => "api_key",
            Self::Account(_) => "account",
            Self::ExternalUser(_) => "external_user",
        }
    }

    /// Returns its id, if it has one.
    pub const fn id(self) -> Option<Uuid> {
        match self {
            Self::Operator | Self::Server => None,
            Self::ApiKey(id) => Some(id.as_uuid()),
            Self::Account(id) => Some(id.as_uuid()),
            Self::ExternalUser(id) => Some(id.as_uuid()),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind())?;
        match self.id() {
            Some(id) => write!(formatter, ":{id}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Actor {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let known = match text.split_once(':') {
            None => match text {
                "operator" => Some(Self::Operator),
                "server" => Some(Self::Server),
                _ => None,
            },
            Some((kind, id)) => match kind {
                "api_key" => id.parse().ok().map(Self::ApiKey),
                "account" => id.parse().ok().map(Self::Account),
                "external_user" => id.parse().ok().map(Self::ExternalUser),
                _ => None,
            },
        };
        let message = "must be operator, server, or one of api_key, account and external_user with a UUID, such as api_key:…";
        known.ok_or_else(|| Violation::new(Reason::InvalidFormat, message))
    }
}

/// The origin of a change. Every function that changes an object takes one and records it in the audit log.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The source of its times and ids.
    pub source: Source,
    /// Who makes it.
    pub actor: Actor,
    /// The external user for whom a key acts, if any.
    pub acting_for: Option<ExternalUserId>,
    /// The id of the request that makes the change, if any.
    pub request_id: Option<String>,
    /// The client address of the request.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// Returns the origin of a change by an operator's command.
    pub fn operator(source: Source) -> Self {
        Self::without_request(source, Actor::Operator)
    }

    /// Returns the origin of a change by the server itself.
    pub fn server(source: Source) -> Self {
        Self::without_request(source, Actor::Server)
    }

    fn without_request(source: Source, actor: Actor) -> Self {
        Self { source, actor, acting_for: None, request_id: None, address: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_parses_from_its_text() {
        let id = Uuid::from_u128(7);
        for actor in [
            Actor::Operator,
            Actor::Server,
            Actor::ApiKey(ApiKeyId::from_uuid(id)),
            Actor::Account(AccountId::from_uuid(id)),
            Actor::ExternalUser(ExternalUserId::from_uuid(id)),
        ] {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
        for broken in
            ["", "api_key", "api_key:7", "operator:", "somebody:00000000-0000-0000-0000-000000000007"]
        {
            assert_eq!(broken.parse::<Actor>().unwrap_err().reason, Reason::InvalidFormat, "{broken}");
        }
    }
}
