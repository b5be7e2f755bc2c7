//! The key of a tenant, which another service keeps there.

use denizen_tests::{TestServer, Value, json};

use crate::people::People;
use crate::support::{each, keys};

/// The path of a tenant's key.
fn path_of(base: &str, tenant: &str) -> String {
    format!("{base}/tenants/{tenant}/key")
}

#[tokio::test]
async fn stores_reads_and_deletes_a_key() {
    let people = People::new().await;
    let root = &people.administrator;
    for base in ["/api", "/api/v1"] {
        let tenant = people.tenant("Acme").await;
        let path = path_of(base, &tenant);
        let none = json!({ "key": null, "value": null });
        assert_eq!(root.get(&path).await.json(200), none);
        let stored = root.post(&path, json!({ "value": "whatever it is", "other": 1 })).await.json(200);
        assert_eq!(keys(&stored), ["message"]);
        let key = json!({ "key": "whatever it is", "value": "whatever it is" });
        assert_eq!(root.get(&path).await.json(200), key);
        assert_eq!(root.get(&format!("{path}?meta")).await.json(200), json!({ "data": key, "meta": {} }));
        for _ in 0..2 {
            assert_eq!(keys(&root.delete(&path).await.json(200)), ["message"]);
            assert_eq!(root.get(&path).await.json(200), none);
        }
        root.post(&path, json!({ "value": "another" })).await.is(200);
        assert_eq!(root.get(&path).await.json(200)["key"], "another");
    }
}

#[tokio::test]
async fn a_key_is_any_text_of_1_to_10000_characters() {
    let people = People::new().await;
    let root = &people.administrator;
    let pem =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp\n-----END PRIVATE KEY-----\n";
    for value in [
        "x",
        " ",
        "0",
        "null",
        "{\"a\": 1}",
        "schlüssel 🔑",
        "\u{202e}reversed",
        "a\tb\r\nc",
        "'; DROP TABLE workspace_keys; --",
        pem,
        &"x".repeat(10_000),
        &"🔑".repeat(10_000),
    ] {
        let path = path_of("/api", &people.tenant("Acme").await);
        root.post(&path, json!({ "value": value })).await.is(200);
        assert_eq!(root.get(&path).await.json(200)["key"], value, "{value:.20}");
    }
    let path = path_of("/api", &people.tenant("Acme").await);
    for (body, reason) in [
        (json!({}), "required"),
        (json!({ "value": null }), "invalid_type"),
        (json!({ "value": 7 }), "invalid_type"),
        (json!({ "value": ["x"] }), "invalid_type"),
        (json!({ "value": { "key": "x" } }), "invalid_type"),
        (json!({ "value": true }), "invalid_type"),
        (json!({ "value": "" }), "too_short"),
        (json!({ "value": "x".repeat(10_001) }), "too_long"),
        (json!({ "value": "a\0b" }), "invalid_characters"),
        (json!({ "key": "x" }), "required"),
    ] {
        let details = root.post(&path, body.clone()).await.error(400, "bad_request");
        let field = &details["fields"][0];
        assert_eq!((&field["field"], &field["reason"]), (&json!("value"), &json!(reason)), "{body:.40}");
    }
    assert_eq!(root.get(&path).await.json(200)["key"], Value::Null);
}

#[tokio::test]
async fn a_key_is_not_overwritten() {
    let people = People::new().await;
    let path = path_of("/api", &people.tenant("Acme").await);
    let post = async |value: &str| people.administrator.post(&path, json!({ "value": value })).await;
    let (one, other) = tokio::join!(post("one"), post("other"));
    let mut answers = [one.status, other.status];
    answers.sort_unstable();
    assert_eq!(answers, [200, 409]);
    let kept = people.administrator.get(&path).await.json(200)["key"].clone();
    assert_eq!(kept, if one.status == 200 { "one" } else { "other" });
    let details = post("third").await.error(409, "conflict");
    assert_eq!(details, json!({ "reason": "taken" }));
    assert_eq!(people.administrator.get(&path).await.json(200)["key"], kept);
}

