//! Paths: any external id, and no traversal.

use denizen_tests::{Client, Reply, TestServer, Value, json};

use super::Directory;
use crate::support::{each, percent_encoded, text};

#[tokio::test]
async fn any_external_id_works_in_every_operation() {
    let server = TestServer::start().await;
    let client = server.notiflows();
    let longest = "🙂".repeat(250);
    for external_id in [
        "gid://app/Customer/1",
        "jane@example.com",
        "a b:c",
        "🙂👩‍👩‍👧",
        "100%",
        "%2F",
        "a+b&c=d?e#f;g",
        "..a",
        "../../etc/passwd",
        "'; DROP TABLE external_users; --",
        "\"<script>\"",
        "\\",
        "e\u{301}",
        "É",
        "\t\n\r",
        &longest,
    ] {
        let path = format!("/admin/users/{}", percent_encoded(external_id));
        let made =
            client.put(&path, json!({ "external_id": external_id, "first_name": "Jane" })).await.json(201);
        assert_eq!(made["external_id"], external_id);
        let other_path = path.replace("/admin/", "/admin/v1/");
        assert_eq!(client.get(&other_path).await.json(200), made);
        assert_eq!(client.get(&path).await.json(200), made);
        assert_eq!(client.put(&path, json!({ "last_name": "Doe" })).await.json(200)["id"], made["id"]);

        let username = format!("/api/v1/external-users/username/{}", percent_encoded(external_id));
        assert_eq!(server.flowra().get(&username).await.json(200)["id"], made["id"]);
        let search = format!("/api/v1/external-users?search={}", percent_encoded(external_id));
        assert_eq!(each(&server.zaia().get(&search).await.array(200), "externalId"), [external_id]);
        let listed = client.get("/admin/users").await.json(200);
        assert_eq!(each(listed["items"].as_array().unwrap(), "external_id"), [external_id]);

        client.delete(&path).await.is(204);
        let details = client.get(&path).await.error(404, "not_found");
        assert_eq!(details, json!({ "resource": "user", "id": external_id }));
    }
}

#[tokio::test]
async fn accepts_any_percent_encoding() {
    let server = TestServer::start().await;
    let key = &server.workspace.key;
    let request = |method: &str, path: &str, body: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-notiflows-api-key: {}\r\n\
             x-notiflows-secret-key: {}\r\ncontent-length: {}\r\n\r\n{body}",
            key.public,
            key.secret,
            body.len()
        )
    };
    for (path, external_id) in [
        ("/admin/users/gid:%2f%2Fapp%2FCustomer%2f1", "gid://app/Customer/1"),
        ("/admin/users/%f0%9f%99%82", "🙂"),
        ("/admin/users/%41b", "Ab"),
    ] {
        let made = server.raw(request("PUT", path, "{}")).await.json(201);
        assert_eq!(made["external_id"], external_id);
        assert_eq!(server.raw(request("GET", path, "")).await.json(200)["id"], made["id"]);
        server.raw(request("DELETE", path, "")).await.is(204);
    }
}

#[tokio::test]
async fn dot_segments_are_not_resolved() {
    let directory = Directory::new().await;
    let server = &directory.server;
    for path in ["/admin/users", "/admin/v1/users"] {
        for dots in ["..", ".", "%2e%2e", "%2E%2e", ".%2e", "%2e"] {
            let path = format!("{path}/{dots}");
            for method in ["GET", "DELETE"] {
                raw(server, method, &path).await.error(404, "not_found");
            }
            let reply = raw(server, "PUT", &path).await;
            assert_eq!(reply.broken_fields(422, "validation_failed"), ["external_id"], "{path}");
        }
    }
    for path in [
        "/..",
        "/../admin/users",
        "/admin/users/../users",
        "/admin/../admin/users",
        "/admin/users/x/../y",
        "/admin/%2e%2e/admin/users",
        "/api/v1/external-users/../channels",
        "/api/v1/channels/..",
        "/api/v1/channels/%2e%2e",
        "/docs/../openapi.json",
        "/docs/..%2fopenapi.json",
        "/docs/../../Cargo.toml",
        "/docs/%2e%2e%2f%2e%2e%2fCargo.toml",
        "/errors/../metrics",
        "//admin/users",
        "/admin//users",
        "/admin/users//",
        "/admin/users/a/b",
    ] {
        for method in ["GET", "DELETE", "PUT"] {
            let reply = raw(server, method, path).await;
            let is_known = reply.status == 405;
            if is_known {
                reply.error(405, "method_not_allowed")
            } else {
                reply.error(404, "not_found")
            };
        }
    }
    directory.is_unchanged("dots").await;
}

