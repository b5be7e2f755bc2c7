//! Creating a user through Zaia: the whole record, in a channel.

use denizen_tests::{TestServer, Value, json};

use crate::support::{assert_time, assert_uuid, create, create_channel, keys, text, zaia_body};

const PATH: &str = "/api/v1/external-users";

#[tokio::test]
async fn stores_every_given_field() {
    let server = TestServer::start().await;
    let profile = json!({
        "externalId": "gid://app/Customer/1",
        "identifier": "Jane@Example.com",
        "name": "Jane Doe",
        "firstName": "Jane",
        "lastName": "Doe",
        "email": "jane@example.com",
        "phone": "+15551234567",
        "avatar": "https://example.com/jane.jpg",
        "locale": "en-US",
        "timezone": "America/New_York",
        "customFields": { "plan": { "name": "premium" }, "tags": [1, "two", null] },
    });
    let made = create(&server, profile.clone()).await;
    for (field, value) in profile.as_object().unwrap() {
        assert_eq!(&made[field], value, "{field}");
    }
    assert_eq!(made["displayName"], "Jane Doe");
    assert_eq!(made["channelId"], server.workspace.channel_id.as_str());
    assert_eq!(
        (&made["workspaceId"], &made["projectId"]),
        (&json!(server.workspace.id), &json!(server.workspace.id))
    );
    assert_eq!(made["blocked"], false);
    assert_uuid(&made["id"]);
    assert_uuid(&made["superIdentityId"]);
    assert_time(&made["createdAt"]);
    assert_eq!(made["updatedAt"], made["createdAt"]);
    assert_eq!(text(&made, "accessToken").split('.').count(), 3);

    let mut read = server.zaia().get(&crate::support::path_of(&made)).await.json(200);
    assert_eq!(read["accessToken"], Value::Null, "a token is given once");
    read["accessToken"] = made["accessToken"].clone();
    assert_eq!(read, made);
}

#[tokio::test]
async fn a_record_always_has_every_key() {
    let server = TestServer::start().await;
    let mut made = create(&server, json!({})).await;
    made.as_object_mut().unwrap().remove("accessToken");
    assert_eq!(
        keys(&made),
        [
            "access",
            "avatar",
            "blocked",
            "channelId",
            "createdAt",
            "customFields",
            "displayName",
            "email",
            "externalId",
            "externalUserGroupId",
            "firstName",
            "id",
            "identifier",
            "lastName",
            "locale",
            "name",
            "phone",
            "projectId",
            "superIdentityId",
            "tierId",
            "timezone",
            "updatedAt",
            "workspaceId",
        ]
    );
    for empty in [
        "avatar",
        "displayName",
        "email",
        "externalId",
        "externalUserGroupId",
        "firstName",
        "identifier",
        "lastName",
        "locale",
        "name",
        "phone",
        "tierId",
        "timezone",
    ] {
        assert_eq!(made[empty], Value::Null, "{empty}");
    }
    assert_eq!(made["customFields"], json!({}));
}

#[tokio::test]
async fn requires_all_six_keys() {
    let server = TestServer::start().await;
    let reply = server.zaia().post(PATH, json!({})).await;
    assert_eq!(reply.body["message"], "Invalid data provided.");
    let fields = reply.broken_fields(400, "bad_request");
    let six = ["channelId", "externalId", "externalUserGroupId", "identifier", "name", "tierId"];
    assert_eq!(fields, six);
    for missing in six {
        let mut body = zaia_body(&server, json!({}));
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(server.zaia().post(PATH, body).await.broken_fields(400, "bad_request"), [missing]);
    }
    assert_eq!(server.flowra().get(PATH).await.array(200).len(), 0, "nothing was written");
}

#[tokio::test]
async fn reports_all_invalid_fields() {
    let server = TestServer::start().await;
    let body = json!({
        "channelId": "red",
        "externalId": "ab",
        "externalUserGroupId": 7,
        "identifier": "",
        "name": "x".repeat(51),
        "tierId": "gold",
        "firstName": "x".repeat(256),
        "lastName": "",
        "email": "jane",
        "phone": "555",
        "avatar": "ftp://example.com",
        "locale": "en US",
        "timezone": "Mars/Olympus",
        "customFields": [],
        "blocked": "no",
    });
    let mut expected: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
    expected.sort();
    let reply = server.zaia().post(PATH, body).await;
    assert_eq!(reply.body["message"], "Invalid data provided.");
    assert_eq!(reply.broken_fields(400, "bad_request"), expected);
    assert_eq!(server.flowra().get(PATH).await.array(200).len(), 0, "nothing was written");
}

