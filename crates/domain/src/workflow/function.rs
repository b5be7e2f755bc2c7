//! The functions that steps can perform, and the fields that each takes.

use serde_json::{Value, json};

use crate::primitives::{Coded, Json, JsonObject, Reason, Timestamp, Violation, Violations};
use crate::rights::{Permission, Scope};

macro_rules! functions {
    ($($(#[$attribute:meta])* $name:ident = $component:literal . $function:literal,)+) => {
        /// What a step does: a function of a component.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Function {
            $($(#[$attribute])* $name,)+
        }

        impl Coded for Function {
            const ALL: &'static [Self] = &[$(Self::$name,)+];

            fn code(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($component, ".", $function),)+
                }
            }
        }
    };
}

functions! {
    /// Finds an external user.
    GetUser = "external-users"."get",
    /// Creates an external user, or changes the one with the external id or username.
    UpsertUser = "external-users"."upsert",
    /// Changes an external user.
    UpdateUser = "external-users"."update",
    /// Blocks an external user.
    BlockUser = "external-users"."block",
    /// Unblocks an external user.
    UnblockUser = "external-users"."unblock",
    /// Deletes an external user.
    DeleteUser = "external-users"."delete",
    /// Restores a deleted external user.
    RestoreUser = "external-users"."restore",
    /// Lists external users.
    ListUsers = "external-users"."list",
    /// Puts an external user into a group.
    SetGroup = "external-users"."setGroup",
    /// Puts an external user on a tier.
    SetTier = "external-users"."setTier",
    /// Finds an account.
    GetAccount = "accounts"."get",
    /// Creates an account without a password.
    InviteAccount = "accounts"."invite",
    /// Disables an account.
    DisableAccount = "accounts"."disable",
    /// Enables an account.
    EnableAccount = "accounts"."enable",
    /// Gives an account a role.
    AddRole = "accounts"."addRole",
    /// Takes a role from an account.
    RemoveRole = "accounts"."removeRole",
    /// Sends an HTTP request.
    Request = "http"."request",
    /// Makes data of its fields.
    Map = "data"."map",
    /// Goes on only if a condition holds.
    Filter = "data"."filter",
    /// Goes on once for each item of a list.
    Split = "data"."split",
    /// Waits for all branches that lead to it, and goes on once with the list of what they bring.
    Merge = "data"."merge",
    /// Goes on later.
    Wait = "time"."wait",
    /// Writes a line into the log of the execution.
    WriteLog = "log"."write",
}

/// What the maker of a workflow must hold for a step: a key the scope, an account the permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRight {
    /// The scope of a key; `None` if no key may do it.
    pub scope: Option<Scope>,
    /// The permission of an account.
    pub permission: Permission,
}

/// What a field accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldKind {
    /// A text with at most this many characters.
    Text(usize),
    /// A text, or null.
    TextOrNull(usize),
    /// A whole number within these limits.
    Whole(i64, i64),
    /// `true` or `false`.
    Flag,
    /// A moment, in RFC 3339, or null.
    MomentOrNull,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// An object.
    Object,
    /// An object, or null.
    ObjectOrNull,
    /// A list.
    List,
    /// Anything.
    Any,
}

/// A field of a function.
#[derive(Debug, Clone, Copy)]
struct Field {
    name: &'static str,
    kind: FieldKind,
    is_required: bool,
    about: &'static str,
}

const fn field(name: &'static str, kind: FieldKind, about: &'static str) -> Field {
    Field { name, kind, is_required: false, about }
}

const fn required(name: &'static str, kind: FieldKind, about: &'static str) -> Field {
    Field { name, kind, is_required: true, about }
}

/// Which user or account a step is about.
const USER: [Field; 3] = [
    field(
        "id",
        FieldKind::Text(36),
        "The user's id. Without id, externalId and username: the user in whose name the workflow runs.",
    ),
    field("externalId", FieldKind::Text(250), "The customer's own id for the user."),
    field("username", FieldKind::Text(250), "The user's username."),
];

const PROFILE: [Field; 12] = [
    field("displayName", FieldKind::TextOrNull(250), "The name on screens; null clears it."),
    field("firstName", FieldKind::TextOrNull(250), "The first name; null clears it."),
    field("lastName", FieldKind::TextOrNull(250), "The last name; null clears it."),
    field("email", FieldKind::TextOrNull(254), "The e-mail address; null clears it."),
    field("phone", FieldKind::TextOrNull(16), "The phone number in E.164 form; null clears it."),
    field("avatar", FieldKind::TextOrNull(2_048), "The URL of a picture; null clears it."),
    field("locale", FieldKind::TextOrNull(35), "The language, such as de-AT; null clears it."),
    field("timezone", FieldKind::TextOrNull(64), "The IANA time zone; null clears it."),
    field("customFields", FieldKind::ObjectOrNull, "Merges into the custom fields: null removes a key."),
    field("groupId", FieldKind::TextOrNull(36), "The id of the group; null takes the user out of it."),
    field("tierId", FieldKind::TextOrNull(36), "The id of the tier; null takes the user off it."),
    field("identifier", FieldKind::TextOrNull(250), "The handle that the user logs in with; null clears it."),
];

