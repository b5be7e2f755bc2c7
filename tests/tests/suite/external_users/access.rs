//! Blocking with a reason, a start, an expiry and an actor.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, path_of, soon, text, zaia_body};

const ACTIVE: &str = r#"{ "state": "active", "reason": null, "since": null, "until": null, "by": null }"#;

fn active() -> Value {
    serde_json::from_str(ACTIVE).unwrap()
}

#[tokio::test]
async fn a_block_shows_reason_and_actor_and_expires() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    assert_eq!((&user["blocked"], &user["access"]), (&json!(false), &active()));

    let story = json!({ "reason": "Unpaid invoices", "until": "2024-01-15T11:30:00+00:00" });
    let blocked = server.zaia().patch(&path_of(&user), json!({ "blocked": story })).await.json(200);
    assert_eq!(blocked["blocked"], true);
    let access = json!({
        "state": "blocked",
        "reason": "Unpaid invoices",
        "since": "2024-01-15T10:30:00.000000Z",
        "until": "2024-01-15T11:30:00.000000Z",
        "by": { "type": "api_key", "id": server.workspace.key.id },
    });
    assert_eq!(blocked["access"], access);
    let bearer = server.bearer(&text(&user, "accessToken"));
    bearer.get("/api/v1/external-users/me").await.error(401, "unauthenticated");
    let claim = json!({
        "channelId": server.workspace.channel_id, "externalId": "u-1", "id": null, "identifier": null,
    });
    let authenticate = "/api/v1/external-users/authenticate";
    let details = server.zaia().post(authenticate, claim.clone()).await.error(403, "forbidden");
    assert_eq!(details["reason"], "blocked");
    assert_eq!(names(&server, "isActive=false").await, ["u-1"]);
    assert!(names(&server, "isActive=true").await.is_empty());

    // It expires by itself.
    server.advance(Duration::from_hours(1));
    let after = server.zaia().get(&path_of(&user)).await.json(200);
    assert_eq!((&after["blocked"], &after["access"]), (&json!(false), &active()));
    assert_eq!(after["updatedAt"], blocked["updatedAt"]);
    assert_eq!(names(&server, "isActive=true").await, ["u-1"]);
    assert!(names(&server, "isActive=false").await.is_empty());
    let again = server.zaia().post(authenticate, claim).await.json(200);
    server.bearer(&text(&again, "accessToken")).get("/api/v1/external-users/me").await.is(200);
    bearer.get("/api/v1/external-users/me").await.error(401, "unauthenticated");
}

/// Flowra's names of the users that match a query.
async fn names(server: &TestServer, query: &str) -> Vec<String> {
    let users = server.flowra().get(&format!("/api/v1/external-users?{query}")).await.array(200);
    crate::support::each(&users, "name")
}

#[tokio::test]
async fn a_reason_stays_until_it_is_replaced() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let path = path_of(&user);
    let told = server.zaia().patch(&path, json!({ "blocked": { "reason": "Spam" } })).await.json(200);
    server.advance(Duration::from_mins(1));
    let same = server.zaia().patch(&path, json!({ "blocked": true })).await.json(200);
    assert_eq!(same, told);
    let other = server.zaia().patch(&path, json!({ "blocked": { "reason": null } })).await.json(200);
    assert_eq!(
        (&other["access"]["reason"], &other["access"]["since"]),
        (&Value::Null, &told["access"]["since"])
    );

    // Flowra's switch ends the block, and starts another.
    let switch = format!("{path}/toggle-active");
    assert_eq!(server.flowra().send("PUT", &switch, None).await.json(200)["access"], active());
    let anew = server.flowra().send("PUT", &switch, None).await.json(200);
    assert_eq!(anew["access"]["since"], "2024-01-15T10:31:00.000000Z");
}

