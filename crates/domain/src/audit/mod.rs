//! The audit log: who changed which object, when, and from where.

mod origin;

pub use origin::{Actor, Origin};

use std::net::IpAddr;

use serde::de::Error as _;
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::primitives::{
    AuditEventId, Coded, ExternalUserId, Json, JsonError, JsonObject, Position, Reason, SortKey, Timestamp,
    Violation, WorkspaceId, coded_texts, from_text,
};

/// The kinds of objects in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// A token of an account. The log contains its id, never its secret.
    AccountToken,
    /// A role.
    Role,
    /// An account's membership of a workspace. The id is the account's.
    Membership,
    /// A flow.
    Flow,
    /// An account's membership of a flow. The id is the flow's.
    FlowMembership,
    /// An invitation into a flow. Its id is its number.
    Invitation,
    /// A key that other services keep with a workspace. The id is the workspace's; the log never contains the key.
    WorkspaceKey,
    /// An address to which events are sent.
    WebhookEndpoint,
    /// A workflow.
    Workflow,
    /// A template of workflows.
    WorkflowTemplate,
    /// An execution of a workflow.
    Execution,
    /// How to connect to another system.
    AuthConfig,
    /// Another system's account of an external user. The log never contains what it presents there.
    ConnectedAccount,
    /// A secret with which the server signs, seals or derives. The id is its purpose: `access_tokens`.
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
        Self::WorkspaceKey,
        Self::WebhookEndpoint,
        Self::Workflow,
        Self::WorkflowTemplate,
        Self::Execution,
        Self::AuthConfig,
        Self::ConnectedAccount,
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
            Self::WorkspaceKey => "workspace_key",
            Self::WebhookEndpoint => "webhook_endpoint",
            Self::Workflow => "workflow",
            Self::WorkflowTemplate => "workflow_template",
            Self::Execution => "execution",
            Self::AuthConfig => "auth_config",
            Self::ConnectedAccount => "connected_account",
            Self::ServerSecret => "server_secret",
        }
    }
}

coded_texts!(ObjectKind);

/// What happened to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// It was created.
    Create,
    /// It was updated.
    Update,
    /// It was deleted or removed.
    Delete,
    /// It was restored.
    Restore,
    /// All its personal data was removed permanently.
    Erase,
    /// A key or the server got a new secret.
    Rotate,
    /// A key was revoked.
    Revoke,
    /// A secret that the server keeps for others was handed out.
    Use,
}

impl Coded for Verb {
    const ALL: &'static [Self] = &[
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Restore,
        Self::Erase,
        Self::Rotate,
        Self::Revoke,
        Self::Use,
    ];

    fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Erase => "erase",
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
            Self::Use => "use",
        }
    }
}

coded_texts!(Verb);

/// The changed fields. Each camel-case name maps to the values before and after the change, `{"old": …, "new": …}`. An
/// absent field counts as null. Nested objects are compared field by field, under their path: `customFields.plan`, or
/// `customFields["a.plan"]` if the name could be mistaken for a path.
///
/// ```
/// use denizen_domain::{FieldChanges, Json};
/// use serde_json::json;
///
/// let Json::Object(before) = Json::from(json!({ "name": "Ada", "plan": { "seats": 1 } })) else { unreachable!() };
/// let Json::Object(after) = Json::from(json!({ "name": "Ada", "plan": { "seats": 2 } })) else { unreachable!() };
/// let changes = FieldChanges::between(&before, &after);
/// assert_eq!(changes.to_stored(), r#"{"plan.seats":{"old":1,"new":2}}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldChanges(JsonObject);

impl FieldChanges {
    /// Returns the differences between two records.
    pub fn between(before: &JsonObject, after: &JsonObject) -> Self {
        let mut changes = JsonObject::new();
        compare(None, before, after, &mut changes);
        Self(changes)
    }

    /// Adds a changed field whose values are secret and not recorded.
    #[must_use]
    pub fn and_secret(mut self, field: &str) -> Self {
        self.0.insert(field.to_owned(), old_and_new(Json::Null, Json::Null));
        self
    }

    /// Reads stored changes. Fails if the text is not a JSON object.
    pub fn from_stored(text: &str) -> Result<Self, JsonError> {
        match Json::parse_stored(text)? {
            Json::Object(changes) => Ok(Self(changes)),
            _ => Err(serde_json::Error::custom("not an object").into()),
        }
    }

