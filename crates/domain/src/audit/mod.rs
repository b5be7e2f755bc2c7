//! The audit log: who has changed what, when, from where.

mod origin;

pub use origin::{Actor, Origin};

use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::primitives::{
    AuditEventId, Coded, ExternalUserId, Position, Reason, SortKey, Timestamp, Violation, WorkspaceId,
    coded_texts,
};

/// What has been changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// An external user.
    ExternalUser,
    /// A group of external users.
    ExternalUserGroup,
    /// A tier.
    Tier,
    /// A channel.
    Channel,
    /// A key.
    ApiKey,
    /// A workspace.
    Workspace,
    /// An account.
    Account,
    /// A token of an account. Its id names it; its secret is nowhere.
    AccountToken,
    /// A role.
    Role,
    /// What an account is in a workspace. The id is the account's.
    Membership,
    /// A flow.
    Flow,
    /// What an account is in a flow. The id is the flow's.
    FlowMembership,
    /// An invitation into a flow. Its id is its number.
    Invitation,
    /// What the server signs, seals or derives with. Its id is what it is for: `access_tokens`.
    ServerSecret,
}

impl Coded for ObjectKind {
    const ALL: &'static [Self] = &[
        Self::ExternalUser,
        Self::ExternalUserGroup,
        Self::Tier,
        Self::Channel,
        Self::ApiKey,
        Self::Workspace,
        Self::Account,
        Self::AccountToken,
        Self::Role,
        Self::Membership,
        Self::Flow,
        Self::FlowMembership,
        Self::Invitation,
        Self::ServerSecret,
    ];

    fn code(self) -> &'static str {
        match self {
            Self::ExternalUser => "external_user",
            Self::ExternalUserGroup => "external_user_group",
            Self::Tier => "tier",
            Self::Channel => "channel",
            Self::ApiKey => "api_key",
            Self::Workspace => "workspace",
            Self::Account => "account",
            Self::AccountToken => "account_token",
            Self::Role => "role",
            Self::Membership => "membership",
            Self::Flow => "flow",
            Self::FlowMembership => "flow_membership",
            Self::Invitation => "invitation",
            Self::ServerSecret => "server_secret",
        }
    }
}

coded_texts!(ObjectKind);

/// What has been done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// It was made.
    Create,
    /// It was changed.
    Update,
    /// It was deleted, or taken away.
    Delete,
    /// It was brought back.
    Restore,
    /// All personal data of it were removed for good.
    Erase,
    /// A key, or the server itself, was given a new secret.
    Rotate,
    /// A key was made to open nothing any more.
    Revoke,
}

impl Coded for Verb {
    const ALL: &'static [Self] =
        &[Self::Create, Self::Update, Self::Delete, Self::Restore, Self::Erase, Self::Rotate, Self::Revoke];

    fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Erase => "erase",
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
        }
    }
}

coded_texts!(Verb);

/// The fields that a change has changed, each by its name in camel case with the values before and after it, `{"old": …,
/// "new": …}`. A field that is not there counts as null. Objects within objects are compared field by field, and named by
/// their path: `customFields.plan`, or `customFields["a.plan"]` where a name could be taken for a path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldChanges(Map<String, Value>);

impl FieldChanges {
    /// What differs between two records.
    pub fn between(before: &Map<String, Value>, after: &Map<String, Value>) -> Self {
        let mut changes = Map::new();
        compare(None, before, after, &mut changes);
        Self(changes)
    }

    /// Says of a field, too, that it has changed, though its values are secret and noted nowhere.
    #[must_use]
    pub fn and_secret(mut self, field: &str) -> Self {
        self.0.insert(field.to_owned(), serde_json::json!({ "old": null, "new": null }));
        self
    }

    /// Takes changes that were noted before they were stored.
    pub fn from_stored(changes: Map<String, Value>) -> Self {
        Self(changes)
    }

    /// The changes as a JSON object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The changes as a JSON object.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn compare(
    within: Option<&str>,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    changes: &mut Map<String, Value>,
) {
    let added = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(added) {
        let (old, new) = (before.get(key).unwrap_or(&Value::Null), after.get(key).unwrap_or(&Value::Null));
        let path = path_of(within, key);
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => compare(Some(&path), old, new, changes),
            (old, new) if old == new => {}
            (old, new) => {
                changes.insert(path, serde_json::json!({ "old": old, "new": new }));
            }
        }
    }
}

/// The path of a field within another one: no two fields have the same.
fn path_of(within: Option<&str>, key: &str) -> String {
    let Some(within) = within else { return key.to_owned() };
    if key.is_empty() || key.contains(['.', '[', '"']) {
        format!("{within}[{}]", Value::from(key))
    } else {
        format!("{within}.{key}")
    }
}

