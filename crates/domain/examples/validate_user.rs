//! Uses the crate like another team: validates a user from JSON, merges custom fields, checks a scope.
//!
//! `cargo run --package denizen-domain --example validate_user`

use denizen_domain::{Actor, ChannelId, Clock as _, ExternalUser, ExternalUserChanges, ExternalUserId};
use denizen_domain::{
    CustomFields, EmailAddress, Error, ExternalId, IdSource as _, Identifier, JsonObject, Locale, Patch,
    PhoneNumber, RandomIds, Scope, ScopeSet, TimeZone, Violation, Violations,
};
use denizen_domain::{SuperIdentityId, SystemClock, WorkspaceId};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    let broken =
        json!({"external_id": "", "email": "jane", "phone": "555", "locale": "english!", "timezone": "Mars"});
    match changes_from(&broken) {
        Err(error) => println!("rejected, all at once: {error}"),
        Ok(_) => println!("accepted"),
    }

    let sound = json!({
        "external_id": "user_12345", "identifier": "jane.doe@example.com", "email": "jane.doe@example.com",
        "custom_fields": {"company": "Acme Inc", "plan": "free"},
    });
    let mut user = blank_user();
    changes_from(&sound)?.apply_to(&mut user, Actor::Operator, SystemClock.now())?;
    println!("accepted: {} is {}", user.username(), user.id);

    let upgrade = Patch::Value(object(&json!({"plan": "premium", "company": null})));
    let custom_fields: CustomFields =
        user.custom_fields.patched(upgrade).map_err(|violation| field("custom_fields", violation))?;
    println!("merged: {}", custom_fields.as_str());

    let reader: ScopeSet = [Scope::ReadExternalUsers].into_iter().collect();
    println!("may read: {}", reader.require(Scope::ReadExternalUsers).is_ok());
    println!("may write: {}", reader.require(Scope::WriteExternalUsers).is_ok());
    Ok(())
}

/// Checks every field before it returns, and reports all violations together.
fn changes_from(json: &Value) -> Result<ExternalUserChanges, Error> {
    let mut violations = Violations::new();
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    let changes = ExternalUserChanges {
        external_id: violations.check_patch("external_id", text("external_id").map(ExternalId::parse).into()),
        identifier: violations.check_patch("identifier", text("identifier").map(Identifier::parse).into()),
        email: violations.check_patch("email", text("email").map(EmailAddress::parse).into()),
        phone: violations.check_patch("phone", text("phone").map(PhoneNumber::parse).into()),
        locale: violations.check_patch("locale", text("locale").map(Locale::parse).into()),
        timezone: violations.check_patch("timezone", text("timezone").map(TimeZone::parse).into()),
        custom_fields: Patch::Value(object(json.get("custom_fields").unwrap_or(&Value::Null))),
        ..ExternalUserChanges::default()
    };
    violations.into_result(changes)
}

fn blank_user() -> ExternalUser {
    ExternalUser::blank(
        ExternalUserId::from_uuid(RandomIds.uuid()),
        WorkspaceId::from_uuid(RandomIds.uuid()),
        ChannelId::from_uuid(RandomIds.uuid()),
        SuperIdentityId::from_uuid(RandomIds.uuid()),
        SystemClock.now(),
    )
}

fn object(value: &Value) -> JsonObject {
    CustomFields::parse_change(&value.to_string()).unwrap_or_default()
}

fn field(name: &str, violation: Violation) -> Error {
    Error::Invalid(Violations::of(name, violation))
}
