//! The origin of a change: who makes it, and with which request.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::primitives::{
    AccountId, ApiKeyId, ExecutionId, ExternalUserId, Reason, Source, Violation, WorkflowId, from_text,
};

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
    /// A step of this workflow.
    Workflow(WorkflowId),
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
            Self::Workflow(_) => "workflow",
        }
    }

    /// Returns its id, if it has one.
    pub const fn id(self) -> Option<Uuid> {
        match self {
            Self::Operator | Self::Server => None,
            Self::ApiKey(id) => Some(id.as_uuid()),
            Self::Account(id) => Some(id.as_uuid()),
            Self::ExternalUser(id) => Some(id.as_uuid()),
            Self::Workflow(id) => Some(id.as_uuid()),
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
                "workflow" => id.parse().ok().map(Self::Workflow),
                _ => None,
            },
        };
        let message = "must be operator, server, or one of api_key, account, external_user and workflow with a UUID, such as api_key:…";
        known.ok_or_else(|| Violation::new(Reason::InvalidFormat, message))
    }
}

from_text!(Actor);

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What precedes the id of an execution in the request id of the changes that its steps make.
const EXECUTION: &str = "execution-";

impl Actor {
    /// Returns the execution that made a change with this request id, if a workflow did.
    pub fn execution(self, request_id: Option<&str>) -> Option<ExecutionId> {
        match self {
            Self::Workflow(_) => request_id?.strip_prefix(EXECUTION)?.parse().ok(),
            _ => None,
        }
    }
}

/// The origin of a change. Every function that changes an object takes one and records it in the audit log.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The source of its times and ids.
    pub source: Source,
    /// Who makes it.
    pub actor: Actor,
    /// The external user for whom a key or a workflow acts, if any.
    pub acting_for: Option<ExternalUserId>,
    /// The id of the request that makes the change, if any.
    pub request_id: Option<String>,
    /// The client address of the request.
    pub address: Option<IpAddr>,
    /// The user and the machine that run the operator's command, such as `jane@db1`, if they are known.
    pub operator: Option<String>,
}

impl Origin {
    /// Returns the origin of a change by an operator's command, without the user who runs it.
    pub fn operator(source: Source) -> Self {
        Self::without_request(source, Actor::Operator)
    }

    /// Returns the origin of a change by the server itself.
    pub fn server(source: Source) -> Self {
        Self::without_request(source, Actor::Server)
    }

    /// Returns the origin of a change by a step of a workflow, in the name of an external user if there is one.
    pub fn workflow(
        source: Source,
        workflow_id: WorkflowId,
        execution_id: ExecutionId,
        acting_for: Option<ExternalUserId>,
    ) -> Self {
        let request_id = Some(format!("{EXECUTION}{execution_id}"));
        Self { acting_for, request_id, ..Self::without_request(source, Actor::Workflow(workflow_id)) }
    }

    fn without_request(source: Source, actor: Actor) -> Self {
        Self { source, actor, acting_for: None, request_id: None, address: None, operator: None }
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
            Actor::Workflow(WorkflowId::from_uuid(id)),
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