/// Something whose changes are noted in the audit log.
pub trait Recorded {
    /// What it is called there.
    const KIND: ObjectKind;

    /// Its id there.
    fn object_id(&self) -> String;

    /// Its fields as they are noted, without secrets and what follows from others; null for one that is empty. As they are
    /// at a moment: a block that has ended by then is none.
    fn record(&self, now: Timestamp) -> Map<String, Value>;
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// The workspace whose log it is in; `None` for the server's own, of what belongs to no workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// When the change was made.
    pub occurred_at: Timestamp,
    /// Who made it.
    pub actor: Actor,
    /// The external user in whose context it was made, where a key acted for one.
    pub acting_for: Option<ExternalUserId>,
    /// What was done.
    pub verb: Verb,
    /// To what.
    pub object: ObjectKind,
    /// To which one: its id.
    pub object_id: String,
    /// Which fields changed. Empty where the object's data were erased since.
    pub changes: FieldChanges,
    /// The request that asked for it, where it was one.
    pub request_id: Option<String>,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
}

impl AuditEvent {
    /// What was done to what, in one word: `external_user.update`.
    pub fn action(&self) -> AuditAction {
        AuditAction { object: self.object, verb: self.verb }
    }

    /// Its place in the log.
    pub fn position(&self) -> Position {
        Position { key: SortKey::Time(self.occurred_at), id: self.id.as_uuid() }
    }
}

/// What was done to what. Displays, and is read, as `external_user.update`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditAction {
    /// What was changed.
    pub object: ObjectKind,
    /// What was done to it.
    pub verb: Verb,
}

impl std::fmt::Display for AuditAction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.object, self.verb)
    }
}

impl std::str::FromStr for AuditAction {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let broken = || {
            let message = "must be what was changed and what was done to it: external_user.update";
            Violation::new(Reason::InvalidFormat, message)
        };
        let (object, verb) = text.split_once('.').ok_or_else(broken)?;
        Ok(Self { object: object.parse()?, verb: verb.parse()? })
    }
}

/// Which events a list holds; all conditions hold, and `None` is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditEventFilter {
    /// About the object of this id.
    pub object_id: Option<String>,
    /// Of changes that this actor has made.
    pub actor: Option<Actor>,
    /// Of this kind of change.
    pub action: Option<AuditAction>,
    /// After this moment.
    pub after: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn changes_are_the_fields_that_differ() {
        let before = json!({ "name": "a", "tierId": null, "customFields": { "plan": "free", "seats": 1 } });
        let after = json!({ "name": "b", "tierId": null, "customFields": { "plan": "free", "trial": true } });
        let changes = FieldChanges::between(&map(&before), &map(&after));
        let expected = json!({
            "name": { "old": "a", "new": "b" },
            "customFields.seats": { "old": 1, "new": null },
            "customFields.trial": { "old": null, "new": true },
        });
        assert_eq!(changes.into_map(), map(&expected));
    }

    #[test]
    fn fields_are_told_apart_whatever_they_are_called() {
        let before = json!({ "customFields": { "a": { "b": 1, "": 1 }, "a.b": 1, "a[\"b\"]": 1 } });
        let after = json!({ "customFields": { "a": { "b": 2, "": 3 }, "a.b": 4, "a[\"b\"]": 5 } });
        let changes = FieldChanges::between(&map(&before), &map(&after));
        let expected = json!({
            "customFields.a.b": { "old": 1, "new": 2 },
            "customFields.a[\"\"]": { "old": 1, "new": 3 },
            "customFields[\"a.b\"]": { "old": 1, "new": 4 },
            "customFields[\"a[\\\"b\\\"]\"]": { "old": 1, "new": 5 },
        });
        assert_eq!(changes.into_map(), map(&expected));
    }

    #[test]
    fn what_is_new_differs_where_it_is_not_null() {
        let changes = FieldChanges::between(&Map::new(), &map(&json!({ "name": "a", "tierId": null })));
        assert_eq!(changes.into_map(), map(&json!({ "name": { "old": null, "new": "a" } })));
    }

    #[test]
    fn an_action_is_read_back_from_its_text() {
        for &object in ObjectKind::ALL {
            for &verb in Verb::ALL {
                let action = AuditAction { object, verb };
                assert_eq!(action.to_string().parse(), Ok(action));
            }
        }
        for broken in ["", "external_user", "external_user.", "update", "external_user.update.it"] {
            assert!(broken.parse::<AuditAction>().is_err(), "{broken}");
        }
    }
}
