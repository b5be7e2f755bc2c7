//! What events tell.

use std::time::Duration;

use denizen_tests::{Client, TestServer, Value, json};

use super::{PATH, after, end, follower};
use crate::people::People;
use crate::support::{create, create_channel, each, keys, path_of, text};
use crate::tiers::create_tier;

#[tokio::test]
async fn an_event_shows_the_object_and_what_it_was_before() {
    let server = TestServer::with_fixed_time().await;
    let follower = follower(&server).await;
    let start = end(&follower).await;
    let user =
        json!({ "name": "Jane", "externalId": "jane", "customFields": { "plan": "free", "seats": 1 } });
    let user = create(&server, user).await;
    server.advance(Duration::from_mins(1));
    let changes = json!({ "name": "Jane D.", "customFields": { "plan": "pro", "since": 2024 } });
    server.zaia().with("x-request-id", "req-7").patch(&path_of(&user), changes).await.is(200);

    let events = after(&follower, start, "").await;
    assert_eq!(each(&events, "type"), ["external_user.created", "external_user.updated"]);
    let [created, updated] = events.as_slice() else { panic!("two events") };
    assert_eq!(
        keys(updated),
        [
            "actingFor",
            "actor",
            "data",
            "id",
            "objectId",
            "position",
            "previous",
            "requestId",
            "timestamp",
            "type",
            "workspaceId"
        ]
    );
    assert_eq!((&created["position"], &updated["position"]), (&json!(start + 1), &json!(start + 2)));
    assert_eq!(updated["timestamp"], "2024-01-15T10:31:00.000000Z");
    assert_eq!(updated["workspaceId"], server.workspace.id);
    assert_eq!(updated["objectId"], user["id"]);
    assert_eq!(updated["actor"], json!({ "type": "api_key", "id": server.workspace.key.id }));
    assert_eq!((&updated["requestId"], &updated["actingFor"]), (&json!("req-7"), &Value::Null));
    let data = json!({
        "id": user["id"], "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-15T10:31:00.000000Z",
        "channelId": server.workspace.channel_id, "superIdentityId": user["superIdentityId"], "externalId": "jane",
        "identifier": null, "displayName": "Jane D.", "firstName": null, "lastName": null, "email": null,
        "phone": null, "avatar": null, "locale": null, "timezone": null,
        "customFields": { "plan": "pro", "seats": 1, "since": 2024 }, "externalUserGroupId": null, "tierId": null,
        "blocked": false, "blockedReason": null, "blockedUntil": null,
    });
    assert_eq!(updated["data"], data);
    let previous = json!({ "displayName": "Jane", "customFields": { "plan": "free", "since": null } });
    assert_eq!(updated["previous"], previous);
    assert_eq!(created["previous"], json!({}));
    assert_eq!(created["data"]["customFields"], json!({ "plan": "free", "seats": 1 }));
    let logged = server.zaia().with_key(&server.new_key(&["audit:read"]).await);
    let logged = logged.get("/api/v1/audit-events?action=external_user.update").await.array(200);
    assert_eq!(updated["id"], logged[0]["id"], "the audit log has the same id");
}

#[tokio::test]
async fn an_external_users_life() {
    let server = TestServer::start().await;
    let follower = follower(&server).await;
    let start = end(&follower).await;
    let user = create(&server, json!({ "name": "Jane" })).await;
    let path = path_of(&user);
    let zaia = server.zaia();
    zaia.patch(&path, json!({ "blocked": true })).await.is(200);
    zaia.patch(&path, json!({ "blocked": false, "name": "Jane D." })).await.is(200);
    zaia.patch(&path, json!({ "name": "Jane D." })).await.is(200);
    zaia.patch(&path, json!({ "name": "" })).await.is(400);
    zaia.delete(&path).await.is(204);
    zaia.send("POST", &format!("{path}/restore"), None).await.is(200);
    zaia.send("POST", &format!("{path}/erase"), None).await.is(200);

    let events = after(&follower, start, "").await;
    let types = ["created", "blocked", "unblocked", "deleted", "restored", "erased"];
    let types = types.map(|verb| format!("external_user.{verb}"));
    assert_eq!(each(&events, "type"), types, "what changes nothing is no event");
}