const ACCOUNT: [Field; 2] = [
    field("id", FieldKind::Text(36), "The account's id."),
    field("username", FieldKind::Text(254), "The account's username. Either id or username is required."),
];

/// Which users to list.
const LIST: [Field; 8] = [
    field("blocked", FieldKind::Flag, "Only blocked users, or only others."),
    field("groupId", FieldKind::Text(36), "Only users in this group."),
    field("tierId", FieldKind::Text(36), "Only users on this tier."),
    field("channelId", FieldKind::Text(36), "Only users of this channel."),
    field("createdBefore", FieldKind::MomentOrNull, "Only users created before this moment."),
    field("createdAfter", FieldKind::MomentOrNull, "Only users created after this moment."),
    field("search", FieldKind::Text(250), "Only users with this text in a name or address."),
    field("limit", FieldKind::Whole(1, 1_000), "The most users; 1,000 if absent."),
];

/// What to send.
const REQUEST: [Field; 7] = [
    field("method", FieldKind::OneOf(&METHODS), "The method; GET if absent."),
    required("url", FieldKind::Text(2_048), "The URL: https, to a public address."),
    field("headers", FieldKind::Object, "Headers: an object of texts."),
    field("query", FieldKind::Object, "Parameters that the URL gets: an object of texts, numbers and flags."),
    field("body", FieldKind::Any, "The body: a text is sent as it is, anything else as JSON."),
    field("timeout", FieldKind::Whole(1, 60), "The most seconds to wait for the answer; 15 if absent."),
    field(
        "connectedAccount",
        FieldKind::Text(100),
        "The connected account of the external user whose credentials the request carries: its id, or the name of the system, such as slack.",
    ),
];

const ROLE: Field = required("role", FieldKind::Text(100), "The id or the name of the role.");

