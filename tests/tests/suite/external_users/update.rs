//! Changing a user: absent keys stay, null clears, values replace.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, create_channel, path_of, text};

const FULL: &str = r#"{
    "externalId": "u-1", "identifier": "jane", "name": "Jane Doe", "firstName": "Jane", "lastName": "Doe",
    "email": "jane@example.com", "phone": "+15551234567", "avatar": "https://example.com/jane.jpg",
    "locale": "en-US", "timezone": "America/New_York"
}"#;

fn full() -> Value {
    FULL.parse().unwrap()
}

#[tokio::test]
async fn keeps_absent_keys_and_clears_null_ones() {
    let server = TestServer::start().await;
    let user = create(&server, full()).await;
    let path = path_of(&user);
    for (field, value) in [
        ("externalId", "u-2"),
        ("identifier", "joe"),
        ("name", "Joe Bloggs"),
        ("firstName", "Joe"),
        ("lastName", "Bloggs"),
        ("email", "joe@example.org"),
        ("phone", "+491701234567"),
        ("avatar", "http://example.org/joe.png"),
        ("locale", "de-CH-1996"),
        ("timezone", "Europe/Zurich"),
    ] {
        let before = server.zaia().get(&path).await.json(200);
        for value in [json!(value), Value::Null] {
            let changed = server.zaia().patch(&path, json!({ field: value })).await.json(200);
            let mut expected = before.clone();
            expected[field] = value;
            if field == "name" {
                expected["displayName"] = expected["name"].clone();
            }
            for same_by_right in ["updatedAt", "superIdentityId"] {
                expected[same_by_right] = changed[same_by_right].clone();
            }
            assert_eq!(changed, expected, "{field}");
            assert_eq!(server.zaia().get(&path).await.json(200), changed);
        }
    }
}

#[tokio::test]
async fn an_empty_change_changes_nothing() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, full()).await;
    let before = server.zaia().get(&path_of(&user)).await.json(200);
    server.advance(Duration::from_mins(1));
    assert_eq!(server.zaia().patch(&path_of(&user), json!({})).await.json(200), before);
    assert_eq!(
        server.zaia().patch(&path_of(&user), before.clone()).await.json(200),
        before,
        "sent back as it was read"
    );

    let changed = server.zaia().patch(&path_of(&user), json!({ "name": "Somebody" })).await.json(200);
    assert_eq!(before["updatedAt"], "2024-01-15T10:30:00.000000Z");
    assert_eq!(changed["updatedAt"], "2024-01-15T10:31:00.000000Z");
    assert_eq!(changed["createdAt"], before["createdAt"]);
}

#[tokio::test]
async fn the_channel_and_the_person_cannot_be_changed() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let user = create(&server, full()).await;
    let other = create(&server, json!({})).await;
    for (field, value) in [
        ("channelId", json!(red)),
        ("channelId", Value::Null),
        ("superIdentityId", other["superIdentityId"].clone()),
        ("superIdentityId", Value::Null),
    ] {
        let change = json!({ field: value, "name": "Changed" });
        let details = server.zaia().patch(&path_of(&user), change).await.error(400, "bad_request");
        assert_eq!(details["fields"][0]["field"], field);
        assert_eq!(details["fields"][0]["reason"], "immutable");
    }
    let read = server.zaia().get(&path_of(&user)).await.json(200);
    assert_eq!((&read["name"], &read["channelId"]), (&user["name"], &user["channelId"]));
    assert_eq!(read["superIdentityId"], user["superIdentityId"]);
}

#[tokio::test]
async fn blocked_rejects_null() {
    let server = TestServer::start().await;
    let user = create(&server, full()).await;
    for wrong in [Value::Null, json!("true"), json!(1)] {
        let fields = server.zaia().patch(&path_of(&user), json!({ "blocked": wrong })).await;
        assert_eq!(fields.broken_fields(400, "bad_request"), ["blocked"]);
    }
    for blocked in [true, true, false, false] {
        let changed = server.zaia().patch(&path_of(&user), json!({ "blocked": blocked })).await.json(200);
        assert_eq!(changed["blocked"], blocked);
    }
}

