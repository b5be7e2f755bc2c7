//! Writes with an `Idempotency-Key`: done once, and replayed when sent again.

use std::time::Duration;

use denizen_tests::{Client, Reply, TestServer, Value, json};
use tokio::task::JoinSet;

use crate::people::{People, new_user};
use crate::support::{create, path_of, text, zaia_body};

const USERS: &str = "/api/v1/external-users";

/// The same caller, with this key.
fn keyed(client: &Client, key: &str) -> Client {
    client.with("idempotency-key", key)
}

/// Sends a request twice, and asserts that it succeeds, that the second answer replays the first, and that the key is
/// refused with another body. Returns the answer.
async fn done_once(client: &Client, method: &str, path: &str, body: Option<Value>, status: u16) -> Reply {
    let client = keyed(client, "one");
    let first = client.send(method, path, body.clone()).await.is(status);
    assert_eq!(first.header("idempotency-replayed"), None, "{first}");
    assert_replayed(&first, &client.send(method, path, body).await);
    let details = client.send(method, path, Some(json!({ "other": true }))).await;
    let details = details.error(422, "validation_failed");
    assert_eq!(details, json!({ "idempotency_key": "one", "reason": "idempotency_key_reused" }));
    first
}

#[track_caller]
fn assert_replayed(first: &Reply, again: &Reply) {
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "{again}");
    assert_eq!((again.status, &again.text), (first.status, &first.text), "{again}");
    for header in ["content-type", "etag", "location", "set-cookie", "www-authenticate", "flowdock-user"] {
        assert_eq!(again.header(header), first.header(header), "{header}: {again}");
    }
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"), "every request has its own id");
}

#[tokio::test]
async fn flowra_creates_a_user_once() {
    let server = TestServer::start().await;
    let body = json!({ "name": "jane" });
    let made = done_once(&server.flowra(), "POST", USERS, Some(body.clone()), 201).await;
    let other_contract = keyed(&server.zaia(), "one").post(USERS, body.clone()).await;
    assert_eq!(other_contract.error(422, "validation_failed")["reason"], "idempotency_key_reused");
    server.flowra().post(USERS, body).await.is(200);
    let toggled = format!("{USERS}/{}/toggle-active", text(&made.body, "id"));
    let client = keyed(&server.flowra(), "two");
    let first = client.send("PUT", &toggled, None).await.is(200);
    assert_replayed(&first, &client.send("PUT", &toggled, None).await);
}

#[tokio::test]
async fn zaia_issues_a_token_once() {
    let server = TestServer::start().await;
    let claim = json!({
        "channelId": server.workspace.channel_id, "externalId": "jane", "id": null, "identifier": null,
    });
    let path = "/api/v1/external-users/authenticate";
    done_once(&server.zaia(), "POST", path, Some(claim), 200).await;
}

#[tokio::test]
async fn replays_after_the_object_changed() {
    let server = TestServer::start().await;
    let path = path_of(&create(&server, json!({ "externalId": "jane" })).await);
    let body = json!({ "name": "Jane" });
    let first = done_once(&server.zaia(), "PATCH", &path, Some(body.clone()), 200).await;
    server.zaia().patch(&path, json!({ "name": "Later" })).await.is(200);
    assert_replayed(&first, &keyed(&server.zaia(), "one").patch(&path, body).await);
    let stands = server.zaia().get(&path).await.json(200);
    assert_eq!(stands["displayName"], "Later", "the first change is not made again");
}

#[tokio::test]
async fn rejects_a_key_reused_for_another_request() {
    let server = TestServer::start().await;
    let path = path_of(&create(&server, json!({ "externalId": "jane", "identifier": "jane" })).await);
    let (zaia, body) = (keyed(&server.zaia(), "one"), json!({ "name": "Jane" }));
    let first = zaia.patch(&path, body.clone()).await.is(200);
    let bytes = body.to_string().into_bytes();
    for other in [
        zaia.send("DELETE", &path, Some(body.clone())).await,
        zaia.patch(&format!("{path}?_=1"), body.clone()).await,
        zaia.with("x-username", "jane").patch(&path, body.clone()).await,
        zaia.with("if-match", "*").patch(&path, body.clone()).await,
        zaia.send_bytes("PATCH", &path, Some(("application/json; charset=utf-8", bytes))).await,
    ] {
        assert_eq!(other.error(422, "validation_failed")["reason"], "idempotency_key_reused");
    }
    assert_replayed(&first, &zaia.patch(&path, body).await);
}

#[tokio::test]
async fn notiflows_replays_201_and_204() {
    let server = TestServer::start().await;
    let path = "/admin/users/user_12345";
    done_once(&server.notiflows(), "PUT", path, Some(json!({ "first_name": "Jane" })), 201).await;
    let client = keyed(&server.notiflows(), "two");
    let first = client.delete(path).await.is(204);
    assert_replayed(&first, &client.delete(path).await);
    client.delete("/admin/v1/users/user_12345").await.error(422, "validation_failed");
    server.notiflows().delete(path).await.error(404, "not_found");
}

