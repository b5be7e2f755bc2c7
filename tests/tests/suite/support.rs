//! Shared helpers: users created through the API, and checks of records.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use denizen_tests::{TestServer, Value, json};

/// Every scope that a key may have.
pub(crate) const ALL_SCOPES: [&str; 19] = [
    "external_users:read",
    "external_users:write",
    "external_users:authenticate",
    "settings:read",
    "settings:write",
    "api_keys:manage",
    "audit:read",
    "events:read",
    "webhooks:manage",
    "jobs:read",
    "jobs:write",
    "workflows:read",
    "workflows:write",
    "workflows:run",
    "auth_configs:read",
    "auth_configs:write",
    "connected_accounts:read",
    "connected_accounts:write",
    "connected_accounts:use",
];

/// Zaia's body for a new user: all six keys, null except the default channel, with these changes.
pub(crate) fn zaia_body(server: &TestServer, changes: Value) -> Value {
    let empty = json!({
        "channelId": server.workspace.channel_id,
        "externalId": null,
        "externalUserGroupId": null,
        "identifier": null,
        "name": null,
        "tierId": null,
    });
    with(empty, changes)
}

/// An object with the keys of another one set.
pub(crate) fn with(mut object: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("{changes} is no object") };
    object.as_object_mut().unwrap().extend(changes);
    object
}

/// How long [`soon`] leaves the processor to the server before it looks again.
const GLANCE: Duration = Duration::from_millis(20);

/// Waits until a check holds: what another server or a command changes takes effect within a second, unless the machine is busy.
pub(crate) async fn soon(check: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < Duration::from_secs(30), "what another server has changed takes no effect");
        tokio::time::sleep(GLANCE).await;
    }
}

/// Creates a user through Zaia.
pub(crate) async fn create(server: &TestServer, changes: Value) -> Value {
    server.zaia().post("/api/v1/external-users", zaia_body(server, changes)).await.json(200)
}

/// Creates a channel.
pub(crate) async fn create_channel(server: &TestServer, name: &str) -> String {
    let body = json!({ "name": name, "description": null, "prompt": null });
    text(&server.zaia().post("/api/v1/channels", body).await.json(200), "id")
}

/// The path of a user in `/api/v1`.
pub(crate) fn path_of(user: &Value) -> String {
    format!("/api/v1/external-users/{}", text(user, "id"))
}

/// A field that holds a text.
#[track_caller]
pub(crate) fn text(object: &Value, key: &str) -> String {
    object[key].as_str().unwrap_or_else(|| panic!("{key} is no text in {object:#}")).to_owned()
}

/// One field of every record, for comparing lists.
#[track_caller]
pub(crate) fn each(records: &[Value], key: &str) -> Vec<String> {
    records.iter().map(|record| text(record, key)).collect()
}

/// The names of an object's keys, sorted.
#[track_caller]
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().unwrap_or_else(|| panic!("{object:#} is no object"));
    let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Asserts a UUID of version 4, in lower case.
#[track_caller]
pub(crate) fn assert_uuid(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no UUID"));
    let form = text.bytes().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'4',
        19 => b"89ab".contains(&byte),
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    });
    assert!(text.len() == 36 && form, "{text} is not a UUID of version 4");
}

/// Asserts a time in RFC 3339, in UTC with `Z`.
#[track_caller]
pub(crate) fn assert_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no time"));
    let form = text.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        19 => matches!(byte, b'.' | b'Z'),
        _ => byte.is_ascii_digit() || index + 1 == text.len(),
    });
    assert!(text.len() >= 20 && form && text.ends_with('Z'), "{text} is not a time in UTC");
}

/// A text as it stands in a path or a query, with every byte encoded.
pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

/// A private Ed25519 key as PKCS #8, made of 32 equal bytes.
pub(crate) fn pkcs8(byte: u8) -> Vec<u8> {
    let mut pkcs8 = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    pkcs8.extend([byte; 32]);
    pkcs8
}

/// The same key in PEM.
pub(crate) fn pem(byte: u8) -> String {
    let body = BASE64_STANDARD.encode(pkcs8(byte));
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

/// Creates a webhook endpoint that nobody listens at.
pub(crate) async fn create_endpoint(server: &TestServer) -> String {
    let client = server.zaia().with_key(&server.new_key(&["webhooks:manage"]).await);
    let body = json!({ "url": "http://127.0.0.1:1/hooks" });
    text(&client.post("/api/v1/webhook-endpoints", body).await.json(200), "id")
}