#[tokio::test]
async fn each_permission_allows_one_operation() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let path = path_of("/api", &acme);
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    let body = json!({ "value": "a secret" });
    let ways = [("iam.key.create", "POST"), ("iam.key.read", "GET"), ("iam.key.delete", "DELETE")];
    for (permission, method) in ways {
        let details = admin.client.send(method, &path, Some(body.clone())).await.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": permission }), "not even its own tenant's");
        let holder = people.with_permissions(&format!("{permission}@example.com"), None, &[permission]).await;
        for (other, its_method) in ways {
            let reply = holder.client.send(its_method, &path, Some(body.clone())).await;
            assert_eq!(
                reply.status,
                if other == permission { 200 } else { 403 },
                "{permission} {its_method}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_goes_with_its_tenant() {
    let people = People::new().await;
    let root = &people.administrator;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    for (tenant, value) in [(&acme, "of acme"), (&other, "of the other")] {
        root.post(&path_of("/api", tenant), json!({ "value": value })).await.is(200);
    }
    root.delete(&format!("/api/tenants/{acme}")).await.is(200);
    for reply in [
        root.get(&path_of("/api", &acme)).await,
        root.post(&path_of("/api", &acme), json!({ "value": "new" })).await,
        root.delete(&path_of("/api", &acme)).await,
    ] {
        assert_eq!(reply.error(404, "not_found"), json!({ "resource": "tenant", "id": acme }));
    }
    assert_eq!(root.get(&path_of("/api", &other)).await.json(200)["key"], "of the other");
}

#[tokio::test]
async fn the_audit_log_contains_no_key() {
    let people = People::new().await;
    let path = path_of("/api", &people.server.workspace.id);
    people.administrator.post(&path, json!({ "value": "a secret of acme" })).await.is(200);
    people.administrator.delete(&path).await.is(200);
    people.administrator.delete(&path).await.is(200);
    let key = people.server.new_key(&["audit:read"]).await;
    let log = people.server.zaia().with_key(&key).get("/api/v1/audit-events?order=oldest&limit=100").await;
    assert!(!log.text.contains("a secret of acme"), "{log}");
    let events = log.array(200);
    let about: Vec<_> = events.into_iter().filter(|event| event["objectType"] == "workspace_key").collect();
    assert_eq!(each(&about, "action"), ["workspace_key.create", "workspace_key.delete"]);
    for event in &about {
        assert_eq!(event["objectId"], people.server.workspace.id);
        assert_eq!(event["actor"]["id"], people.server.administrator.id);
        assert_eq!(event["changes"], json!({}));
    }
}

#[tokio::test]
async fn without_an_encryption_key_no_key_is_stored() {
    let Some(server) = TestServer::without_encryption_key().await else { return };
    let people = People::on(server).await;
    let path = path_of("/api", &people.tenant("Acme").await);
    let reply = people.administrator.post(&path, json!({ "value": "a secret" })).await;
    assert!(reply.body["message"].as_str().unwrap().contains("--encryption-key-file"), "{reply}");
    assert_eq!(reply.error(503, "unavailable"), json!({ "reason": "no_encryption_key" }));
    assert_eq!(people.administrator.get(&path).await.json(200)["key"], Value::Null);
    people.administrator.delete(&path).await.is(200);
}

/// One key a line: 32 bytes in Base64.
const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

#[tokio::test]
async fn a_new_encryption_key_reads_what_an_old_one_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let write = |keys: &[&str]| std::fs::write(&file, keys.join("\n")).unwrap();
    write(&[OLD]);
    let argument = format!("--encryption-key-file={}", file.display());
    let people = People::on(TestServer::with(&[&argument]).await).await;
    let path = path_of("/api", &people.tenant("Acme").await);
    people.administrator.post(&path, json!({ "value": "a secret" })).await.is(200);
    let read = async || {
        let another = people.server.another().await;
        another.as_administrator().await.get(&path).await
    };
    write(&[NEW]);
    assert_eq!(read().await.error(503, "unavailable"), json!({ "reason": "unknown_encryption_key" }));
    write(&[NEW, OLD]);
    assert_eq!(read().await.json(200)["key"], "a secret");
    for resealed in [1, 0] {
        let reseal = ["encryption-keys", "reseal", "--json", &argument];
        assert_eq!(people.server.operator(&reseal).await, json!({ "resealed": resealed }));
    }
    write(&[NEW]);
    assert_eq!(read().await.json(200)["key"], "a secret");
}
