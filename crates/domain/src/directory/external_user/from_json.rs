//! Changes to a user, read from JSON.

use super::{
    AccessChange, CustomFields, DisplayName, ExternalId, ExternalUserChanges, Identifier, Locale, TimeZone,
};
use crate::error::{BadRequest, Error};
use crate::fields::{Avatar, EmailAddress, PersonName, PhoneNumber};
use crate::primitives::{InvalidId, Json, JsonObject, Patch, Reason, Timestamp, Violation, Violations};

/// The fields that [`ExternalUserChanges::from_json`] reads.
const FIELDS: [&str; 14] = [
    "externalId",
    "identifier",
    "displayName",
    "firstName",
    "lastName",
    "email",
    "phone",
    "avatar",
    "locale",
    "timezone",
    "customFields",
    "externalUserGroupId",
    "tierId",
    "blocked",
];

/// The fields that the directory sets itself.
const READ_ONLY: [&str; 6] = ["id", "workspaceId", "channelId", "superIdentityId", "createdAt", "updatedAt"];

impl ExternalUserChanges {
    /// Reads changes from a JSON object with the names that events and the audit log use. An absent field stays unchanged, and
    /// null clears it. `blocked` is `true`, `false`, or an object with a `reason`, the end as `until`, or both; the end lies
    /// after `now`.
    ///
    /// Fails with [`Error::Invalid`], which names every broken and every unknown field, or with [`Error::BadRequest`] if this
    /// is not an object.
    ///
    /// From a [`Json`], numbers in the custom fields keep their spelling; a [`serde_json::Value`] has lost it.
    ///
    /// ```
    /// use denizen_domain::{Clock as _, ExternalUserChanges, Patch, SystemClock};
    /// use serde_json::json;
    ///
    /// let now = SystemClock.now();
    /// let changes = ExternalUserChanges::from_json(&json!({ "email": "jane@example.com", "phone": null }), now)?;
    /// assert_eq!(changes.email, Patch::Value("jane@example.com".parse()?));
    /// assert_eq!((changes.phone, changes.locale), (Patch::Null, Patch::Absent));
    ///
    /// let broken = ExternalUserChanges::from_json(&json!({ "emial": "jane@example.com", "phone": "555" }), now);
    /// assert_eq!(
    ///     broken.unwrap_err().to_string(),
    ///     "emial is not a field of an external user; \
    ///      phone must be a phone number in E.164 form, such as +15551234567",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(json: impl Into<Json>, now: Timestamp) -> Result<Self, Error> {
        let Json::Object(object) = json.into() else {
            let problem = "The changes to an external user must be a JSON object.".to_owned();
            return Err(Error::BadRequest(BadRequest::InvalidJson(problem)));
        };
        let mut read = Members { violations: unexpected(&object), object };
        let changes = Self {
            external_id: read.text("externalId", ExternalId::parse),
            identifier: read.text("identifier", Identifier::parse),
            display_name: read.text("displayName", DisplayName::parse),
            first_name: read.text("firstName", PersonName::parse),
            last_name: read.text("lastName", PersonName::parse),
            email: read.text("email", EmailAddress::parse),
            phone: read.text("phone", PhoneNumber::parse),
            avatar: read.text("avatar", Avatar::parse),
            locale: read.text("locale", Locale::parse),
            timezone: read.text("timezone", TimeZone::parse),
            custom_fields: read.object("customFields"),
            external_user_group_id: read.text("externalUserGroupId", id),
            tier_id: read.text("tierId", id),
            access: read.access("blocked", now),
        };
        read.violations.into_result(changes)
    }
}

/// Returns a violation for each member that is no field, or one that cannot be changed.
fn unexpected(object: &JsonObject) -> Violations {
    let mut violations = Violations::new();
    let mut refuse = |name: &str, whole: &str| {
        let message = format!("is not a field of {whole}");
        violations.add(name, Violation::new(Reason::UnknownField, message));
    };
    for name in object.keys().map(String::as_str) {
        if !FIELDS.contains(&name) && !READ_ONLY.contains(&name) {
            refuse(name, "an external user");
        }
    }
    if let Some(Json::Object(block)) = object.get("blocked") {
        for name in block.keys().filter(|name| !AccessChange::KEYS.contains(&name.as_str())) {
            refuse(&format!("blocked.{name}"), "a block");
        }
    }
    for name in READ_ONLY.into_iter().filter(|name| object.contains_key(*name)) {
        violations.add(name, Violation::new(Reason::Immutable, "cannot be changed"));
    }
    violations
}

/// The members of an object, and what is wrong with them.
struct Members {
    object: JsonObject,
    violations: Violations,
}

impl Members {
    fn text<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Patch<T> {
        let value = match self.object.get(name) {
            None => return Patch::Absent,
            Some(Json::Null) => return Patch::Null,
            Some(Json::String(text)) => parse(text),
            Some(_) => Err(Violation::new(Reason::InvalidType, "must be a string")),
        };
        self.violations.check_patch(name, Patch::Value(value))
    }