#[tokio::test]
async fn tells_of_authentication_only_if_asked_to() {
    for (arguments, expected) in [(&[][..], 0), (&["--authentication-events"], 2)] {
        let server = TestServer::with(arguments).await;
        let follower = follower(&server).await;
        let user = create(&server, json!({ "externalId": "jane" })).await;
        let start = end(&follower).await;
        let claim = json!({ "channelId": server.workspace.channel_id, "id": null, "externalId": "jane", "identifier": null });
        for _ in 0..2 {
            server.zaia().post("/api/v1/external-users/authenticate", claim.clone()).await.is(200);
        }
        let events = after(&follower, start, "").await;
        assert_eq!(events.len(), expected, "{arguments:?}");
        for event in events {
            assert_eq!(
                (&event["type"], &event["objectId"]),
                (&json!("external_user.authenticated"), &user["id"])
            );
            assert_eq!((&event["data"]["externalId"], &event["previous"]), (&json!("jane"), &json!({})));
            assert!(!event.to_string().contains("ccessToken"), "{event:#}");
        }
    }
}

#[tokio::test]
async fn tells_of_every_kind_of_object() {
    let people = People::new().await;
    let server = &people.server;
    let follower = follower(server).await;
    let start = end(&follower).await;
    let zaia = server.zaia().with_key(&server.new_key(&["api_keys:manage", "settings:write"]).await);
    let tier = create_tier(server, "gold").await;
    let group = json!({ "externalId": "acme", "name": "Acme", "tierId": tier });
    let group = zaia.post("/api/v1/external-user-groups", group).await.json(200);
    zaia.delete(&format!("/api/v1/external-user-groups/{}", text(&group, "id"))).await.is(200);
    zaia.delete(&format!("/api/v1/tiers/{tier}")).await.is(200);
    let channel = create_channel(server, "web").await;
    zaia.delete(&format!("/api/v1/channels/{channel}")).await.is(200);
    let key = json!({ "name": "ci", "scopes": ["settings:write"] });
    let key = zaia.post("/api/v1/api-keys", key).await.json(200);
    let key_path = format!("/api/v1/api-keys/{}", text(&key, "id"));
    let rotated = zaia.post(&format!("{key_path}/rotate"), json!({})).await.json(200);
    zaia.delete(&key_path).await.is(200);
    let account = people
        .account(
            "jane@example.com",
            json!({ "tenant": server.workspace.id, "password": "correct horse battery" }),
        )
        .await;
    people.change(&account, json!({ "firstname": "Jane" })).await;
    let flow = server.new_flow(&server.workspace, "Support", "invitation").await;

    let events = after(&follower, start, "").await;
    let types = each(&events, "type");
    for expected in [
        "tier.created",
        "group.created",
        "group.deleted",
        "tier.deleted",
        "channel.created",
        "channel.deleted",
        "api_key.created",
        "api_key.rotated",
        "api_key.revoked",
        "account.created",
        "membership.created",
        "account.updated",
        "flow.created",
    ] {
        assert!(types.iter().any(|known| known == expected), "{expected} is missing in {types:?}");
    }
    let all = format!("{events:?}");
    for secret in [
        text(&key, "secretKey"),
        text(&rotated, "secretKey"),
        "correct horse".to_owned(),
        "argon2".to_owned(),
    ] {
        assert!(!all.contains(&secret), "an event tells a secret");
    }
    let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
    assert_eq!(of("group.created")["data"]["tierId"], tier);
    assert_eq!(of("flow.created")["data"]["id"], flow.id);
    assert_eq!(of("membership.created")["data"]["accountId"], of("account.created")["objectId"]);
}