impl Function {
    /// Returns the function of a component; `None` if there is none.
    pub fn find(component: &str, name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|function| function.component() == component && function.name() == name)
    }

    /// Returns the component that it belongs to.
    pub fn component(self) -> &'static str {
        self.code().split_once('.').map_or("", |(component, _)| component)
    }

    /// Returns its name within the component.
    pub fn name(self) -> &'static str {
        self.code().split_once('.').map_or("", |(_, name)| name)
    }

    /// Returns what the maker of a workflow must hold, at the moment of the step; `None` for what touches nothing.
    pub const fn right(self) -> Option<StepRight> {
        let (scope, permission) = match self {
            Self::GetUser | Self::ListUsers => (Some(Scope::ReadExternalUsers), Permission::FlowsWrite),
            Self::UpsertUser
            | Self::UpdateUser
            | Self::BlockUser
            | Self::UnblockUser
            | Self::DeleteUser
            | Self::RestoreUser
            | Self::SetGroup
            | Self::SetTier => (Some(Scope::WriteExternalUsers), Permission::FlowsWrite),
            Self::GetAccount => (None, Permission::TenantAccountRead),
            Self::InviteAccount => (None, Permission::TenantAccountCreate),
            Self::DisableAccount | Self::EnableAccount | Self::AddRole | Self::RemoveRole => {
                (None, Permission::TenantAccountUpdate)
            }
            Self::Request => (Some(Scope::WriteWorkflows), Permission::FlowsWrite),
            Self::Map | Self::Filter | Self::Split | Self::Merge | Self::Wait | Self::WriteLog => {
                return None;
            }
        };
        Some(StepRight { scope, permission })
    }

    /// Returns what it does, in a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::GetUser => "Finds an external user. The result is the user, or null.",
            Self::UpsertUser => {
                "Changes the external user with the external id or username, or creates it in the default channel."
            }
            Self::UpdateUser => "Changes an external user.",
            Self::BlockUser => "Blocks an external user, until a moment or for good.",
            Self::UnblockUser => "Unblocks an external user.",
            Self::DeleteUser => "Deletes an external user, who can be restored.",
            Self::RestoreUser => "Restores a deleted external user.",
            Self::ListUsers => "Lists external users, oldest first. The result is a list.",
            Self::SetGroup => "Puts an external user into a group, or out of its group.",
            Self::SetTier => "Puts an external user on a tier, or off its tier.",
            Self::GetAccount => "Finds an account of the workspace. The result is the account, or null.",
            Self::InviteAccount => "Creates an account of the workspace, without a password.",
            Self::DisableAccount => "Disables an account of the workspace.",
            Self::EnableAccount => "Enables an account of the workspace.",
            Self::AddRole => "Gives an account of the workspace a role.",
            Self::RemoveRole => "Takes a role from an account of the workspace.",
            Self::Request => {
                "Sends an HTTP request to a public address. The result has status, headers and body. Answers of 4xx fail the step; no answer, 408, 425, 429 and 5xx are tried again."
            }
            Self::Map => "The result is an object of all fields.",
            Self::Filter => "Goes on only if the condition holds.",
            Self::Split => "Goes on once for each item of a list.",
            Self::Merge => "Waits for all branches that lead to it. The result is a list of what they bring.",
            Self::Wait => "Goes on later. The result is what came in.",
            Self::WriteLog => "Writes a line into the log of the execution. The result is what came in.",
        }
    }

    /// Returns its fields; `None` if it takes any.
    fn fields(self) -> Option<Vec<Field>> {
        let of_user = |more: &[Field]| [&USER, more].concat();
        let of_account = |more: &[Field]| [&ACCOUNT, more].concat();
        Some(match self {
            Self::GetUser | Self::UnblockUser | Self::DeleteUser => of_user(&[]),
            Self::UpsertUser => [&USER[1..], &PROFILE[..]].concat(),
            Self::UpdateUser => of_user(&PROFILE),
            Self::BlockUser => of_user(&[
                field("reason", FieldKind::TextOrNull(500), "Why."),
                field("until", FieldKind::MomentOrNull, "Until when; for good if absent."),
            ]),
            Self::RestoreUser => vec![required("id", FieldKind::Text(36), "The user's id.")],
            Self::ListUsers => LIST.to_vec(),
            Self::SetGroup => of_user(&[required(
                "groupId",
                FieldKind::TextOrNull(36),
                "The id of the group; null takes the user out of it.",
            )]),
            Self::SetTier => of_user(&[required(
                "tierId",
                FieldKind::TextOrNull(36),
                "The id of the tier; null takes the user off it.",
            )]),
            Self::GetAccount | Self::DisableAccount | Self::EnableAccount => of_account(&[]),
            Self::InviteAccount => vec![
                required("username", FieldKind::Text(254), "The username, an e-mail address."),
                required("firstname", FieldKind::Text(250), "The first name."),
                required("lastname", FieldKind::Text(250), "The last name."),
                field("roles", FieldKind::List, "The ids or names of the roles."),
            ],
            Self::AddRole | Self::RemoveRole => of_account(&[ROLE]),
            Self::Request => REQUEST.to_vec(),
            Self::Map => return None,
            Self::Filter => vec![required("condition", FieldKind::Flag, "Whether to go on.")],
            Self::Split => vec![required("list", FieldKind::List, "The items, at most 10,000.")],
            Self::Merge => Vec::new(),
            Self::Wait => vec![
                field("for", FieldKind::Text(40), "How long, such as 90s, 15m, 2h or 3d."),
                field("until", FieldKind::MomentOrNull, "Until when. Either for or until is required."),
            ],
            Self::WriteLog => {
                vec![required("message", FieldKind::Any, "What to write: a text, or anything as JSON.")]
            }
        })
    }

    /// Checks fields against the function's. A value for which `is_open` returns true is not known yet.
    pub fn check(self, fields: &JsonObject, is_open: impl Fn(&Json) -> bool) -> Violations {
        let mut violations = Violations::new();
        let Some(known) = self.fields() else { return violations };
        for field in &known {
            match fields.get(field.name) {
                None if field.is_required => violations.add(field.name, missing()),
                Some(value) if !is_open(value) => {
                    violations.check(field.name, field.kind.check(value));
                }
                _ => {}
            }
        }
        for name in fields.keys().filter(|name| known.iter().all(|field| field.name != **name)) {
            let names: Vec<_> = known.iter().map(|field| field.name).collect();
            let known = if names.is_empty() { "no fields".to_owned() } else { names.join(", ") };
            let message = format!("is not known: {} takes {known}", self.code());
            violations.add(name, Violation::new(Reason::Unknown, message));
        }
        violations
    }

    /// Returns the JSON Schema of its fields.
    pub fn schema(self) -> Value {
        let Some(fields) = self.fields() else { return json!({ "type": "object" }) };
        let properties: serde_json::Map<_, _> =
            fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
        let required: Vec<_> =
            fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }
}

/// The methods of HTTP requests.
pub(super) const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

fn missing() -> Violation {
    Violation::new(Reason::Required, "is required")
}

