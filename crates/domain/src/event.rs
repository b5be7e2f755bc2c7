//! Events: each change of a workspace, in one order, for programs that follow it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::audit::{Actor, FieldChanges, ObjectKind, Verb};
use crate::primitives::{
    Coded, EventId, EventPosition, ExternalUserId, Json, JsonObject, Reason, Timestamp, Violation,
    WorkspaceId, coded_texts, from_text,
};

/// What happened to an object, as an event calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventVerb {
    /// It was created.
    Created,
    /// It was updated.
    Updated,
    /// It was blocked, perhaps along with other changes.
    Blocked,
    /// It was unblocked, perhaps along with other changes.
    Unblocked,
    /// It was disabled, perhaps along with other changes.
    Disabled,
    /// It was deleted or removed.
    Deleted,
    /// It was restored.
    Restored,
    /// All its personal data was removed permanently, from earlier events, too.
    Erased,
    /// It got a new secret.
    Rotated,
    /// It was revoked.
    Revoked,
    /// Another system lets it in no more.
    Expired,
    /// It was authenticated and got an access token. Nothing has changed; the server tells of it only if asked to.
    Authenticated,
}

impl Coded for EventVerb {
    const ALL: &'static [Self] = &[
        Self::Created,
        Self::Updated,
        Self::Blocked,
        Self::Unblocked,
        Self::Disabled,
        Self::Deleted,
        Self::Restored,
        Self::Erased,
        Self::Rotated,
        Self::Revoked,
        Self::Expired,
        Self::Authenticated,
    ];

    fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Blocked => "blocked",
            Self::Unblocked => "unblocked",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::Erased => "erased",
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Authenticated => "authenticated",
        }
    }
}

coded_texts!(EventVerb);

/// A type of events. Displays and parses as `external_user.created`.
///
/// ```
/// use denizen_domain::{EventType, EventVerb};
///
/// let blocked: EventType = "external_user.blocked".parse()?;
/// assert_eq!(blocked.verb(), EventVerb::Blocked);
/// assert!(EventType::matching("external_user.*")?.contains(&blocked));
/// # Ok::<(), denizen_domain::Violation>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType {
    object: ObjectKind,
    verb: EventVerb,
}

impl EventType {
    /// Returns the type of the event for a change; `None` if no event tells of it: changes of the
    /// server itself, executions of workflows, of which there may be one for each event, and uses, which change nothing.
    pub fn of(object: ObjectKind, verb: Verb, changes: &FieldChanges) -> Option<Self> {
        let verb = match (object, verb) {
            (ObjectKind::ServerSecret | ObjectKind::Execution, _) | (_, Verb::Use) => return None,
            (ObjectKind::ExternalUser, Verb::Update) => match changes.becomes("blocked") {
                Some(true) => EventVerb::Blocked,
                Some(false) => EventVerb::Unblocked,
                None => EventVerb::Updated,
            },
            (ObjectKind::WebhookEndpoint, Verb::Update) if changes.becomes("disabled") == Some(true) => {
                EventVerb::Disabled
            }
            (ObjectKind::ConnectedAccount, Verb::Update) if changes.becomes_text("status", "EXPIRED") => {
                EventVerb::Expired
            }
            (_, Verb::Create) => EventVerb::Created,
            (_, Verb::Update) => EventVerb::Updated,
            (_, Verb::Delete) => EventVerb::Deleted,
            (_, Verb::Restore) => EventVerb::Restored,
            (_, Verb::Erase) => EventVerb::Erased,
            (_, Verb::Rotate) => EventVerb::Rotated,
            (_, Verb::Revoke) => EventVerb::Revoked,
        };
        Some(Self { object, verb })
    }

    /// The authentication of an external user.
    pub const AUTHENTICATION: Self =
        Self { object: ObjectKind::ExternalUser, verb: EventVerb::Authenticated };

    /// Returns all types, by object.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_object = |object| Self::verbs_of(object).iter().map(move |&verb| Self { object, verb });
        ObjectKind::ALL.iter().copied().flat_map(of_object)
    }

    /// Returns the kind of object.
    pub const fn object(self) -> ObjectKind {
        self.object
    }

    /// Returns what happened to it.
    pub const fn verb(self) -> EventVerb {
        self.verb
    }

    /// Returns the types that a pattern stands for: one type, or all of an object, such as `external_user.*`.
    pub fn matching(pattern: &str) -> Result<Vec<Self>, Violation> {
        let types: Vec<_> = Self::all().filter(|known| known.matches(pattern)).collect();
        if types.is_empty() {
            let message = "must be a type of events, such as external_user.updated, or all of an object, such as external_user.*";
            return Err(Violation::new(Reason::Unknown, message));
        }
        Ok(types)
    }

    fn matches(self, pattern: &str) -> bool {
        let (object, verb) = pattern.split_once('.').unwrap_or((pattern, ""));
        object == name_of(self.object) && (verb == "*" || verb == self.verb.code())
    }

    /// Returns what can happen to objects of a kind.
    const fn verbs_of(object: ObjectKind) -> &'static [EventVerb] {
        use EventVerb::{
            Authenticated, Blocked, Created, Deleted, Disabled, Erased, Expired, Restored, Revoked, Rotated,
            Unblocked, Updated,
        };
        match object {
            ObjectKind::ExternalUser => {
                &[Created, Updated, Blocked, Unblocked, Deleted, Restored, Erased, Authenticated]
            }
            ObjectKind::ExternalUserGroup
            | ObjectKind::Tier
            | ObjectKind::Channel
            | ObjectKind::Account
            | ObjectKind::Role
            | ObjectKind::Membership
            | ObjectKind::FlowMembership
            | ObjectKind::Invitation
            | ObjectKind::Workflow
            | ObjectKind::WorkflowTemplate => &[Created, Updated, Deleted],
            ObjectKind::ApiKey => &[Created, Rotated, Revoked],
            ObjectKind::Workspace | ObjectKind::Flow => &[Created, Updated],
            ObjectKind::AccountToken | ObjectKind::WorkspaceKey | ObjectKind::AuthConfig => {
                &[Created, Deleted]
            }
            ObjectKind::ConnectedAccount => &[Created, Updated, Expired, Deleted],
            ObjectKind::WebhookEndpoint => &[Created, Updated, Disabled, Deleted, Rotated],
            ObjectKind::ServerSecret | ObjectKind::Execution => &[],
        }
    }
}