#[tokio::test]
async fn erasing_removes_personal_data_from_events() {
    let server = TestServer::start().await;
    let follower = follower(&server).await;
    let start = end(&follower).await;
    let user = json!({ "externalId": "personal-id", "name": "personal-name", "customFields": { "note": "personal-note" } });
    let user = create(&server, user).await;
    server.zaia().patch(&path_of(&user), json!({ "lastName": "personal-last" })).await.is(200);
    let other = create(&server, json!({ "externalId": "other" })).await;
    assert_eq!(after(&follower, start, "").await.len(), 3, "these have their positions");
    // This one has none yet.
    server.zaia().patch(&path_of(&user), json!({ "lastName": "personal-again" })).await.is(200);
    server.zaia().send("POST", &format!("{}/erase", path_of(&user)), None).await.is(200);

    let events = after(&follower, start, "").await;
    assert!(!format!("{events:?}").contains("personal"), "{events:#?}");
    let (of_user, rest): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| event["objectId"] == user["id"]);
    let types = ["created", "updated", "updated", "erased"].map(|verb| format!("external_user.{verb}"));
    assert_eq!(each(&of_user, "type"), types, "that something happened is still known");
    for event in of_user {
        assert_eq!((&event["data"], &event["previous"]), (&json!({ "id": user["id"] }), &json!({})));
    }
    assert_eq!(rest[0]["data"]["externalId"], other["externalId"], "nobody else is touched");
}

#[tokio::test]
async fn a_workspace_hears_of_its_own_changes_only() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Other").await;
    let other_key = server.new_key_of(&other, &["events:read"]).await;
    let stranger = server.zaia().with_key(&other_key);
    let start = end(&stranger).await;
    create(&server, json!({ "name": "Jane" })).await;
    assert!(after(&stranger, start, "").await.is_empty());
    let all = after(&stranger, 0, "").await;
    assert!(all.iter().all(|event| event["workspaceId"] == other.id), "{all:#?}");
    assert!(!all.is_empty(), "its own beginning is in its feed");
}

#[tokio::test]
async fn who_acted_for_whom() {
    let people = People::new().await;
    let server = &people.server;
    let follower = follower(server).await;
    let start = end(&follower).await;
    let user = create(server, json!({ "identifier": "jane" })).await;
    server.zaia().with("x-username", "jane").patch(&path_of(&user), json!({ "name": "Jane" })).await.is(200);
    people.account("joe@example.com", json!({ "tenant": server.workspace.id })).await;

    let events = after(&follower, start, "types=external_user.updated,account.created").await;
    assert_eq!(events[0]["actingFor"], user["id"]);
    assert_eq!(events[1]["actor"]["type"], "account");
    assert_eq!(events[1]["actor"]["id"], server.administrator.id);
}

/// The types that a query lets through.
async fn types(follower: &Client, start: i64, query: &str) -> Vec<String> {
    each(&after(follower, start, query).await, "type")
}

#[tokio::test]
async fn filters_by_type_and_object() {
    let server = TestServer::start().await;
    let follower = follower(&server).await;
    let start = end(&follower).await;
    let jane = create(&server, json!({ "name": "Jane" })).await;
    server.zaia().patch(&path_of(&jane), json!({ "blocked": true })).await.is(200);
    create(&server, json!({ "name": "Joe" })).await;
    let tier = create_tier(&server, "gold").await;

    let created = ["external_user.created", "external_user.created"];
    assert_eq!(types(&follower, start, "types=external_user.created").await, created);
    let users = ["external_user.created", "external_user.blocked", "external_user.created"];
    assert_eq!(types(&follower, start, "types=external_user.*").await, users);
    let two = ["external_user.blocked", "tier.created"];
    assert_eq!(types(&follower, start, "types=external_user.blocked,tier.*").await, two);
    assert_eq!(types(&follower, start, "types=external_user.blocked&types=tier.created").await, two);
    let id = text(&jane, "id").to_uppercase();
    assert_eq!(types(&follower, start, &format!("objectId={id}")).await, users[..2]);
    assert_eq!(types(&follower, start, &format!("objectId={tier}&types=tier.deleted")).await, [""; 0]);
    let page = follower.get(&format!("{PATH}?after={start}&types=role.*")).await.json(200);
    assert_eq!(page["position"], start + 4, "the position moves on past other events");
}