#[tokio::test]
async fn toggling_after_expiry_blocks_again() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let story = json!({ "until": "2024-01-15T10:31:00Z" });
    server.zaia().patch(&path_of(&user), json!({ "blocked": story })).await.is(200);
    server.advance(Duration::from_mins(1));
    let switch = format!("{}/toggle-active", path_of(&user));
    let blocked = server.flowra().send("PUT", &switch, None).await.json(200);
    assert_eq!((&blocked["blocked"], &blocked["access"]["until"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn logs_a_block_after_an_expired_one() {
    let server = TestServer::with_fixed_time().await;
    let auditor = server.zaia().with_key(&server.new_key(&["audit:read"]).await);
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let patch = async |blocked: Value| {
        server.zaia().patch(&path_of(&user), json!({ "blocked": blocked })).await.is(200);
        let path = format!("/api/v1/audit-events?objectId={}", text(&user, "id"));
        let events = auditor.get(&path).await.array(200);
        (events.len(), events[0]["changes"].clone())
    };
    patch(json!({ "reason": "Unpaid invoices", "until": "2024-01-15T11:30:00Z" })).await;
    server.advance(Duration::from_hours(1));
    assert_eq!(patch(json!(false)).await.0, 2, "unblocking an unblocked user logs nothing");
    patch(json!({ "reason": "Unpaid invoices", "until": "2024-01-15T12:30:00Z" })).await;
    server.advance(Duration::from_hours(1));
    let (count, changes) = patch(json!({ "reason": "Unpaid invoices" })).await;
    let expected = json!({
        "blocked": { "old": false, "new": true },
        "blockedReason": { "old": null, "new": "Unpaid invoices" },
    });
    assert_eq!((count, changes), (4, expected));
}

#[tokio::test]
async fn until_must_be_a_time_that_round_trips() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let patch = async |until: &str| {
        server.zaia().patch(&path_of(&user), json!({ "blocked": { "until": until } })).await
    };
    for beyond in ["9999-12-31T23:59:59-23:59", "10000-01-01T00:00:00Z", "+10000-01-01T00:00:00Z"] {
        assert_eq!(patch(beyond).await.broken_fields(400, "bad_request"), ["blocked.until"], "{beyond}");
    }
    patch("9999-12-31T23:59:59.999999Z").await.is(200);
    let leap = patch("2030-01-01T00:00:60Z").await.is(200);
    assert_eq!(leap.body["access"]["until"], "2030-01-01T00:01:00.000000Z");
    let read = server.zaia().get(&path_of(&user)).await.is(200);
    assert_eq!((leap.header("etag"), &leap.body["access"]), (read.header("etag"), &read.body["access"]));
}

#[tokio::test]
async fn creates_a_blocked_user() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1", "blocked": { "reason": "Not yet paid" } })).await;
    assert_eq!((&user["accessToken"], &user["access"]["reason"]), (&Value::Null, &json!("Not yet paid")));
}

#[tokio::test]
async fn an_invalid_block_changes_nothing() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    for (blocked, fields) in [
        (json!("yes"), vec!["blocked"]),
        (json!(null), vec!["blocked"]),
        (json!({}), vec!["blocked"]),
        (json!({ "because": "Spam" }), vec!["blocked", "blocked.because"]),
        (json!({ "reason": " ", "until": "tomorrow" }), vec!["blocked.reason", "blocked.until"]),
        (json!({ "reason": 7, "until": 7 }), vec!["blocked.reason", "blocked.until"]),
        (json!({ "reason": "x".repeat(501) }), vec!["blocked.reason"]),
        (json!({ "until": "2024-01-15T10:30:00Z" }), vec!["blocked.until"]),
    ] {
        let body = json!({ "blocked": blocked, "name": "Jane" });
        let reply = server.zaia().patch(&path_of(&user), body).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), fields, "{blocked}");
        let body = zaia_body(&server, json!({ "externalId": "u-2", "blocked": blocked }));
        let reply = server.zaia().post("/api/v1/external-users", body).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), fields, "{blocked}");
    }
    assert_eq!(server.zaia().get(&path_of(&user)).await.json(200)["name"], Value::Null);
}

#[tokio::test]
async fn a_block_takes_effect_at_once_and_soon_on_other_servers() {
    let server = TestServer::start().await;
    let another = server.another().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let bearer = another.bearer(&text(&user, "accessToken"));
    let here = server.bearer(&text(&user, "accessToken"));
    for bearer in [&here, &bearer] {
        bearer.get("/api/v1/external-users/me").await.is(200);
    }
    server.zaia().patch(&path_of(&user), json!({ "blocked": true })).await.is(200);
    here.get("/api/v1/external-users/me").await.error(401, "unauthenticated");
    soon(async || bearer.get("/api/v1/external-users/me").await.status == 401).await;
}
