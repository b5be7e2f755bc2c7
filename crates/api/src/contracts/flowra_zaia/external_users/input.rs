//! The fields of a user in Zaia's bodies.

use denizen_domain::{
    Avatar, CustomFields, DisplayName, EmailAddress, ExternalId, ExternalUserChanges, Identifier, InvalidId,
    Locale, Patch, PersonName, PhoneNumber, Reason, TimeZone, Timestamp, Violation, Violations,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::access::{self, Blocked};
use crate::wire::body::{Input, ObjectText};

/// Fields that Zaia accepts but does not document. Absent fields stay unchanged; null clears a field.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileInput {
    /// Display name, 1 to 255 characters; the same field as `name`, which has narrower limits.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    display_name: Input<String>,
    /// First name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    first_name: Input<String>,
    /// Last name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    last_name: Input<String>,
    /// E-mail address, with letters of any script. Its domain is stored as people read it: `bücher.example`.
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    #[serde(default)]
    email: Input<String>,
    /// Phone number in E.164 form.
    #[schema(value_type = Option<String>, pattern = r"^\+[1-9][0-9]{1,14}$")]
    #[serde(default)]
    phone: Input<String>,
    /// Picture, as an http(s) URL without a user name or password.
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    #[serde(default)]
    avatar: Input<String>,
    /// BCP 47 language tag, in any case: `en_us.UTF-8` is stored as `en-US`.
    #[schema(value_type = Option<String>, max_length = 64)]
    #[serde(default)]
    locale: Input<String>,
    /// IANA time zone name, in any case: `europe/berlin` is stored as `Europe/Berlin`.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    timezone: Input<String>,
    /// Merged key by key into the stored fields; null removes a key. At most 64 KiB and 8 levels. Numbers of at most 1,000
    /// characters come back as they were written: `10.10` stays `10.10`.
    #[schema(value_type = Option<HashMap<String, Value>>)]
    #[serde(default)]
    custom_fields: Input<ObjectText>,
    /// Whether the user is blocked: a boolean or `{reason, until}`.
    #[schema(value_type = Blocked)]
    #[serde(default)]
    blocked: Input<Value>,
}

impl ProfileInput {
    /// Validates all fields.
    pub(crate) fn check(self, violations: &mut Violations, now: Timestamp) -> ExternalUserChanges {
        let Self {
            display_name,
            first_name,
            last_name,
            email,
            phone,
            avatar,
            locale,
            timezone,
            custom_fields,
            blocked,
        } = self;
        ExternalUserChanges {
            display_name: display_name.optional(violations, "displayName", DisplayName::parse),
            first_name: first_name.optional(violations, "firstName", PersonName::parse),
            last_name: last_name.optional(violations, "lastName", PersonName::parse),
            email: email.optional(violations, "email", EmailAddress::parse),
            phone: phone.optional(violations, "phone", PhoneNumber::parse),
            avatar: avatar.optional(violations, "avatar", Avatar::parse),
            locale: locale.optional(violations, "locale", Locale::parse),
            timezone: timezone.optional(violations, "timezone", TimeZone::parse),
            custom_fields: custom_fields.optional(violations, "customFields", CustomFields::parse_change),
            access: access::change(blocked, violations, now),
            ..ExternalUserChanges::default()
        }
    }
}

/// Zaia's rule for external ids: 3 to 250 characters.
pub(crate) fn external_id(text: &str) -> Result<ExternalId, Violation> {
    if text.chars().count() < 3 {
        return Err(Violation::new(Reason::TooShort, "must have 3 to 250 characters"));
    }
    ExternalId::parse(text)
}

pub(crate) fn identifier(text: &str) -> Result<Identifier, Violation> {
    Identifier::parse(text)
}

/// Zaia's rule for names: 3 to 50 characters.
pub(crate) fn name(text: &str) -> Result<DisplayName, Violation> {
    match text.chars().count() {
        0..3 => Err(Violation::new(Reason::TooShort, "must have 3 to 50 characters")),
        3..=50 => DisplayName::parse(text),
        _ => Err(Violation::new(Reason::TooLong, "must have 3 to 50 characters")),
    }
}

pub(crate) fn id<I: std::str::FromStr<Err = InvalidId>>(text: &str) -> Result<I, Violation> {
    Ok(text.parse()?)
}

/// Returns the display name, which may be sent as `name` and as `displayName`, but not with two values.
pub(crate) fn one_name(
    violations: &mut Violations,
    name: Patch<DisplayName>,
    display_name: Patch<DisplayName>,
) -> Patch<DisplayName> {
    match (name, display_name) {
        (Patch::Absent, other) => other,
        (name, Patch::Absent) => name,
        (name, display_name) => {
            if name != display_name {
                let message = "must equal name, which is the same field";
                violations.add("displayName", Violation::new(Reason::Mismatch, message));
            }
            name
        }
    }
}
