//! `/api/v1/api-keys`: keys, managed with keys.

use std::time::Duration;

use denizen_tests::{Client, Key, TestServer, Value, json};

use crate::support::{assert_time, assert_uuid, each, keys, soon, text};

const PATH: &str = "/api/v1/api-keys";
const USERS: &str = "/api/v1/external-users";

/// The scopes of a key created without scopes by one that has all.
const DEFAULT: [&str; 6] = [
    "external_users:read",
    "external_users:write",
    "external_users:authenticate",
    "settings:read",
    "settings:write",
    "workflows:read",
];

/// A client whose key has the default scopes and may manage keys.
async fn manager(server: &TestServer) -> Client {
    manager_with(server, &DEFAULT).await
}

/// A client whose key has these scopes and may manage keys.
async fn manager_with(server: &TestServer, scopes: &[&str]) -> Client {
    server.zaia().with_key(&server.new_key(&[scopes, &["api_keys:manage"]].concat()).await)
}

async fn make(manager: &Client, body: Value) -> Value {
    manager.post(PATH, body).await.json(200)
}

/// Rotates the secret of a key.
async fn rotate(manager: &Client, key: &Value, overlap: u32) -> Value {
    manager.post(&rotation_of(key), json!({ "overlapSeconds": overlap })).await.json(200)
}

fn path_of(key: &Value) -> String {
    format!("{PATH}/{}", text(key, "id"))
}

fn rotation_of(key: &Value) -> String {
    format!("{}/rotate", path_of(key))
}

/// The key pair in an answer.
fn pair(key: &Value) -> Key {
    Key { id: text(key, "id"), public: text(key, "publicKey"), secret: text(key, "secretKey") }
}

/// Waits until a server refuses a key that another server has ended, whichever way it is sent.
async fn is_soon_refused(server: &TestServer, key: &Value) {
    let client = server.flowra().with_key(&pair(key));
    soon(async || client.get(USERS).await.status == 401).await;
    assert!(!works(server, key).await);
}

/// Whether a key works on a server, alone and as a pair.
async fn works(server: &TestServer, key: &Value) -> bool {
    let key = pair(key);
    let alone = server.flowra().with_key(&key).get(USERS).await;
    let as_pair = server.notiflows().with_key(&key).get("/admin/users").await;
    assert_eq!(alone.status, as_pair.status);
    assert!([200, 401].contains(&alone.status), "{alone}");
    alone.status == 200
}

async fn ids(client: &Client, query: &str) -> Vec<String> {
    each(&client.get(&format!("{PATH}?pageSize=100{query}")).await.array(200), "id")
}

#[tokio::test]
async fn creates_a_key_and_shows_its_secret_once() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let body = json!({ "name": "web shop", "scopes": ["settings:read", "external_users:read"] });
    let made = make(&manager, body).await;
    let shown = [
        "createdAt",
        "expiresAt",
        "id",
        "lastUsedAddress",
        "lastUsedAt",
        "name",
        "oldSecretsEndAt",
        "publicKey",
        "revokedAt",
        "scopes",
    ];
    assert_eq!(keys(&made), [&shown[..], &["secretKey", "updatedAt", "workspaceId"]].concat());
    assert_uuid(&made["id"]);
    assert_time(&made["createdAt"]);
    assert_eq!(made["updatedAt"], made["createdAt"]);
    assert_eq!(made["workspaceId"], *server.workspace.id);
    assert_eq!(made["name"], "web shop");
    assert_eq!(made["scopes"], json!(["external_users:read", "settings:read"]));
    for empty in ["expiresAt", "lastUsedAt", "lastUsedAddress", "revokedAt", "oldSecretsEndAt"] {
        assert_eq!(made[empty], Value::Null, "{empty}");
    }
    assert!(text(&made, "publicKey").starts_with("pk_") && text(&made, "secretKey").starts_with("sk_"));
    assert!(works(&server, &made).await);
    let refused = server.zaia().with_key(&pair(&made)).get(PATH).await.error(403, "forbidden");
    assert_eq!(refused, json!({ "required_scope": "api_keys:manage" }));

    let found = manager.get(&path_of(&made)).await.json(200);
    assert_eq!(keys(&found), [&shown[..], &["updatedAt", "workspaceId"]].concat());
    assert_eq!(found["publicKey"], made["publicKey"]);
    let listed = manager.get(&format!("{PATH}?pageSize=100")).await;
    let rest = listed.text.replace("oldSecretsEndAt", "");
    assert!(!rest.contains("sk_") && !rest.contains("ecret"), "{listed}");
    assert!(listed.array(200).contains(&found));
}