#[tokio::test]
async fn merges_custom_fields_deeply() {
    let server = TestServer::start().await;
    let fields = json!({ "company": "Acme", "plan": { "name": "free", "seats": 1 }, "tags": [1, 2] });
    let user = create(&server, json!({ "customFields": fields })).await;
    for (change, expected) in [
        (json!({}), json!({ "company": "Acme", "plan": { "name": "free", "seats": 1 }, "tags": [1, 2] })),
        (
            json!({ "plan": { "name": "premium", "seats": null }, "tags": [3] }),
            json!({ "company": "Acme", "plan": { "name": "premium" }, "tags": [3] }),
        ),
        (json!({ "company": null, "tags": null }), json!({ "plan": { "name": "premium" } })),
        (json!({ "plan": 7, "🙂": { "deep": [null] } }), json!({ "plan": 7, "🙂": { "deep": [null] } })),
        (Value::Null, json!({})),
    ] {
        let changed = server.zaia().patch(&path_of(&user), json!({ "customFields": change })).await.json(200);
        assert_eq!(changed["customFields"], expected, "after {change}");
        assert_eq!(server.zaia().get(&path_of(&user)).await.json(200)["customFields"], expected);
    }
}

#[tokio::test]
async fn limits_custom_fields_to_8_levels_and_64_kib() {
    let server = TestServer::start().await;
    let user = create(&server, json!({})).await;
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
    let path = path_of(&user);
    server.zaia().patch(&path, json!({ "customFields": nested(8) })).await.is(200);
    let half = "x".repeat(33 * 1024);
    server.zaia().patch(&path, json!({ "customFields": { "first": half } })).await.is(200);
    let before = server.zaia().get(&path).await.json(200);
    for (change, reason) in
        [(nested(9), "too_deep"), (json!({ "second": half }), "too_large"), (json!([]), "invalid_type")]
    {
        let details =
            server.zaia().patch(&path, json!({ "customFields": change })).await.error(400, "bad_request");
        assert_eq!(details["fields"][0]["field"], "customFields");
        assert_eq!(details["fields"][0]["reason"], reason);
    }
    assert_eq!(server.zaia().get(&path).await.json(200), before);
}

#[tokio::test]
async fn reports_all_invalid_fields_and_writes_nothing() {
    let server = TestServer::start().await;
    let user = create(&server, full()).await;
    let before = server.zaia().get(&path_of(&user)).await.json(200);
    let change = json!({
        "externalId": "ab", "externalUserGroupId": "team", "identifier": "", "name": "xy", "tierId": 1,
        "email": "jane@", "phone": "0", "avatar": "//example.com", "locale": "-", "timezone": "", "blocked": "x",
        "firstName": "New",
    });
    let mut expected: Vec<_> = change.as_object().unwrap().keys().cloned().collect();
    expected.retain(|field| field != "firstName");
    expected.sort();
    let reply = server.zaia().patch(&path_of(&user), change).await;
    assert_eq!(reply.body["message"], "Invalid data provided.");
    assert_eq!(reply.broken_fields(400, "bad_request"), expected);
    assert_eq!(server.zaia().get(&path_of(&user)).await.json(200), before);
}

#[tokio::test]
async fn a_taken_name_conflicts_but_its_own_does_not() {
    let server = TestServer::start().await;
    let user = create(&server, full()).await;
    let other = create(&server, json!({ "externalId": "u-2", "identifier": "joe" })).await;
    let path = path_of(&user);
    for (change, param) in
        [(json!({ "externalId": "u-2" }), "externalId"), (json!({ "identifier": "JOE" }), "identifier")]
    {
        let details = server.zaia().patch(&path, change).await.error(409, "conflict");
        assert_eq!(details["param"], param);
    }
    let same =
        server.zaia().patch(&path, json!({ "externalId": "u-1", "identifier": "JANE" })).await.json(200);
    assert_eq!(same["identifier"], "JANE");

    // A name that another user gives up is free.
    server.zaia().patch(&path_of(&other), json!({ "externalId": null, "identifier": "bob" })).await.is(200);
    let taken_over = json!({ "externalId": "u-2", "identifier": "joe" });
    server.zaia().patch(&path, taken_over).await.is(200);
}

