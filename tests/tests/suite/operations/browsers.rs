//! Headers for browsers: allowed origins and security.

use denizen_tests::{Client, Reply, TestServer, json};

const OURS: &str = "https://app.example.com";
const OTHER: &str = "https://evil.example.com";

/// Sends a browser's preflight request.
async fn preflight(client: &Client, origin: &str) -> Reply {
    let client = client.with("origin", origin).with("access-control-request-method", "PUT");
    let client = client.with("access-control-request-headers", "x-api-key,content-type");
    client.send("OPTIONS", "/api/v1/external-users", None).await
}

fn allowed(reply: &Reply) -> Option<&str> {
    reply.header("access-control-allow-origin")
}

#[tokio::test]
async fn other_origins_are_rejected_by_default() {
    let server = TestServer::start().await;
    assert_eq!(allowed(&preflight(&server.anonymous(), OURS).await), None);
    for path in ["/api/v1/external-users", "/version", "/no/such/path"] {
        assert_eq!(allowed(&server.flowra().with("origin", OURS).get(path).await), None, "{path}");
    }
}

#[tokio::test]
async fn allows_configured_origins() {
    let server = TestServer::with(&["--cors-origin=https://app.example.com,https://other.example.com"]).await;
    for origin in [OURS, "https://other.example.com"] {
        let reply = preflight(&server.anonymous(), origin).await;
        assert!((200..300).contains(&reply.status), "{reply}");
        assert_eq!(allowed(&reply), Some(origin), "{reply}");
        let methods = reply.header("access-control-allow-methods").unwrap();
        assert!(
            ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().all(|method| methods.contains(method)),
            "{reply}"
        );
        assert!(reply.header("access-control-allow-headers").is_some(), "{reply}");
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            None,
            "keys come in headers, not cookies"
        );

        let client = server.flowra().with("origin", origin);
        let reply = client.get("/api/v1/external-users").await.is(200);
        assert_eq!(allowed(&reply), Some(origin), "{reply}");
        let exposed = reply.header("access-control-expose-headers").unwrap().to_lowercase();
        for header in
            ["link", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id", "x-total-count"]
        {
            assert!(exposed.contains(header), "{header} is not in {exposed}");
        }
        let reply = client.post("/api/v1/external-users", json!({})).await;
        assert_eq!(allowed(&reply), Some(origin), "a page may read errors, too: {reply}");
        reply.error(422, "validation_failed");
    }
    for origin in [OTHER, "http://app.example.com", "https://app.example.com.evil.example", "null"] {
        assert_eq!(allowed(&preflight(&server.anonymous(), origin).await), None, "{origin}");
        let reply = server.flowra().with("origin", origin).get("/api/v1/external-users").await;
        assert_eq!(allowed(&reply), None, "{origin}");
    }
}

#[tokio::test]
async fn allows_any_origin_if_configured() {
    let server = TestServer::with(&["--cors-origin=*"]).await;
    assert_eq!(allowed(&preflight(&server.anonymous(), OTHER).await), Some("*"));
    assert_eq!(allowed(&server.anonymous().with("origin", OTHER).get("/version").await), Some("*"));
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let server = TestServer::start().await;
    let client = server.flowra();
    for reply in [
        client.get("/api/v1/external-users").await.is(200),
        client.post("/api/v1/external-users", json!({ "name": "jane" })).await.is(201),
        client.post("/api/v1/external-users", json!({})).await.is(422),
        server.anonymous().get("/admin/users").await.is(401),
        server.anonymous().get("/no/such/path").await.is(404),
        server.anonymous().delete("/version").await.is(405),
        server.anonymous().get("/health/ready").await.is(200),
        server.anonymous().get("/errors/not_found").await.is(200),
        server.anonymous().get("/docs/").await.is(200),
    ] {
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{reply}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{reply}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{reply}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src"), "{reply}");
        assert_eq!(reply.header("server"), None, "{reply}");
    }
}