#[tokio::test]
async fn validates_the_fields_of_a_key() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let broken = async |body: Value| manager.post(PATH, body).await.broken_fields(400, "bad_request");
    assert_eq!(broken(json!({})).await, ["name"]);
    let all = json!({ "name": "", "scopes": ["everything"], "expiresAt": "soon" });
    assert_eq!(broken(all).await, ["expiresAt", "name", "scopes"]);
    for name in [json!(null), json!(7), json!("x".repeat(101)), json!("a\0b")] {
        assert_eq!(broken(json!({ "name": name })).await, ["name"]);
    }
    for scopes in [json!([]), json!("external_users:read"), json!([7])] {
        assert_eq!(broken(json!({ "name": "ci", "scopes": scopes })).await, ["scopes"]);
    }
    for past in ["2024-01-15T10:30:00Z", "1970-01-01T00:00:00Z"] {
        assert_eq!(broken(json!({ "name": "ci", "expiresAt": past })).await, ["expiresAt"]);
    }
    let made =
        make(&manager, json!({ "name": "ü".repeat(100), "expiresAt": "2024-01-15T12:30:01+02:00" })).await;
    assert_eq!(made["expiresAt"], "2024-01-15T10:30:01.000000Z");
    for overlap in [json!(-1), json!(2_592_001), json!("60"), json!(1.5), json!(null)] {
        let reply = manager.post(&rotation_of(&made), json!({ "overlapSeconds": overlap })).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["overlapSeconds"], "{overlap}");
    }
    for path in ["/api/v1/api-keys/7", "/api/v1/api-keys/7d444840-9dc0-41d1-b245-5ffdce74fad2"] {
        assert_eq!(manager.get(path).await.error(404, "not_found")["resource"], "api_key");
    }
    assert_eq!(manager.get("/api/v1/api-keys/7").await.body["message"], "API key not found.");
}

#[tokio::test]
async fn a_key_creates_none_with_more_scopes() {
    let server = TestServer::start().await;
    let all = manager(&server).await;
    assert_eq!(make(&all, json!({ "name": "ci" })).await["scopes"], json!(DEFAULT));
    let reader = manager_with(&server, &["external_users:read", "audit:read"]).await;
    let before = ids(&all, "").await;
    for scopes in [None, Some(json!(null))] {
        let mut body = json!({ "name": "ci" });
        if let Some(scopes) = scopes {
            body["scopes"] = scopes;
        }
        assert_eq!(make(&reader, body).await["scopes"], json!(["external_users:read"]));
    }
    let own = json!({ "name": "ci", "scopes": ["audit:read", "api_keys:manage"] });
    assert_eq!(make(&reader, own).await["scopes"], json!(["api_keys:manage", "audit:read"]));
    for lacking in DEFAULT.into_iter().skip(1) {
        let body = json!({ "name": "ci", "scopes": ["external_users:read", lacking] });
        let reply = reader.post(PATH, body).await;
        assert!(text(&reply.body, "message").contains(lacking), "{reply}");
        assert_eq!(reply.error(403, "forbidden"), json!({ "reason": "not_held" }));
    }
    let bare = manager_with(&server, &[]).await;
    let reply = bare.post(PATH, json!({ "name": "ci" })).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["scopes"]);
    assert_eq!(ids(&all, "").await.len(), before.len() + 3, "two readers and a bare one; not the audit's");
}

#[tokio::test]
async fn a_key_sees_none_with_more_scopes() {
    let server = TestServer::start().await;
    let all = manager(&server).await;
    let reader = manager_with(&server, &["external_users:read"]).await;
    let (greater, lesser) = (
        make(&all, json!({ "name": "writer", "scopes": ["external_users:read", "external_users:write"] }))
            .await,
        make(&all, json!({ "name": "reader", "scopes": ["external_users:read"] })).await,
    );
    let seen = ids(&reader, "").await;
    assert!(seen.contains(&text(&lesser, "id")) && !seen.contains(&text(&greater, "id")), "{seen:?}");
    for reply in [
        reader.get(&path_of(&greater)).await,
        reader.delete(&path_of(&greater)).await,
        reader.post(&rotation_of(&greater), json!({})).await,
    ] {
        assert_eq!(reply.error(404, "not_found")["resource"], "api_key");
    }
    assert!(works(&server, &greater).await);
    reader.get(&path_of(&lesser)).await.is(200);
    assert!(works(&server, &rotate(&reader, &lesser, 0).await).await);
    reader.delete(&path_of(&lesser)).await.is(200);
    assert_eq!(all.get(&path_of(&lesser)).await.json(200)["name"], "reader");
}