#[tokio::test]
async fn references_must_be_in_the_workspace() {
    let server = TestServer::start().await;
    let user = create(&server, full()).await;
    let nothing = "00000000-0000-4000-8000-000000000000";
    for (field, message) in
        [("tierId", "Tier not found."), ("externalUserGroupId", "External user group not found.")]
    {
        let reply = server.zaia().patch(&path_of(&user), json!({ field: nothing })).await;
        assert_eq!(reply.body["message"], message);
        reply.error(404, "not_found");
        let cleared = server.zaia().patch(&path_of(&user), json!({ field: null })).await.json(200);
        assert_eq!(cleared[field], Value::Null);
    }
}

#[tokio::test]
async fn an_unknown_user_is_404() {
    let server = TestServer::start().await;
    let user = create(&server, full()).await;
    let other = server.new_workspace("Acme Inc").await;
    let nobody = "/api/v1/external-users/00000000-0000-4000-8000-000000000000";
    let foreign = server.zaia().with_key(&other.key);
    for (client, path) in [(server.zaia(), nobody.to_owned()), (foreign, path_of(&user))] {
        let reply = client.get(&path).await;
        assert_eq!(reply.body["message"], "External user not found.");
        reply.error(404, "not_found");
        client.patch(&path, json!({ "name": "Changed" })).await.error(404, "not_found");
    }
    assert_eq!(server.zaia().get(&path_of(&user)).await.json(200)["name"], user["name"]);
    server.zaia().get("/api/v1/external-users/jane").await.error(404, "not_found");
}

#[tokio::test]
async fn only_the_new_username_is_found() {
    let server = TestServer::start().await;
    let user = create(&server, full()).await;
    server.zaia().patch(&path_of(&user), json!({ "identifier": "joe", "externalId": "u-9" })).await.is(200);
    for (username, found) in [("jane", false), ("u-1", false), ("joe", true), ("u-9", true)] {
        let reply =
            server.flowra().get(&format!("/api/v1/external-users/username/{username}")).await.json(200);
        assert_eq!(reply["id"] == json!(text(&user, "id")), found, "{username}");
    }
}

#[tokio::test]
async fn accepts_the_unchanged_record_of_another_contract() {
    let server = TestServer::start().await;
    let made = server.notiflows().put("/admin/users/7", json!({ "first_name": "Jane" })).await.json(201);
    let path = path_of(&made);
    let long = "x".repeat(51);
    server.zaia().patch(&path, json!({ "displayName": long })).await.is(200);
    let read = server.zaia().get(&path).await.json(200);
    assert_eq!((&read["externalId"], &read["name"]), (&json!("7"), &json!(long)));
    assert_eq!(server.zaia().patch(&path, read.clone()).await.json(200), read);
    let fields = server.zaia().patch(&path, json!({ "externalId": "8", "name": "x".repeat(52) })).await;
    assert_eq!(fields.broken_fields(400, "bad_request"), ["externalId", "name"]);
}

#[tokio::test]
async fn the_display_name_is_the_name_but_may_be_shorter() {
    let server = TestServer::start().await;
    let path = path_of(&create(&server, full()).await);
    let changed = server.zaia().patch(&path, json!({ "displayName": "J" })).await.json(200);
    assert_eq!((&changed["name"], &changed["displayName"]), (&json!("J"), &json!("J")));
    let two = json!({ "name": "Jane Doe", "displayName": "Joan Doe" });
    let fields = server.zaia().patch(&path, two).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["displayName"]);
}