#[tokio::test]
async fn flowmate_creates_an_account_once() {
    let people = People::new().await;
    let body = new_user("jane@example.com");
    done_once(&people.administrator, "POST", "/api/users", Some(body.clone()), 200).await;
    people.administrator.post("/api/users", body).await.error(409, "conflict");
}

#[tokio::test]
async fn flowdock_creates_a_flow_once() {
    let server = TestServer::start().await;
    let administrator = &server.administrator;
    let basic = server.basic(&administrator.username, &administrator.password);
    let path = format!("/flows/{}", server.workspace.slug);
    let made = done_once(&basic, "POST", &path, Some(json!({ "name": "Mine" })), 201).await;
    assert_eq!(made.header("flowdock-user"), Some(administrator.number.to_string().as_str()));
    assert_eq!(basic.get("/flows").await.array(200).len(), 1);

    // The same account with a token cannot open an answer sealed with the password.
    let token = server.as_account(administrator).await;
    let details = keyed(&token, "one").post(&path, json!({ "name": "Mine" })).await;
    let details = details.error(409, "conflict");
    assert_eq!(details["reason"], "idempotency_key_of_other_credential");
    assert_eq!(details["idempotency_key"], "one");
}

#[tokio::test]
async fn replays_a_log_in_only_to_the_same_caller() {
    let server = TestServer::start().await;
    let other = server.new_account("jane@example.com", None, &[]).await;
    let client = keyed(&server.anonymous(), "one");
    let log_in = |account: &denizen_tests::Account, password: &str| {
        let (client, username) = (client.clone(), account.username.clone());
        let body = json!({ "username": username, "password": password });
        async move { client.post("/login", body).await }
    };
    let administrator = &server.administrator;
    let first = log_in(administrator, &administrator.password).await.is(200);
    assert!(first.header("set-cookie").is_some(), "{first}");
    assert_replayed(&first, &log_in(administrator, &administrator.password).await);
    let body = json!({ "username": administrator.username, "password": administrator.password });
    let elsewhere = client.with("origin", "https://evil.example").post("/login", body).await.is(200);
    assert_eq!((elsewhere.header("idempotency-replayed"), elsewhere.header("set-cookie")), (None, None));
    let theirs = log_in(&other, &other.password).await.is(200);
    assert_eq!(theirs.header("idempotency-replayed"), None);
    assert_ne!(theirs.body["token"], first.body["token"]);

    // A log-in that fails is not remembered.
    for _ in 0..2 {
        let broken = client.post("/login", json!({ "username": 7 })).await.is(400);
        assert_eq!(broken.header("idempotency-replayed"), None);
    }
    log_in(&other, "the new password").await.error(401, "unauthenticated");
    let path = format!("/api/users/{}", other.id);
    let changed =
        server.as_administrator().await.patch(&path, json!({ "password": "the new password" })).await;
    changed.is(200);
    assert_eq!(log_in(&other, "the new password").await.is(200).header("idempotency-replayed"), None);
}

