//! What the router refuses, it refuses before it looks at keys, credentials or bodies.

use denizen_tests::{TestServer, json};

#[tokio::test]
async fn an_unknown_method_is_405_whatever_else_is_wrong() {
    let server = TestServer::start().await;
    let valid = server.notiflows().with("idempotency-key", "used");
    valid.put("/admin/users/e1", json!({ "first_name": "Jane" })).await.is(201);
    for (method, path) in [
        ("POST", "/admin/users"),
        ("PATCH", "/admin/users/e1"),
        ("POST", "/admin/users/e1"),
        ("PUT", "/admin/v1/users"),
        ("PATCH", "/admin/users/bulk/"),
        ("PUT", "/api/v1/external-users"),
        ("DELETE", "/api/v1/external-users/authenticate"),
        ("PUT", "/api/v1/channels"),
        ("PATCH", "/api/v1/audit-events"),
        ("DELETE", "/api/users"),
        ("PUT", "/api/users/me"),
        ("PUT", "/login"),
        ("PATCH", "/users"),
        ("DELETE", "/v1/user"),
        ("POST", "/organizations"),
        ("POST", "/version"),
        ("POST", "/docs/"),
    ] {
        for client in [server.anonymous(), server.notiflows(), server.flowra(), server.zaia()] {
            for key in ["used", "new", "", "not valid", &"k".repeat(256)] {
                let client = client.with("idempotency-key", key);
                let client = client.with("content-encoding", "br").with("if-match", "\"other\"");
                let body = Some(("text/plain; charset=iso-8859-1", b"\xFF".to_vec()));
                let reply = client.send_bytes(method, path, body).await;
                assert_eq!(reply.status, 405, "{method} {path} with the key {key:?}\n{reply}");
                assert!(reply.header("allow").is_some(), "{method} {path}\n{reply}");
                assert_eq!(reply.header("idempotency-replayed"), None, "{method} {path}");
                reply.error(405, "method_not_allowed");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_whatever_else_is_wrong() {
    let server = TestServer::start().await;
    for path in [
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v2/users",
        "/admin",
        "/admin/users/a/b",
        "/v1",
        "/v2/flows",
        "/organizations/a/b/c",
        "/loginn",
        "/errors",
        "/users//",
        "/docs/nothing",
    ] {
        for key in ["one", "", "not valid", &"k".repeat(256)] {
            let client = server.flowra().with("idempotency-key", key).with("content-encoding", "br");
            let body = Some(("text/plain; charset=iso-8859-1", b"\xFF".to_vec()));
            let reply = client.send_bytes("GET", path, body).await;
            assert_eq!(reply.status, 404, "{path} with the key {key:?}\n{reply}");
            reply.error(404, "not_found");
        }
    }
}

#[tokio::test]
async fn a_refused_method_leaves_the_key_free() {
    let server = TestServer::start().await;
    let client = server.notiflows().with("idempotency-key", "one");
    for _ in 0..2 {
        client
            .patch("/admin/users/e1", json!({ "first_name": "Jane" }))
            .await
            .error(405, "method_not_allowed");
    }
    let made = client.put("/admin/users/e1", json!({ "first_name": "Jane" })).await.is(201);
    assert_eq!(made.header("idempotency-replayed"), None);
    client.patch("/admin/users/e1", json!({ "first_name": "Jane" })).await.error(405, "method_not_allowed");
}
