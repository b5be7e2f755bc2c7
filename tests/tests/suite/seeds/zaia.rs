//! Zaia, "External Users": authenticate, list, create, get, update.

use denizen_tests::{TestServer, Value, json};

use crate::support::{assert_time, assert_uuid, text};

/// The documentation of a key.
#[derive(Clone, Copy)]
enum Documented {
    Time,
    Uuid,
    NullableUuid,
    Boolean,
    NullableText,
    Text,
}

/// "Required" in every answer.
const RECORD: [(&str, Documented); 12] = [
    ("createdAt", Documented::Time),
    ("id", Documented::Uuid),
    ("updatedAt", Documented::Time),
    ("blocked", Documented::Boolean),
    ("channelId", Documented::Uuid),
    ("externalId", Documented::NullableText),
    ("externalUserGroupId", Documented::NullableUuid),
    ("identifier", Documented::NullableText),
    ("name", Documented::NullableText),
    ("superIdentityId", Documented::Uuid),
    ("tierId", Documented::NullableUuid),
    ("workspaceId", Documented::Uuid),
];

#[track_caller]
fn assert_documented(answer: &Value, keys: &[(&str, Documented)]) {
    for (key, documented) in keys {
        let value = answer.get(key).unwrap_or_else(|| panic!("{key} is missing in {answer:#}"));
        match documented {
            Documented::Time => assert_time(value),
            Documented::NullableUuid if value.is_null() => {}
            Documented::Uuid | Documented::NullableUuid => assert_uuid(value),
            Documented::Boolean => assert!(value.is_boolean(), "{key} in {answer:#}"),
            Documented::NullableText => assert!(value.is_string() || value.is_null(), "{key} in {answer:#}"),
            Documented::Text => assert!(value.is_string(), "{key} in {answer:#}"),
        }
    }
}

#[track_caller]
fn assert_with_token(answer: &Value) {
    assert_documented(answer, &RECORD);
    assert_documented(answer, &[("accessToken", Documented::Text)]);
}

fn new_user(server: &TestServer) -> Value {
    json!({
        "channelId": server.workspace.channel_id,
        "externalId": "customer-42",
        "externalUserGroupId": null,
        "identifier": "jane@example.com",
        "name": "Jane Doe",
        "tierId": null,
    })
}

async fn made(server: &TestServer) -> Value {
    server.zaia().post("/api/v1/external-users", new_user(server)).await.json(200)
}

#[tokio::test]
async fn post_authenticate() {
    let server = TestServer::start().await;
    let user = made(&server).await;
    for (external_id, id, identifier) in [
        (json!("customer-42"), Value::Null, Value::Null),
        (Value::Null, user["id"].clone(), Value::Null),
        (Value::Null, Value::Null, json!("jane@example.com")),
        (json!("customer-43"), Value::Null, Value::Null),
    ] {
        let body = json!({
            "channelId": server.workspace.channel_id,
            "externalId": external_id,
            "id": id,
            "identifier": identifier,
        });
        let answer = server.zaia().post("/api/v1/external-users/authenticate", body).await.json(200);
        assert_with_token(&answer);
        assert_eq!(answer["channelId"], server.workspace.channel_id.as_str());
        assert_eq!(answer["workspaceId"], server.workspace.id.as_str());
        assert_eq!(answer["id"] == user["id"], answer["externalId"] == "customer-42");
    }
}

#[tokio::test]
async fn get_all() {
    let server = TestServer::start().await;
    let user = made(&server).await;
    let nothing = json!({
        "channelId": server.workspace.channel_id, "externalId": null, "externalUserGroupId": null,
        "identifier": null, "name": null, "tierId": null,
    });
    server.zaia().post("/api/v1/external-users", nothing).await.is(200);

    let listed = server.zaia().get("/api/v1/external-users").await.array(200);
    assert_eq!(listed.len(), 2);
    for user in &listed {
        assert_documented(user, &RECORD);
        assert!(user.get("accessToken").is_none());
    }
    assert_eq!(listed[0]["name"], "Jane Doe");
    for key in ["externalId", "externalUserGroupId", "identifier", "name", "tierId"] {
        assert!(listed[1][key].is_null(), "{key}");
    }

    // Every documented parameter, ids once and repeated.
    let (channel, person) = (text(&user, "channelId"), text(&user, "superIdentityId"));
    for query in [
        format!("channelIds={channel}&pageNumber=1&pageSize=100&search=Jane&superIdentityIds={person}"),
        format!(
            "channelIds={channel}&channelIds={person}&superIdentityIds={person}&superIdentityIds={channel}"
        ),
    ] {
        let found = server.zaia().get(&format!("/api/v1/external-users?{query}")).await.array(200);
        assert_eq!(found.len(), 1, "{query}");
        assert_eq!(found[0]["id"], user["id"]);
    }
    for nobodys in ["externalUserGroupIds", "tierIds"] {
        let path = format!("/api/v1/external-users?{nobodys}={channel}");
        assert_eq!(server.zaia().get(&path).await.array(200).len(), 0, "{nobodys}");
    }
    for beyond in ["pageNumber=2", "pageNumber=2&pageSize=2", "pageSize=1&pageNumber=3"] {
        let path = format!("/api/v1/external-users?{beyond}");
        assert_eq!(server.zaia().get(&path).await.array(200).len(), 0, "{beyond}");
    }
}

#[tokio::test]
async fn post_new() {
    let server = TestServer::start().await;
    let answer = made(&server).await;
    assert_with_token(&answer);
    for (key, value) in new_user(&server).as_object().unwrap() {
        assert_eq!(&answer[key], value, "{key}");
    }
    assert_eq!(answer["blocked"], false);
}

#[tokio::test]
async fn get_one() {
    let server = TestServer::start().await;
    let user = made(&server).await;
    let answer = server.zaia().get(&format!("/api/v1/external-users/{}", text(&user, "id"))).await.json(200);
    assert_documented(&answer, &RECORD);
    assert_eq!(answer["id"], user["id"]);
}

#[tokio::test]
async fn patch_one() {
    let server = TestServer::start().await;
    let path = format!("/api/v1/external-users/{}", text(&made(&server).await, "id"));
    for change in [
        json!({ "blocked": true }),
        json!({ "externalId": "customer-43" }),
        json!({ "externalUserGroupId": null }),
        json!({ "identifier": "+15551234567" }),
        json!({ "name": "Jane D." }),
        json!({ "tierId": null }),
        json!({ "blocked": false, "externalId": null, "identifier": null, "name": null }),
        json!({}),
    ] {
        let answer = server.zaia().patch(&path, change.clone()).await.json(200);
        assert_documented(&answer, &RECORD);
        for (key, value) in change.as_object().unwrap() {
            assert_eq!(&answer[key], value, "{key}");
        }
    }
}
