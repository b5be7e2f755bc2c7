//! Uses the crate like another team: reads a user from JSON, merges custom fields, checks a scope.
//!
//! `cargo run --package denizen-domain --example validate_user`

use denizen_domain::{Actor, ChannelId, Clock as _, ExternalUser, ExternalUserChanges, ExternalUserId};
use denizen_domain::{
    Error, IdSource as _, RandomIds, Scope, ScopeSet, SuperIdentityId, SystemClock, WorkspaceId,
};
use serde_json::json;

fn main() -> Result<(), Error> {
    let now = SystemClock.now();
    let broken = json!({
        "externalId": "", "email": "jane", "phone": "555", "locale": "english!", "timezone": "Mars", "emial": 1,
    });
    match ExternalUserChanges::from_json(&broken, now) {
        Err(error) => println!("rejected, all at once: {error}"),
        Ok(_) => println!("accepted"),
    }

    let sound = json!({
        "externalId": "user_12345", "identifier": "jane.doe@example.com", "email": "jane.doe@example.com",
        "customFields": {"company": "Acme Inc", "plan": "free"},
    });
    let mut user = blank_user();
    ExternalUserChanges::from_json(&sound, now)?.apply_to(&mut user, Actor::Operator, now)?;
    println!("accepted: {} is {}", user.username(), user.id);

    let upgrade = json!({"customFields": {"plan": "premium", "company": null}});
    ExternalUserChanges::from_json(&upgrade, now)?.apply_to(&mut user, Actor::Operator, now)?;
    println!("merged: {}", user.custom_fields.as_str());

    let reader: ScopeSet = [Scope::ReadExternalUsers].into_iter().collect();
    println!("may read: {}", reader.require(Scope::ReadExternalUsers).is_ok());
    println!("may write: {}", reader.require(Scope::WriteExternalUsers).is_ok());
    Ok(())
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