#[tokio::test]
async fn rejects_a_path_that_is_not_text() {
    let directory = Directory::new().await;
    let server = &directory.server;
    let (flowra, zaia, notiflows) = (server.flowra(), server.zaia(), server.notiflows());
    for wrong in ["%00", "the%20first%00", "a%00b", "%FF", "a%C3", "%ED%A0%80", "%C0%AF", "%F0%9F"] {
        for (client, method, path, parameter) in [
            (&notiflows, "GET", "/admin/users/*", "id"),
            (&notiflows, "PUT", "/admin/users/*", "id"),
            (&notiflows, "DELETE", "/admin/v1/users/*", "id"),
            (&flowra, "GET", "/api/v1/external-users/username/*", "username"),
            (&zaia, "GET", "/api/v1/external-users/*", "id"),
            (&zaia, "PATCH", "/api/v1/external-users/*", "id"),
            (&zaia, "DELETE", "/api/v1/external-users/*", "id"),
            (&flowra, "PUT", "/api/v1/external-users/*/toggle-active", "id"),
            (&zaia, "GET", "/api/v1/channels/*", "id"),
            (&zaia, "PATCH", "/api/v1/channels/*", "id"),
            (&zaia, "DELETE", "/api/v1/channels/*", "id"),
        ] {
            let path = path.replace('*', wrong);
            let reply = client.send(method, &path, Some(json!({ "name": "somebody" }))).await;
            assert_eq!(reply.status, 400, "{method} {path}:\n{reply}");
            let details = reply.error(400, "bad_request");
            assert_eq!(details["reason"], "invalid_param", "{method} {path}: {details:#}");
            assert_eq!(details["param"], parameter, "{method} {path}: {details:#}");
        }
    }
    directory.is_unchanged("paths that are no text").await;
}

#[tokio::test]
async fn a_page_path_must_be_text() {
    let server = TestServer::start().await;
    for wrong in ["%00", "%FF", "not_found%00"] {
        for path in ["/", "/errors/", "/docs/", "/admin/"] {
            let path = format!("{path}{wrong}");
            let reply = server.anonymous().get(&path).await;
            match reply.status {
                400 => reply.error(400, "bad_request"),
                _ => reply.error(404, "not_found"),
            };
        }
    }
}

#[tokio::test]
async fn rejects_an_external_id_that_is_too_long() {
    let directory = Directory::new().await;
    let client = directory.server.notiflows();
    for length in [251, 10_000] {
        let path = format!("/admin/users/{}", "x".repeat(length));
        let fields = client.put(&path, json!({})).await.broken_fields(422, "validation_failed");
        assert_eq!(fields, ["external_id"]);
        client.get(&path).await.error(404, "not_found");
        client.delete(&path).await.error(404, "not_found");
    }
    directory.is_unchanged("long external ids").await;
}

#[tokio::test]
async fn an_invalid_id_is_404() {
    let directory = Directory::new().await;
    let server = &directory.server;
    let user_id = text(&directory.user, "id");
    let nil = "00000000-0000-0000-0000-000000000000".to_owned();
    let unknown = "7d444840-9dc0-41d1-b245-5ffdce74fad2".to_owned();
    let wrong = ["nope".to_owned(), "7".to_owned(), format!("{user_id}0"), user_id[1..].to_owned()];
    for id in wrong.iter().chain([&nil, &unknown, &directory.channel_id]) {
        let path = format!("/api/v1/external-users/{}", percent_encoded(id));
        for (method, path, body) in [
            ("GET", path.clone(), None),
            ("PATCH", path.clone(), Some(json!({ "name": "Jane" }))),
            ("DELETE", path.clone(), None),
            ("PUT", format!("{path}/toggle-active"), None),
        ] {
            is_not_found(&server.zaia(), method, &path, body, ("external_user", id)).await;
        }
    }
    for id in wrong.iter().chain([&nil, &unknown, &user_id]) {
        let path = format!("/api/v1/channels/{}", percent_encoded(id));
        for (method, body) in [("GET", None), ("PATCH", Some(json!({ "name": "shop" }))), ("DELETE", None)] {
            is_not_found(&server.zaia(), method, &path, body, ("channel", id)).await;
        }
    }
    let client = &directory.surroundings.client;
    for id in wrong.iter().chain([&nil, &unknown, &user_id]) {
        for (name, resource, operations) in [
            ("external-user-groups", "external_user_group", &["GET", "PATCH", "DELETE"][..]),
            ("tiers", "tier", &["GET", "PATCH", "DELETE"]),
            ("api-keys", "api_key", &["GET", "DELETE"]),
            ("super-identities", "super_identity", &["GET"]),
        ] {
            let path = format!("/api/v1/{name}/{}", percent_encoded(id));
            for method in operations {
                let body = (*method == "PATCH").then(|| json!({ "name": "a name" }));
                is_not_found(client, method, &path, body, (resource, id)).await;
            }
        }
        let path = format!("/api/v1/api-keys/{}/rotate", percent_encoded(id));
        is_not_found(client, "POST", &path, Some(json!({})), ("api_key", id)).await;
    }
    directory.is_unchanged("ids of nothing").await;
}

async fn is_not_found(
    client: &Client,
    method: &str,
    path: &str,
    body: Option<Value>,
    (resource, id): (&str, &str),
) {
    let reply = client.send(method, path, body).await;
    assert_eq!(reply.status, 404, "{method} {path}:\n{reply}");
    assert_eq!(reply.error(404, "not_found"), json!({ "resource": resource, "id": id }), "{method} {path}");
}

/// Sends a request with exactly this path and the credentials of every contract.
async fn raw(server: &TestServer, method: &str, path: &str) -> Reply {
    let key = &server.workspace.key;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-notiflows-api-key: {}\r\n\
         x-notiflows-secret-key: {}\r\nauthorization: {}\r\ncontent-length: 2\r\n\r\n{{}}",
        key.public, key.secret, key.secret
    );
    server.raw(request).await
}
