//! Errors common to all operations, and their pages.

use denizen_tests::{TestServer, json};

/// Every code, with its status.
const CODES: [(&str, u16); 14] = [
    ("bad_request", 400),
    ("unauthenticated", 401),
    ("forbidden", 403),
    ("not_found", 404),
    ("method_not_allowed", 405),
    ("conflict", 409),
    ("gone", 410),
    ("precondition_failed", 412),
    ("payload_too_large", 413),
    ("unsupported_media_type", 415),
    ("validation_failed", 422),
    ("rate_limited", 429),
    ("internal_error", 500),
    ("unavailable", 503),
];

#[tokio::test]
async fn every_error_code_has_a_page() {
    let server = TestServer::start().await;
    for (code, status) in CODES {
        let page = server.anonymous().get(&format!("/errors/{code}")).await.is(200);
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page}");
        assert!(page.text.contains(code) && page.text.contains(&status.to_string()), "{page}");
        assert_eq!(page.text.matches("<p>").count(), 2, "what it means, and what to do: {page}");
    }
    for unknown in ["no_such_code", "Not_Found", "404", "not%20found", "%3Cscript%3E"] {
        let reply = server.anonymous().get(&format!("/errors/{unknown}")).await;
        assert!(!reply.text.contains("<script>") || reply.header("content-type") == Some("application/json"));
        reply.error(404, "not_found");
    }
    server.anonymous().get("/errors").await.error(404, "not_found");
}

#[tokio::test]
async fn documents_every_error_code() {
    let server = TestServer::start().await;
    let document = server.anonymous().get("/openapi.json").await.json(200);
    let named = &document["components"]["schemas"]["ErrorCode"]["enum"];
    assert_eq!(*named, json!(CODES.map(|(code, _)| code)));
}

#[tokio::test]
async fn the_type_of_an_error_links_its_page() {
    let server = TestServer::start().await;
    let reply = server.anonymous().get("/admin/users").await.is(401);
    let address = reply.body["error"]["type"].as_str().unwrap();
    assert_eq!(address, format!("http://{}/errors/unauthenticated", server.address));
    assert!(server.anonymous().get(address).await.is(200).text.contains("unauthenticated"));
}

#[tokio::test]
async fn an_unknown_path_is_404() {
    let server = TestServer::start().await;
    for path in
        ["/no/such/path", "/api", "/api/v1", "/api/v2/external-users", "/admin", "/administrators", "/health"]
    {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "BREW"] {
            let reply = server.flowra().send(method, path, None).await.is(404);
            if method != "HEAD" {
                assert_eq!(reply.error(404, "not_found"), json!({ "resource": "path" }), "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_method_lists_the_allowed_ones() {
    let server = TestServer::start().await;
    for (path, methods) in [
        ("/api/v1/external-users", &["GET", "HEAD", "POST"][..]),
        ("/api/v1/external-users/me", &["GET", "HEAD"]),
        ("/api/v1/external-users/authenticate", &["POST"]),
        ("/api/v1/external-users/7d444840-9dc0-41d1-b245-5ffdce74fad2", &["DELETE", "GET", "HEAD", "PATCH"]),
        ("/api/v1/external-users/7d444840-9dc0-41d1-b245-5ffdce74fad2/toggle-active", &["PUT"]),
        ("/api/v1/external-users/username/jane", &["GET", "HEAD"]),
        ("/api/v1/channels", &["GET", "HEAD", "POST"]),
        ("/api/v1/channels/7d444840-9dc0-41d1-b245-5ffdce74fad2", &["DELETE", "GET", "HEAD", "PATCH"]),
        ("/admin/users", &["GET", "HEAD"]),
        ("/admin/v1/users/jane", &["DELETE", "GET", "HEAD", "PUT"]),
        ("/", &["GET", "HEAD"]),
        ("/version", &["GET", "HEAD"]),
        ("/healthcheck", &["GET", "HEAD"]),
        ("/health/ready", &["GET", "HEAD"]),
        ("/metrics", &["GET", "HEAD"]),
        ("/errors/not_found", &["GET", "HEAD"]),
        ("/openapi.json", &["GET", "HEAD"]),
        ("/docs/", &["GET", "HEAD"]),
        ("/docs/events", &["GET", "HEAD"]),
    ] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "BREW"] {
            if methods.contains(&method) {
                continue;
            }
            let reply = server.anonymous().send(method, path, None).await;
            assert_eq!(reply.status, 405, "{method} {path}:\n{reply}");
            let allow =
                reply.header("allow").unwrap_or_else(|| panic!("{method} {path} has no Allow:\n{reply}"));
            let mut allowed: Vec<_> = allow.split(',').map(str::trim).map(str::to_owned).collect();
            allowed.sort();
            assert_eq!(allowed, methods, "{method} {path}");
            assert_eq!(reply.error(405, "method_not_allowed"), json!({}), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let server = TestServer::start().await;
    let client = server.zaia();
    let body = json!({ "name": "a shop", "description": null, "prompt": null });
    client.post("/api/v1/channels", body).await.is(200);
    for path in ["/api/v1/channels?pageSize=1&count=true", "/api/v1/channels?pageSize=0", "/no/such/path"] {
        let (get, head) = (client.get(path).await, client.send("HEAD", path, None).await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "link", "x-total-count"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
    }
}

#[tokio::test]
async fn errors_and_links_use_the_public_url() {
    let server = TestServer::with(&["--public-url=https://users.example.com/directory/"]).await;
    let reply = server.flowra().with("host", "elsewhere.example").get("/no/such/path").await.is(404);
    assert_eq!(reply.body["error"]["type"], "https://users.example.com/directory/errors/not_found");
    let body = json!({ "name": "a shop", "description": null, "prompt": null });
    server.zaia().post("/api/v1/channels", body).await.is(200);
    for index in 0..2 {
        server.notiflows().put(&format!("/admin/users/{index}"), json!({})).await.is(201);
    }
    for (client, list) in [
        (server.flowra(), "/api/v1/external-users?limit=1"),
        (server.zaia(), "/api/v1/external-users?pageSize=1"),
        (server.zaia(), "/api/v1/channels?pageSize=1"),
        (server.notiflows(), "/admin/users?limit=1"),
    ] {
        let next = client.get(list).await.is(200).next().unwrap();
        let expected = format!("https://users.example.com/directory{list}&");
        assert!(next.starts_with(&expected), "{next} does not begin with {expected}");
    }
}

#[tokio::test]
async fn without_a_public_url_errors_and_links_use_the_host() {
    let server = TestServer::start().await;
    for index in 0..2 {
        server.notiflows().put(&format!("/admin/users/{index}"), json!({})).await.is(201);
    }
    let client = server.notiflows().with("host", "users.example.com:8443");
    let next = client.get("/admin/users?limit=1").await.is(200).next().unwrap();
    assert!(next.starts_with("http://users.example.com:8443/admin/users?limit=1&after="), "{next}");
    let reply = client.get("/admin/users?limit=0").await.is(400);
    assert_eq!(reply.body["error"]["type"], "http://users.example.com:8443/errors/bad_request");
}