    /// Returns the changes as JSON.
    pub fn to_stored(&self) -> String {
        Json::Object(self.0.clone()).to_string()
    }

    /// Returns the names of the changed fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the texts that a field had and has.
    pub fn texts_of(&self, field: &str) -> impl Iterator<Item = &str> {
        let values = match self.0.get(field) {
            Some(Json::Object(values)) => Some(values.values()),
            _ => None,
        };
        values.into_iter().flatten().filter_map(|value| match value {
            Json::String(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Returns the new value of a flag that has changed.
    pub fn becomes(&self, field: &str) -> Option<bool> {
        match self.0.get(field) {
            Some(Json::Object(values)) => match values.get("new") {
                Some(Json::Bool(flag)) => Some(*flag),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns whether a field has changed to this text.
    pub fn becomes_text(&self, field: &str, text: &str) -> bool {
        match self.0.get(field) {
            Some(Json::Object(values)) => {
                matches!(values.get("new"), Some(Json::String(new)) if new == text)
            }
            _ => false,
        }
    }

    /// Returns whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for FieldChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.0)
    }
}

fn compare(within: Option<&str>, before: &JsonObject, after: &JsonObject, changes: &mut JsonObject) {
    let added = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(added) {
        let (old, new) = (before.get(key).unwrap_or(&Json::Null), after.get(key).unwrap_or(&Json::Null));
        let path = path_of(within, key);
        match (old, new) {
            (Json::Object(old), Json::Object(new)) => compare(Some(&path), old, new, changes),
            (old, new) if old == new => {}
            (old, new) => {
                changes.insert(path, old_and_new(old.clone(), new.clone()));
            }
        }
    }
}

fn old_and_new(old: Json, new: Json) -> Json {
    Json::Object(JsonObject::from_iter([("old".to_owned(), old), ("new".to_owned(), new)]))
}

/// Returns the unique path of a field within an object.
fn path_of(within: Option<&str>, key: &str) -> String {
    let Some(within) = within else { return key.to_owned() };
    if key.is_empty() || key.contains(['.', '[', '"']) {
        format!("{within}[{}]", Value::from(key))
    } else {
        format!("{within}.{key}")
    }
}

/// An object whose changes the audit log records.
///
/// ```
/// use denizen_domain::{
///     ChannelId, Clock as _, ExternalUser, ExternalUserId, FieldChanges, IdSource as _, RandomIds, Recorded as _,
///     SuperIdentityId, SystemClock, WorkspaceId,
/// };
///
/// let now = SystemClock.now();
/// let before = ExternalUser::blank(
///     ExternalUserId::from_uuid(RandomIds.uuid()),
///     WorkspaceId::from_uuid(RandomIds.uuid()),
///     ChannelId::from_uuid(RandomIds.uuid()),
///     SuperIdentityId::from_uuid(RandomIds.uuid()),
///     now,
/// );
/// let after = ExternalUser { external_id: "user_12345".parse().ok(), ..before.clone() };
/// let changes = FieldChanges::between(&before.record(now), &after.record(now));
/// assert_eq!(changes.names().collect::<Vec<_>>(), ["externalId"]);
/// ```
pub trait Recorded {
    /// Its kind in the log.
    const KIND: ObjectKind;

    /// Returns its id in the log.
    fn object_id(&self) -> String;

    /// Returns what identifies it and when it was created and changed: what events show beside the recorded fields.
    fn identity(&self) -> JsonObject {
        JsonObject::from_iter([("id".to_owned(), Json::String(self.object_id()))])
    }

    /// Returns its fields at this moment, without secrets and derived fields. An empty field is null, and so is a block
    /// that has expired.
    fn record(&self, now: Timestamp) -> JsonObject;
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// The workspace whose log contains it; `None` in the server's log, for objects of no workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// When the change happened.
    pub occurred_at: Timestamp,
    /// Who made it.
    pub actor: Actor,
    /// The external user for whom a key acted, if any.
    pub acting_for: Option<ExternalUserId>,
    /// What happened to the object.
    pub verb: Verb,
    /// The kind of object.
    pub object: ObjectKind,
    /// The object's id.
    pub object_id: String,
    /// The changed fields. Empty once the object's data is erased.
    pub changes: FieldChanges,
    /// The id of the request that made the change, if any.
    pub request_id: Option<String>,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
    /// The user and the machine that ran the command which made the change, such as `jane@db1`, if any.
    pub operator: Option<String>,
}

impl AuditEvent {
    /// Returns the kind of change, such as `external_user.update`.
    pub fn action(&self) -> AuditAction {
        AuditAction { object: self.object, verb: self.verb }
    }

    /// Returns its position in the log.
    pub fn position(&self) -> Position {
        Position { key: SortKey::Time(self.occurred_at), id: self.id.as_uuid() }
    }
}

/// A kind of change. Displays and parses as `external_user.update`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditAction {
    /// The kind of object.
    pub object: ObjectKind,
    /// What happened to it.
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
            let message = "must be a kind of object and a verb, such as external_user.update";
            Violation::new(Reason::InvalidFormat, message)
        };
        let (object, verb) = text.split_once('.').ok_or_else(broken)?;
        Ok(Self { object: object.parse()?, verb: verb.parse()? })
    }
}

from_text!(AuditAction);

impl Serialize for AuditAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The conditions of a list of events. All must hold; `None` is no condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditEventFilter {
    /// About the object with this id.
    pub object_id: Option<String>,
    /// Changes by this actor.
    pub actor: Option<Actor>,
    /// Changes of this kind.
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

    fn map(value: &Value) -> JsonObject {
        let Json::Object(object) = Json::from(value.clone()) else { panic!("not an object") };
        object
    }

    fn shown(changes: &FieldChanges) -> Value {
        serde_json::to_value(changes).unwrap()
    }

    #[test]
    fn changes_are_the_differing_fields() {
        let before = json!({ "name": "a", "tierId": null, "customFields": { "plan": "free", "seats": 1 } });
        let after = json!({ "name": "b", "tierId": null, "customFields": { "plan": "free", "trial": true } });
        let changes = FieldChanges::between(&map(&before), &map(&after));
        let expected = json!({
            "name": { "old": "a", "new": "b" },
            "customFields.seats": { "old": 1, "new": null },
            "customFields.trial": { "old": null, "new": true },
        });
        assert_eq!(shown(&changes), expected);
    }

    #[test]
    fn field_paths_are_unambiguous() {
        let before = json!({ "customFields": { "a": { "b": 1, "": 1 }, "a.b": 1, "a[\"b\"]": 1 } });
        let after = json!({ "customFields": { "a": { "b": 2, "": 3 }, "a.b": 4, "a[\"b\"]": 5 } });
        let changes = FieldChanges::between(&map(&before), &map(&after));
        let expected = json!({
            "customFields.a.b": { "old": 1, "new": 2 },
            "customFields.a[\"\"]": { "old": 1, "new": 3 },
            "customFields[\"a.b\"]": { "old": 1, "new": 4 },
            "customFields[\"a[\\\"b\\\"]\"]": { "old": 1, "new": 5 },
        });
        assert_eq!(shown(&changes), expected);
    }

    #[test]
    fn a_new_field_is_a_change_unless_it_is_null() {
        let changes =
            FieldChanges::between(&JsonObject::new(), &map(&json!({ "name": "a", "tierId": null })));
        assert_eq!(shown(&changes), json!({ "name": { "old": null, "new": "a" } }));
    }

    #[test]
    fn changes_keep_numbers_as_they_are_written() {
        let record = |text: &str| {
            let Ok(Json::Object(fields)) = Json::parse_stored(text) else { panic!("not an object") };
            fields
        };
        let before = record(r#"{"customFields":{"price":10.1,"count":1e3}}"#);
        let after = record(r#"{"customFields":{"price":10.10,"count":1e3}}"#);
        let stored = serde_json::to_string(&FieldChanges::between(&before, &after)).unwrap();
        assert_eq!(stored, r#"{"customFields.price":{"old":10.1,"new":10.10}}"#);
        let read = FieldChanges::from_stored(&stored).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        assert_eq!(read.names().collect::<Vec<_>>(), ["customFields.price"]);
    }

    #[test]
    fn an_action_parses_from_its_text() {
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
