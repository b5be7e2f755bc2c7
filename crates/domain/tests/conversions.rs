//! How other programs get the crate's types from text, and back.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a type that cannot be read or written must fail the test"
)]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use denizen_domain::{
    AccountId, Actor, ApiKeyId, AuditAction, Avatar, BlockReason, DisplayName, EmailAddress, EventType,
    ExternalId, FlowDescription, FlowName, Identifier, Locale, Nick, Permission, PersonName, PhoneNumber,
    PublicKey, RoleDescription, RoleName, Scope, SearchText, Slug, Status, TimeZone, Timestamp, Username,
    Website, WorkspaceKey, WorkspaceName,
};

/// Asserts that a type comes from its text in every way, and that every way refuses another text with one message.
fn converts<T>(text: &str, wrong: &str)
where
    T: FromStr<Err: Display> + DeserializeOwned + Display + Debug + PartialEq,
    T: for<'a> TryFrom<&'a str, Error: Display> + TryFrom<String, Error: Display>,
{
    let name = std::any::type_name::<T>();
    let parsed: T = text.parse().ok().unwrap_or_else(|| panic!("{name}: {text}"));
    assert_eq!(parsed.to_string(), text, "{name}");
    let ways = [
        T::try_from(text).ok(),
        T::try_from(text.to_owned()).ok(),
        serde_json::from_value(json!(text)).ok(),
        serde_json::from_str(&json!(text).to_string()).ok(),
    ];
    assert!(ways.iter().all(|way| way.as_ref() == Some(&parsed)), "{name}: {ways:?}");

    let message = T::from_str(wrong).err().unwrap_or_else(|| panic!("{name}: {wrong}")).to_string();
    assert_eq!(T::try_from(wrong).err().map(|error| error.to_string()), Some(message.clone()), "{name}");
    let refused = T::try_from(wrong.to_owned()).err().map(|error| error.to_string());
    assert_eq!(refused, Some(message.clone()), "{name}");
    let refused = serde_json::from_value::<T>(json!(wrong)).unwrap_err().to_string();
    assert_eq!(refused, format!("{} {message}", name.rsplit("::").next().unwrap()));
    let refused = serde_json::from_value::<T>(json!(7)).unwrap_err().to_string();
    assert!(refused.starts_with("invalid type"), "{name}: {refused}");
}

/// The same for a type that also serializes as its text.
fn converts_both_ways<T>(text: &str, wrong: &str)
where
    T: FromStr<Err: Display> + DeserializeOwned + Serialize + Display + Debug + PartialEq,
    T: for<'a> TryFrom<&'a str, Error: Display> + TryFrom<String, Error: Display>,
{
    converts::<T>(text, wrong);
    let parsed: T = text.parse().ok().unwrap();
    assert_eq!(serde_json::to_value(&parsed).unwrap(), json!(text));
}

#[test]
fn every_type_comes_from_text_in_the_same_ways() {
    converts_both_ways::<EmailAddress>("jane@example.com", "jane");
    converts_both_ways::<Username>("jane@example.com", "jane");
    converts_both_ways::<PhoneNumber>("+15551234567", "555");
    converts_both_ways::<PersonName>("Jane", " ");
    converts_both_ways::<Avatar>("https://example.com/a.png", "a.png");
    converts_both_ways::<Website>("https://example.com", "example.com");
    converts_both_ways::<Slug>("my-company", "My Company");
    converts_both_ways::<ExternalId>("user_12345", "..");
    converts_both_ways::<Identifier>("Jane", ".");
    converts_both_ways::<DisplayName>("Jane Doe", "\u{200B}");
    converts_both_ways::<Locale>("en-US", "C");
    converts_both_ways::<TimeZone>("Europe/Berlin", "Mars");
    converts_both_ways::<SearchText>("jan", "");
    converts_both_ways::<BlockReason>("spam", " ");
    converts_both_ways::<Nick>("jane", "");
    converts_both_ways::<RoleName>("editors", "");
    converts_both_ways::<RoleDescription>("They edit.", "\0");
    converts_both_ways::<FlowName>("general", "a\nb");
    converts_both_ways::<FlowDescription>("", "\0");
    converts_both_ways::<WorkspaceName>("Acme", "");
    converts_both_ways::<PublicKey>(&format!("pk_{}", "a".repeat(43)), "pk_a");
    converts_both_ways::<AccountId>(
        "7d444840-9dc0-41d1-b245-5ffdce74fad2",
        "7d4448409dc041d1b2455ffdce74fad2",
    );
    converts_both_ways::<ApiKeyId>("7d444840-9dc0-41d1-b245-5ffdce74fad2", "");
    converts_both_ways::<Timestamp>("2024-01-15T10:30:00.000000Z", "2024-01-15");
    converts_both_ways::<Scope>("events:read", "events:write");
    converts_both_ways::<Permission>("tenant.all", "tenant.none");
    converts_both_ways::<Status>("ACTIVE", "active");
    converts_both_ways::<EventType>("external_user.blocked", "external_user.*");
    converts_both_ways::<AuditAction>("external_user.update", "external_user");
    converts_both_ways::<Actor>("operator", "nobody");
}

#[test]
fn a_secret_comes_from_text_and_does_not_go_back() {
    let key: WorkspaceKey = serde_json::from_str("\"k\"").unwrap();
    assert_eq!(key.expose(), "k");
    assert_eq!("".parse::<WorkspaceKey>().unwrap_err().to_string(), "must have 1 to 10000 characters");
}