#[tokio::test]
async fn counts_lengths_in_characters() {
    let server = TestServer::start().await;
    for (field, minimum, maximum) in [("externalId", 3, 250), ("name", 3, 50), ("identifier", 1, 255)] {
        for length in [minimum, maximum] {
            let made = create(&server, json!({ field: "é".repeat(length) })).await;
            assert_eq!(text(&made, field).chars().count(), length);
        }
        for (length, reason) in [(minimum - 1, "too_short"), (maximum + 1, "too_long")] {
            let body = zaia_body(&server, json!({ field: "é".repeat(length) }));
            let details = server.zaia().post(PATH, body).await.error(400, "bad_request");
            assert_eq!(details["fields"][0]["field"], field);
            assert_eq!(details["fields"][0]["reason"], reason, "{field} of {length}");
        }
    }
}

#[tokio::test]
async fn a_conflict_says_which_name_is_taken() {
    let server = TestServer::start().await;
    create(&server, json!({ "externalId": "u-1", "identifier": "Jane" })).await;
    for (changes, param) in [
        (json!({ "externalId": "u-1" }), "externalId"),
        (json!({ "identifier": "jANE" }), "identifier"),
        (json!({ "externalId": "u-2", "identifier": "JANE" }), "identifier"),
    ] {
        let details = server.zaia().post(PATH, zaia_body(&server, changes)).await.error(409, "conflict");
        assert_eq!(details["param"], param);
    }
    create(&server, json!({ "externalId": "U-1" })).await;
    let listed = server.flowra().get(PATH).await.array(200);
    assert_eq!(crate::support::each(&listed, "externalId"), ["u-1", "U-1"], "external ids compare exactly");
}

#[tokio::test]
async fn names_are_unique_per_channel() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let names = json!({ "externalId": "u-1", "identifier": "jane" });
    let here = create(&server, names.clone()).await;
    let there = create(&server, crate::support::with(names, json!({ "channelId": red }))).await;
    assert_ne!(here["id"], there["id"]);
    for _ in 0..2 {
        create(&server, json!({ "name": "No names" })).await;
    }
    assert_eq!(server.flowra().get(PATH).await.array(200).len(), 4, "null is not a value");
}

#[tokio::test]
async fn references_must_be_in_the_workspace() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let nothing = "00000000-0000-4000-8000-000000000000";
    for (field, id, message) in [
        ("channelId", nothing, "Channel not found."),
        ("channelId", &other.channel_id, "Channel not found."),
        ("tierId", nothing, "Tier not found."),
        ("externalUserGroupId", nothing, "External user group not found."),
    ] {
        let reply = server.zaia().post(PATH, zaia_body(&server, json!({ field: id }))).await;
        assert_eq!(reply.body["message"], message);
        let details = reply.error(404, "not_found");
        assert_eq!(details["id"], id);
    }
    assert_eq!(server.flowra().get(PATH).await.array(200).len(), 0, "nothing was written");
}

#[tokio::test]
async fn a_user_created_blocked_gets_no_token() {
    let server = TestServer::start().await;
    let made = create(&server, json!({ "externalId": "u-1", "blocked": true })).await;
    assert_eq!((&made["blocked"], &made["accessToken"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn ignores_server_assigned_fields_in_a_body() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let wish = "11111111-1111-4111-8111-111111111111";
    let made = create(
        &server,
        json!({
            "id": wish, "superIdentityId": wish, "workspaceId": other.id, "projectId": other.id,
            "createdAt": "2001-01-01T00:00:00Z", "updatedAt": "2001-01-01T00:00:00Z", "accessToken": "mine",
        }),
    )
    .await;
    assert_ne!(made["id"], wish);
    assert_ne!(made["superIdentityId"], wish);
    assert_eq!(made["workspaceId"], server.workspace.id.as_str());
    assert!(!text(&made, "createdAt").starts_with("2001"));
    assert_eq!(server.flowra().with_key(&other.key).get(PATH).await.array(200).len(), 0);
}

#[tokio::test]
async fn a_key_without_the_scope_gets_no_token() {
    let server = TestServer::start().await;
    let key = server.new_key(&["external_users:write"]).await;
    let body = zaia_body(&server, json!({ "externalId": "u-1" }));
    let made = server.zaia().with_key(&key).post(PATH, body).await.json(200);
    assert_eq!((&made["externalId"], &made["accessToken"]), (&json!("u-1"), &Value::Null));
}

#[tokio::test]
async fn lookalike_identifiers_differ_and_equivalent_spellings_match() {
    let server = TestServer::start().await;
    for identifier in ["fiona1", "\u{ff46}iona1", "fiona\u{2460}", "jos\u{e9}", "jose", "stra\u{df}e"] {
        create(&server, json!({ "identifier": identifier })).await;
    }
    for same in ["JOSE\u{301}", "STRASSE"] {
        let body = zaia_body(&server, json!({ "identifier": same }));
        let details = server.zaia().post(PATH, body).await.error(409, "conflict");
        assert_eq!(details["param"], "identifier", "{same}");
    }
    let found = server.zaia().get(&format!("{PATH}?search=FIONA1")).await.array(200);
    assert_eq!(found.len(), 3, "a search finds similar values");
}