    fn object(&mut self, name: &str) -> Patch<JsonObject> {
        let value = match self.object.get(name) {
            None => return Patch::Absent,
            Some(Json::Null) => return Patch::Null,
            Some(value) => CustomFields::parse_change(&value.to_string()),
        };
        self.violations.check_patch(name, Patch::Value(value))
    }

    fn access(&mut self, name: &str, now: Timestamp) -> Option<AccessChange> {
        let change = AccessChange::from_json(self.object.get(name)?, name, now);
        change.map_err(|broken| self.violations.append(broken)).ok()
    }
}

fn id<T: std::str::FromStr<Err = InvalidId>>(text: &str) -> Result<T, Violation> {
    Ok(text.parse()?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

    fn read(json: Value) -> Result<ExternalUserChanges, Vec<(String, Reason)>> {
        let now = Timestamp::from_unix_microseconds(0).unwrap();
        ExternalUserChanges::from_json(json, now).map_err(|error| match error {
            Error::Invalid(violations) => {
                violations.fields().iter().map(|broken| (broken.field.clone(), broken.reason)).collect()
            }
            other => vec![(other.to_string(), Reason::InvalidType)],
        })
    }

    fn broken(json: Value) -> Vec<(String, Reason)> {
        read(json).unwrap_err()
    }

    #[test]
    fn a_field_is_absent_null_or_a_value() {
        assert_eq!(read(json!({})), Ok(ExternalUserChanges::default()));
        let all: JsonObject = FIELDS[..13].iter().map(|name| ((*name).to_owned(), Json::Null)).collect();
        let now = Timestamp::from_unix_microseconds(0).unwrap();
        let cleared = ExternalUserChanges::from_json(Json::Object(all), now).unwrap();
        let expected = ExternalUserChanges {
            external_id: Patch::Null,
            identifier: Patch::Null,
            display_name: Patch::Null,
            first_name: Patch::Null,
            last_name: Patch::Null,
            email: Patch::Null,
            phone: Patch::Null,
            avatar: Patch::Null,
            locale: Patch::Null,
            timezone: Patch::Null,
            custom_fields: Patch::Null,
            external_user_group_id: Patch::Null,
            tier_id: Patch::Null,
            access: None,
        };
        assert_eq!(cleared, expected);
        let set = read(json!({ "locale": "en_us", "tierId": ID, "customFields": { "plan": null } })).unwrap();
        assert_eq!(set.locale, Patch::Value(Locale::parse("en-US").unwrap()));
        assert_eq!(set.tier_id, Patch::Value(ID.parse().unwrap()));
        let plan = JsonObject::from_iter([("plan".to_owned(), Json::Null)]);
        assert_eq!(set.custom_fields, Patch::Value(plan));
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let wrong = json!({
            "emial": "a@example.com", "first_name": "Ada", "id": ID, "email": "nobody", "phone": 7, "tierId": "x",
            "customFields": [], "blocked": { "raeson": "spam", "until": "1970-01-01T00:00:00Z", "reason": " " },
        });
        let expected = [
            ("emial", Reason::UnknownField),
            ("first_name", Reason::UnknownField),
            ("blocked.raeson", Reason::UnknownField),
            ("id", Reason::Immutable),
            ("email", Reason::InvalidFormat),
            ("phone", Reason::InvalidType),
            ("customFields", Reason::InvalidType),
            ("tierId", Reason::InvalidUuid),
            ("blocked.reason", Reason::Required),
            ("blocked.until", Reason::OutOfRange),
        ];
        assert_eq!(broken(wrong), expected.map(|(field, reason)| (field.to_owned(), reason)));
        assert_eq!(broken(json!([])).len(), 1);
    }

    #[test]
    fn a_block_is_a_flag_or_has_a_reason_and_an_end() {
        let access = |blocked: Value| read(json!({ "blocked": blocked })).map(|changes| changes.access);
        assert_eq!(access(json!(true)), Ok(Some(AccessChange::Block)));
        assert_eq!(access(json!(false)), Ok(Some(AccessChange::Unblock)));
        let reason = Some(super::super::BlockReason::parse("spam").unwrap());
        let until = Some("1970-01-02T00:00:00Z".parse().unwrap());
        let told = access(json!({ "reason": "spam", "until": "1970-01-02T00:00:00Z" }));
        assert_eq!(told, Ok(Some(AccessChange::BlockWith { reason, until })));
        for wrong in [json!(null), json!("true"), json!({}), json!([])] {
            assert_eq!(access(wrong).unwrap_err(), [("blocked".to_owned(), Reason::InvalidType)]);
        }
    }

    #[test]
    fn numbers_of_custom_fields_keep_their_spelling() {
        let text = r#"{"customFields":{"price":10.10}}"#;
        let now = Timestamp::from_unix_microseconds(0).unwrap();
        let changes = ExternalUserChanges::from_json(Json::parse(text, 9).unwrap(), now).unwrap();
        let Patch::Value(fields) = changes.custom_fields else { panic!("no custom fields") };
        assert_eq!(fields["price"].to_string(), "10.10");
    }
}