/// Returns a kind of objects as events call it. Groups have the shorter name.
fn name_of(object: ObjectKind) -> &'static str {
    match object {
        ObjectKind::ExternalUserGroup => "group",
        object => object.code(),
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", name_of(self.object), self.verb)
    }
}

impl FromStr for EventType {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let unknown =
            || Violation::new(Reason::Unknown, "must be a type of events, such as external_user.updated");
        Self::all().find(|known| known.to_string() == text).ok_or_else(unknown)
    }
}

from_text!(EventType);

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One change of a workspace, as it is told to others.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id, the same as that of the change in the audit log.
    pub id: EventId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// Its position in the workspace's feed.
    pub position: EventPosition,
    /// What happened.
    pub kind: EventType,
    /// When it happened. Later positions may have earlier times.
    pub occurred_at: Timestamp,
    /// The object's id.
    pub object_id: String,
    /// The object after the change, or as it last was: a JSON object without secrets. Only the id, once the object was
    /// erased.
    pub data: Box<RawValue>,
    /// The fields that the change made different, with their values before it: a JSON object. Empty if the object did not
    /// exist before, or was erased.
    pub previous: Box<RawValue>,
    /// Who made the change.
    pub actor: Actor,
    /// The external user for whom a key acted, if any.
    pub acting_for: Option<ExternalUserId>,
    /// The id of the request that made the change, if any.
    pub request_id: Option<String>,
}

/// Which events to read. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Of one of these types; of any if empty.
    pub types: Vec<EventType>,
    /// About the object with this id.
    pub object_id: Option<String>,
}

/// Returns the fields of a record that another one has otherwise, with their values in the first: null if it lacks them.
/// Of objects within both, only such fields.
pub fn previous_values(before: &JsonObject, after: &JsonObject) -> JsonObject {
    let added = after.keys().filter(|key| !before.contains_key(*key));
    let mut previous = JsonObject::new();
    for key in before.keys().chain(added) {
        let (old, new) = (before.get(key).unwrap_or(&Json::Null), after.get(key).unwrap_or(&Json::Null));
        let old = match (old, new) {
            (old, new) if old == new => continue,
            (Json::Object(old), Json::Object(new)) => Json::Object(previous_values(old, new)),
            (old, _) => old.clone(),
        };
        previous.insert(key.clone(), old);
    }
    previous
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(value: Value) -> JsonObject {
        let Json::Object(object) = Json::from(value) else { panic!("not an object") };
        object
    }

    #[test]
    fn every_type_parses_from_its_text() {
        for known in EventType::all() {
            assert_eq!(known.to_string().parse(), Ok(known));
            assert_eq!(EventType::matching(&known.to_string()), Ok(vec![known]));
        }
        let groups: Vec<_> =
            EventType::matching("group.*").unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(groups, ["group.created", "group.updated", "group.deleted"]);
        for broken in
            ["", "*", ".", "external_user", "external_user.", "external_user_group.created", "group.rotated"]
        {
            assert_eq!(EventType::matching(broken).unwrap_err().reason, Reason::Unknown, "{broken}");
            assert_eq!(broken.parse::<EventType>().unwrap_err().reason, Reason::Unknown, "{broken}");
        }
    }

    #[test]
    fn a_change_of_a_block_has_a_type_of_its_own() {
        let of = |before, after| {
            let changes = FieldChanges::between(&object(before), &object(after));
            EventType::of(ObjectKind::ExternalUser, Verb::Update, &changes).unwrap().to_string()
        };
        assert_eq!(
            of(json!({ "blocked": false }), json!({ "blocked": true, "email": "a@b.c" })),
            "external_user.blocked"
        );
        assert_eq!(of(json!({ "blocked": true }), json!({ "blocked": false })), "external_user.unblocked");
        let reason = (json!({ "blocked": true }), json!({ "blocked": true, "blockedReason": "spam" }));
        assert_eq!(of(reason.0, reason.1), "external_user.updated");
    }

    #[test]
    fn previous_values_are_those_of_changed_fields() {
        let before =
            json!({ "name": "Ada", "email": null, "customFields": { "plan": "free", "seats": 3, "old": 1 } });
        let after = json!({ "name": "Ada", "email": "a@b.c", "customFields": { "plan": "pro", "seats": 3, "new": 2 } });
        let previous = previous_values(&object(before.clone()), &object(after));
        assert_eq!(
            Json::Object(previous).to_string(),
            r#"{"email":null,"customFields":{"plan":"free","old":1,"new":null}}"#
        );
        assert!(previous_values(&object(before.clone()), &object(before)).is_empty());
    }
}