impl Field {
    fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        if let Some(object) = schema.as_object_mut() {
            object.insert("description".to_owned(), Value::from(self.about));
        }
        schema
    }
}

impl FieldKind {
    fn check(self, value: &Json) -> Result<(), Violation> {
        let is_null_allowed = matches!(self, Self::TextOrNull(_) | Self::MomentOrNull | Self::ObjectOrNull);
        match (self, value) {
            (_, Json::Null) if is_null_allowed => Ok(()),
            (Self::Any, _)
            | (Self::Flag, Json::Bool(_))
            | (Self::Object | Self::ObjectOrNull, Json::Object(_))
            | (Self::List, Json::Array(_)) => Ok(()),
            (Self::Text(most) | Self::TextOrNull(most), Json::String(text)) => {
                if text.chars().count() <= most {
                    Ok(())
                } else {
                    Err(Violation::new(Reason::TooLong, format!("must have at most {most} characters")))
                }
            }
            (Self::OneOf(texts), Json::String(text)) if texts.contains(&text.as_str()) => Ok(()),
            (Self::OneOf(texts), _) => {
                Err(Violation::new(Reason::Unknown, format!("must be one of {}", texts.join(", "))))
            }
            (Self::MomentOrNull, Json::String(text)) => moment(text).map(|_| ()),
            (Self::Whole(least, most), Json::Number(number)) => match number.as_str().parse::<i64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(()),
                _ => {
                    let message = format!("must be a whole number from {least} to {most}");
                    Err(Violation::new(Reason::OutOfRange, message))
                }
            },
            _ => Err(Violation::new(Reason::InvalidType, format!("must be {}", self.name()))),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::TextOrNull(_) => "a text or null",
            Self::Whole(..) => "a whole number",
            Self::Flag => "true or false",
            Self::MomentOrNull => "a time in RFC 3339, or null",
            Self::OneOf(_) => "one of the known texts",
            Self::Object => "an object",
            Self::ObjectOrNull => "an object or null",
            Self::List => "a list",
            Self::Any => "any value",
        }
    }

    fn schema(self) -> Value {
        match self {
            Self::Text(most) => json!({ "type": "string", "maxLength": most }),
            Self::TextOrNull(most) => json!({ "type": ["string", "null"], "maxLength": most }),
            Self::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::MomentOrNull => json!({ "type": ["string", "null"], "format": "date-time" }),
            Self::OneOf(texts) => json!({ "type": "string", "enum": texts }),
            Self::Object => json!({ "type": "object" }),
            Self::ObjectOrNull => json!({ "type": ["object", "null"] }),
            Self::List => json!({ "type": "array" }),
            Self::Any => json!({}),
        }
    }
}

/// Reads a moment in RFC 3339.
pub(super) fn moment(text: &str) -> Result<Timestamp, Violation> {
    let broken = |_| Violation::new(Reason::InvalidFormat, "must be a time in RFC 3339");
    text.parse().map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> JsonObject {
        let Json::Object(object) = Json::from(value) else { panic!("not an object") };
        object
    }

    fn faults(function: Function, fields: Value) -> Vec<String> {
        let is_open = |value: &Json| matches!(value, Json::String(text) if text.starts_with('='));
        let violations = function.check(&object(fields), is_open);
        violations.fields().iter().map(|fault| format!("{} {}", fault.field, fault.message)).collect()
    }

    #[test]
    fn every_function_is_found_by_component_and_name() {
        for &function in Function::ALL {
            assert_eq!(Function::find(function.component(), function.name()), Some(function));
            assert!(function.schema().is_object() && !function.about().is_empty(), "{function:?}");
        }
        assert_eq!(Function::find("data", "get"), None);
        assert_eq!(Function::find("data.map", ""), None);
    }

    #[test]
    fn fields_are_checked_all_at_once_but_for_expressions() {
        assert_eq!(faults(Function::BlockUser, json!({ "id": "=user.id", "until": "=now" })), [""; 0]);
        assert_eq!(
            faults(Function::BlockUser, json!({ "id": 7, "until": "soon", "because": "spam" })),
            [
                "id must be a text",
                "until must be a time in RFC 3339",
                "because is not known: external-users.block takes id, externalId, username, reason, until",
            ]
        );
        assert_eq!(faults(Function::Split, json!({})), ["list is required"]);
        assert_eq!(
            faults(Function::ListUsers, json!({ "limit": 1_001 })),
            ["limit must be a whole number from 1 to 1000"]
        );
        assert_eq!(
            faults(Function::Merge, json!({ "a": 1 })),
            ["a is not known: data.merge takes no fields"]
        );
        assert_eq!(faults(Function::Map, json!({ "anything": [1] })), [""; 0]);
    }
}