#[tokio::test]
async fn replays_errors_but_not_temporary_refusals() {
    let server = TestServer::start().await;
    let jane = create(&server, json!({ "externalId": "jane" })).await;
    let body = zaia_body(&server, json!({ "externalId": "jane" }));
    for (key, path, body, status) in [
        ("taken", USERS, body.clone(), 409),
        ("broken", USERS, json!({}), 400),
        ("missing", "/api/v1/external-users/7d444840-9dc0-41d1-b245-5ffdce74fad2", json!({}), 404),
    ] {
        let client = keyed(&server.zaia(), key);
        let method = if status == 404 { "PATCH" } else { "POST" };
        let first = client.send(method, path, Some(body.clone())).await.is(status);
        assert_replayed(&first, &client.send(method, path, Some(body)).await);
    }
    server.zaia().delete(&path_of(&jane)).await.is(204);
    let again = keyed(&server.zaia(), "taken").post(USERS, body.clone()).await.is(409);
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "although the id is free now");
    keyed(&server.zaia(), "new").post(USERS, body.clone()).await.is(200);

    let unsupported = keyed(&server.zaia(), "text");
    let sent = || unsupported.send_bytes("POST", USERS, Some(("text/plain", b"{}".to_vec())));
    for reply in [sent().await, sent().await] {
        assert_eq!(reply.header("idempotency-replayed"), None);
        reply.error(415, "unsupported_media_type");
    }
    let unknown = keyed(&server.anonymous().with("authorization", "sk_unknown"), "one");
    for reply in [unknown.post(USERS, body.clone()).await, unknown.post(USERS, body).await] {
        assert_eq!(reply.header("idempotency-replayed"), None);
        reply.error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn keys_are_separate_per_caller() {
    let people = People::new().await;
    let server = &people.server;
    let (other, workspace) = (server.new_key(&[]).await, server.new_workspace("Acme").await);
    let clients = [
        server.notiflows(),
        server.notiflows().with_key(&other),
        server.notiflows().with_key(&workspace.key),
    ];
    for (client, status) in clients.iter().zip([201, 200, 201]) {
        let reply = keyed(client, "one").put("/admin/users/jane", json!({})).await.is(status);
        assert_eq!(reply.header("idempotency-replayed"), None);
    }
    let (jane, joe) = (
        people.person("jane@example.com", json!({})).await,
        people.person("joe@example.com", json!({})).await,
    );
    let body = json!({ "firstname": "First" });
    for person in [jane, joe] {
        let reply = keyed(&person.client, "one").patch("/api/users/me", body.clone()).await;
        assert_eq!((reply.status, reply.header("idempotency-replayed")), (200, None), "{reply}");
        assert_replayed(&reply, &keyed(&person.client, "one").patch("/api/users/me", body.clone()).await);
    }
}

#[tokio::test]
async fn a_key_expires_after_a_day() {
    let server = TestServer::with_fixed_time().await;
    let client = keyed(&server.zaia(), "one");
    let body = zaia_body(&server, json!({}));
    let first = client.post(USERS, body.clone()).await.is(200);
    server.advance(Duration::from_secs(24 * 60 * 60 - 1));
    let again = client.post(USERS, body.clone()).await;
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
    server.advance(Duration::from_secs(1));
    let later = client.post(USERS, body.clone()).await.is(200);
    assert_eq!(later.header("idempotency-replayed"), None);
    assert_ne!(later.body["id"], first.body["id"]);
    assert_eq!(client.post(USERS, body).await.text, later.text, "the key is in use again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_requests_create_one_user() {
    let server = TestServer::start().await;
    let other = server.another().await;
    let body = zaia_body(&server, json!({}));
    let all: JoinSet<_> = (0..20)
        .map(|number| {
            let client = keyed(&if number % 2 == 0 { server.zaia() } else { other.zaia() }, "one");
            let body = body.clone();
            async move {
                loop {
                    let reply = client.post(USERS, body.clone()).await;
                    if reply.status != 409 {
                        return reply.is(200);
                    }
                    assert_eq!(reply.header("retry-after"), Some("1"), "{reply}");
                    let details = reply.error(409, "conflict");
                    assert_eq!(details["reason"], "idempotency_key_in_use");
                    assert_eq!(details["idempotency_key"], "one");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        })
        .collect();
    let replies = all.join_all().await;
    let firsts = replies.iter().filter(|reply| reply.header("idempotency-replayed").is_none()).count();
    assert_eq!(firsts, 1);
    assert!(replies.iter().all(|reply| reply.text == replies[0].text));
    assert_eq!(server.flowra().get(USERS).await.array(200).len(), 1);
}

#[tokio::test]
async fn rejects_invalid_keys_and_ignores_reads() {
    let server = TestServer::with(&["--max-body-size=1KiB"]).await;
    let body = json!({ "external_id": "jane" });
    for key in ["", "a b", "é", &"k".repeat(256)] {
        let reply = keyed(&server.notiflows(), key).put("/admin/users/jane", body.clone()).await;
        let details = reply.error(400, "bad_request");
        let expected = (&json!("invalid_param"), &json!("Idempotency-Key"));
        assert_eq!((&details["reason"], &details["param"]), expected);
    }
    let twice = server.raw(format!(
        "DELETE /admin/users/jane HTTP/1.1\r\nhost: denizen.test\r\nconnection: close\r\n\
         x-notiflows-api-key: {}\r\nx-notiflows-secret-key: {}\r\nidempotency-key: a\r\nidempotency-key: a\r\n\r\n",
        server.workspace.key.public, server.workspace.key.secret,
    ));
    assert_eq!(twice.await.error(400, "bad_request")["param"], "Idempotency-Key");
    let client = keyed(&server.notiflows(), "one");
    client.get("/admin/users/jane").await.error(404, "not_found");
    client.put("/admin/users/jane", body).await.is(201);
    let seen = client.get("/admin/users/jane").await.is(200);
    assert_eq!(seen.header("idempotency-replayed"), None);
    let look_up = keyed(&server.zaia(), "two");
    for _ in 0..2 {
        let found =
            look_up.post(&format!("{USERS}/lookup"), json!({ "externalIds": ["jane"] })).await.is(200);
        assert_eq!(found.header("idempotency-replayed"), None, "a read, although a POST");
    }
    let large = json!({ "first_name": "x".repeat(2000) });
    assert_eq!(client.put("/admin/users/jane", large).await.error(413, "payload_too_large")["limit"], 1024);
}