#[tokio::test]
async fn a_list_covers_only_visible_keys() {
    let server = TestServer::start().await;
    let all = manager(&server).await;
    let reader = manager_with(&server, &["external_users:read"]).await;
    let mut visible = ids(&reader, "").await;
    for number in 0..5 {
        for scope in ["external_users:read", "external_users:write"] {
            let made = make(&all, json!({ "name": format!("{scope} {number}"), "scopes": [scope] })).await;
            if scope == "external_users:read" {
                visible.push(text(&made, "id"));
            }
        }
    }
    let first = reader.get(&format!("{PATH}?pageSize=2&count=true")).await;
    assert_eq!(first.header("x-total-count"), Some(&*visible.len().to_string()));
    let (mut walked, mut next) = (each(&first.body.as_array().unwrap().clone(), "id"), first.next());
    while let Some(path) = next {
        let page = reader.get(&path).await;
        next = page.next();
        walked.extend(each(&page.array(200), "id"));
    }
    assert_eq!(walked, visible);
    let second = reader.get(&format!("{PATH}?pageSize=2&pageNumber=2")).await.array(200);
    assert_eq!(each(&second, "id"), visible[2..4]);
    let beyond = reader.get(&format!("{PATH}?pageSize=2&pageNumber=99")).await.array(200);
    assert!(beyond.is_empty());
    let broken = reader.get(&format!("{PATH}?pageSize=101&pageNumber=0&includeEnded=maybe&count=7")).await;
    let fields = broken.broken_fields(400, "bad_request");
    assert_eq!(fields, ["count", "includeEnded", "pageNumber", "pageSize"]);
}

#[tokio::test]
async fn a_revoked_key_is_rejected_at_once_and_soon_on_other_servers() {
    let server = TestServer::start().await;
    let other = server.another().await;
    let manager = manager(&server).await;
    let key = make(&manager, json!({ "name": "ci" })).await;
    assert!(works(&server, &key).await && works(&other, &key).await);
    let done = manager.delete(&path_of(&key)).await.json(200);
    assert_eq!(done, json!({ "message": "API key revoked." }));
    assert!(!works(&server, &key).await);
    is_soon_refused(&other, &key).await;

    let revoked = manager.get(&path_of(&key)).await.json(200);
    assert_time(&revoked["revokedAt"]);
    assert_eq!(revoked["updatedAt"], revoked["revokedAt"]);
    manager.delete(&path_of(&key)).await.is(200);
    assert_eq!(manager.get(&path_of(&key)).await.json(200), revoked, "revoking it again changes nothing");
    let id = text(&key, "id");
    assert!(!ids(&manager, "").await.contains(&id));
    assert!(ids(&manager, "&includeEnded=true").await.contains(&id));
    let details = manager.post(&rotation_of(&key), json!({})).await.error(409, "conflict");
    assert_eq!(details, json!({ "reason": "ended" }));
}

#[tokio::test]
async fn a_key_may_revoke_itself() {
    let server = TestServer::start().await;
    let all = manager(&server).await;
    let body = json!({ "name": "short", "scopes": ["api_keys:manage"] });
    let key = make(&all, body).await;
    let itself = server.zaia().with_key(&pair(&key));
    itself.delete(&path_of(&key)).await.is(200);
    itself.get(PATH).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn the_old_secret_works_exactly_for_the_overlap() {
    let server = TestServer::with_fixed_time().await;
    let other = server.another().await;
    let manager = manager(&server).await;
    let first = make(&manager, json!({ "name": "ci" })).await;
    let second = rotate(&manager, &first, 60).await;
    assert_ne!(second["secretKey"], first["secretKey"]);
    for (field, value) in first.as_object().unwrap() {
        let is_same = second[field] == *value;
        assert_eq!(is_same, !["secretKey", "oldSecretsEndAt"].contains(&field.as_str()), "{field}");
    }
    let end = json!("2024-01-15T10:31:00.000000Z");
    let listed = manager.get(&format!("{PATH}?pageSize=100")).await.array(200);
    let listed = listed.into_iter().find(|key| key["id"] == first["id"]).unwrap();
    for shown in [&second, &manager.get(&path_of(&first)).await.json(200), &listed] {
        assert_eq!(shown["oldSecretsEndAt"], end);
    }
    for server in [&server, &other] {
        assert!(works(server, &first).await && works(server, &second).await);
    }
    server.advance(Duration::from_secs(59));
    assert!(works(&other, &first).await);
    server.advance(Duration::from_secs(1));
    for server in [&server, &other] {
        assert!(!works(server, &first).await && works(server, &second).await);
    }
    // At once, and soon on the other server, too.
    let third = rotate(&manager, &second, 0).await;
    assert_eq!(third["oldSecretsEndAt"], Value::Null);
    assert!(!works(&server, &second).await);
    is_soon_refused(&other, &second).await;
    for server in [&server, &other] {
        assert!(works(server, &third).await);
    }
    assert_eq!(first["updatedAt"], "2024-01-15T10:30:00.000000Z");
    assert_eq!(third["updatedAt"], "2024-01-15T10:31:00.000000Z");
    assert_eq!(third["createdAt"], first["createdAt"]);
    // A day by default.
    let fourth = manager.post(&rotation_of(&third), json!({})).await.json(200);
    server.advance(Duration::from_secs(86_399));
    assert!(works(&server, &third).await);
    server.advance(Duration::from_secs(1));
    assert!(!works(&server, &third).await && works(&server, &fourth).await);
}

#[tokio::test]
async fn several_old_secrets_may_overlap() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let first = make(&manager, json!({ "name": "ci" })).await;
    let second = rotate(&manager, &first, 60).await;
    server.advance(Duration::from_secs(30));
    let third = rotate(&manager, &second, 60).await;
    assert_eq!(third["oldSecretsEndAt"], "2024-01-15T10:31:30.000000Z", "the last of them");
    assert!(works(&server, &first).await && works(&server, &second).await && works(&server, &third).await);
    server.advance(Duration::from_secs(30));
    assert!(!works(&server, &first).await, "another rotation does not prolong it");
    assert!(works(&server, &second).await);
    let fourth = rotate(&manager, &third, 10).await;
    server.advance(Duration::from_secs(10));
    assert!(!works(&server, &second).await && !works(&server, &third).await, "no older secret lasts longer");
    assert!(works(&server, &fourth).await);

    for _ in 0..9 {
        rotate(&manager, &first, 60).await;
    }
    let details =
        manager.post(&rotation_of(&first), json!({ "overlapSeconds": 1 })).await.error(409, "conflict");
    assert_eq!(details, json!({ "reason": "limit_reached" }));
    server.advance(Duration::from_secs(2));
    assert!(works(&server, &fourth).await, "a rejected rotation shortens no overlap");
    rotate(&manager, &first, 0).await;
    assert!(!works(&server, &fourth).await);
}

