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
async fn allows_apps_subdomains_and_origins_written_differently() {
    let origins =
        "HTTPS://App.Example.COM:443, tauri://localhost\tcapacitor://localhost  https://*.example.org";
    let argument = format!("--cors-origin={origins}");
    let server = TestServer::with(&[&argument, "--cors-origin=chrome-extension://abcdefghijklmnop"]).await;
    for origin in [
        OURS,
        "tauri://localhost",
        "capacitor://localhost",
        "chrome-extension://abcdefghijklmnop",
        "https://a.example.org",
        "https://a.b.example.org",
    ] {
        let reply = preflight(&server.anonymous(), origin).await;
        assert_eq!(allowed(&reply), Some(origin), "{reply}");
        assert_eq!(reply.header("access-control-max-age"), Some("7200"), "{reply}");
        assert_eq!(allowed(&server.flowra().with("origin", origin).get("/version").await), Some(origin));
    }
    for origin in [OTHER, "https://example.org", "https://evilexample.org", "http://a.example.org", "null"] {
        assert_eq!(allowed(&preflight(&server.anonymous(), origin).await), None, "{origin}");
    }
}

#[tokio::test]
async fn a_page_may_read_that_the_server_is_busy() {
    let server = TestServer::with(&[
        "--cors-origin=https://app.example.com",
        "--max-connections=1",
        "--request-timeout=50ms",
    ])
    .await;
    let key = &server.workspace.key.secret;
    let request = |length: usize| {
        format!(
            "POST /api/v1/external-users HTTP/1.1\r\nhost: a\r\norigin: {OURS}\r\nx-api-key: {key}\r\n\
             content-length: {length}\r\n\r\n{{"
        )
    };
    let mut slow = server.connect().await;
    slow.send(request(100)).await;
    let mut refused = server.connect().await;
    refused.send(request(1)).await;
    for reply in [refused.reply().await, slow.reply().await] {
        assert_eq!(allowed(&reply), Some(OURS), "{reply}");
        assert!(reply.header("access-control-expose-headers").unwrap().contains("retry-after"), "{reply}");
        reply.error(503, "unavailable");
    }
}

/// Browsers ask before they send a page's own `Authorization` to another site, and attach what they remember only to
/// requests that they need not ask for.
#[tokio::test]
async fn an_allowed_page_may_send_basic_itself() {
    for (origins, form) in [(OURS, 200), ("https://*.example.com", 200), ("*", 403), (OTHER, 403)] {
        let server = TestServer::with(&[&format!("--cors-origin={origins}")]).await;
        let administrator = &server.administrator;
        let client = server.basic(&administrator.username, &administrator.password);
        let page = client.with("origin", OURS).with("sec-fetch-site", "cross-site");
        let path = format!("/users/{}", administrator.number);
        let json = if origins == OTHER { 403 } else { 200 };
        page.put(&path, json!({ "nick": "Ada" })).await.is(json);
        page.post("/flows/default", json!({ "name": "Mine" })).await.is(if json == 200 { 201 } else { 403 });
        page.post_form("/flows/default", &[("name", "Others")]).await.is(if form == 200 { 201 } else { 403 });

        let log_in = json!({ "username": administrator.username, "password": administrator.password });
        let logged_in = server.anonymous().post("/login", log_in).await.is(200);
        let cookie = logged_in.header("set-cookie").unwrap().split(';').next().unwrap();
        let page = server
            .anonymous()
            .with("cookie", cookie)
            .with("origin", OURS)
            .with("sec-fetch-site", "cross-site");
        page.patch("/api/users/me", json!({ "firstname": "Ada" })).await.error(403, "forbidden");
    }
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let server = TestServer::start().await;
    let client = server.flowra();
    let documentation = server.anonymous().get("/docs/").await.is(200);
    assert_eq!(
        documentation.header("cache-control"),
        Some("no-cache"),
        "the page is no secret, but may change"
    );
    let others = [
        client.get("/api/v1/external-users").await.is(200),
        client.post("/api/v1/external-users", json!({ "name": "jane" })).await.is(201),
        client.post("/api/v1/external-users", json!({})).await.is(422),
        server.anonymous().get("/admin/users").await.is(401),
        server.anonymous().get("/no/such/path").await.is(404),
        server.anonymous().delete("/version").await.is(405),
        server.anonymous().get("/health/ready").await.is(200),
        server.anonymous().get("/errors/not_found").await.is(200),
        server.anonymous().get("/").await.is(200),
        server.anonymous().with("accept", "text/html").get("/").await.is(200),
    ];
    for reply in &others {
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply}");
    }
    for reply in others.iter().chain([&documentation]) {
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{reply}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{reply}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{reply}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src"), "{reply}");
        assert_eq!(reply.header("server"), None, "{reply}");
    }
}