#[tokio::test]
async fn a_key_does_not_outlast_its_creator() {
    let server = TestServer::with_fixed_time().await;
    let all = manager(&server).await;
    let lasting = make(&all, json!({ "name": "lasting", "scopes": ["external_users:read"] })).await;
    let end = "2024-01-15T11:30:00.000000Z";
    let body =
        json!({ "name": "limited", "scopes": ["external_users:read", "api_keys:manage"], "expiresAt": end });
    let limited = make(&all, body).await;
    let client = server.zaia().with_key(&pair(&limited));

    assert_eq!(make(&client, json!({ "name": "a" })).await["expiresAt"], end);
    assert_eq!(make(&client, json!({ "name": "b", "expiresAt": null })).await["expiresAt"], end);
    let earlier = make(&client, json!({ "name": "c", "expiresAt": "2024-01-15T11:29:59Z" })).await;
    assert_eq!(earlier["expiresAt"], "2024-01-15T11:29:59.000000Z");
    let later = client.post(PATH, json!({ "name": "d", "expiresAt": "2024-01-15T11:30:01Z" })).await;
    assert_eq!(later.broken_fields(400, "bad_request"), ["expiresAt"]);
    let details = client.post(&rotation_of(&lasting), json!({})).await.error(403, "forbidden");
    assert_eq!(details, json!({ "reason": "not_held" }));
    rotate(&client, &earlier, 60).await;

    // A rotation prolongs neither the new secret nor an old one.
    let renewed = rotate(&client, &limited, 60).await;
    assert_eq!(renewed["expiresAt"], end);
    let details = client.post(&rotation_of(&limited), json!({})).await.error(403, "forbidden");
    assert_eq!(details, json!({ "reason": "not_held" }));
    assert_eq!(make(&client, json!({ "name": "e" })).await["expiresAt"], "2024-01-15T10:31:00.000000Z");
    server.advance(Duration::from_hours(1));
    assert!(!works(&server, &renewed).await);
    let details = all.post(&rotation_of(&limited), json!({})).await.error(409, "conflict");
    assert_eq!(details, json!({ "reason": "ended" }));
    assert!(!ids(&all, "").await.contains(&text(&limited, "id")));
    assert!(ids(&all, "&includeEnded=true").await.contains(&text(&limited, "id")));
}

#[tokio::test]
async fn shows_the_last_use_with_its_address() {
    let mut server = TestServer::with_fixed_time().await;
    let key = server.new_key(&[]).await;
    server.flowra().with_key(&key).get(USERS).await.is(200);
    server.restart().await;
    let shown = manager(&server).await.get(&format!("{PATH}/{}", key.id)).await.json(200);
    assert_eq!(shown["lastUsedAt"], "2024-01-15T10:30:00.000000Z");
    assert_eq!(shown["lastUsedAddress"], "127.0.0.1");
}
