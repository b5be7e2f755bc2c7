//! The cookie of a log-in: its attributes, and no use for other sites.

use denizen_tests::{Client, Reply, TestServer, Value, json};

use crate::support::text;

/// Logs in as the administrator, with these further keys.
async fn log_in(server: &TestServer, client: &Client, more: Value) -> Reply {
    let administrator = &server.administrator;
    let body = json!({ "username": administrator.username, "password": administrator.password });
    client.post("/login", crate::support::with(body, more)).await.is(200)
}

/// The value of a cookie, and its attributes, sorted.
#[track_caller]
fn cookie_of(reply: &Reply) -> (String, Vec<String>) {
    let cookies: Vec<_> = reply.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 1, "{reply}");
    let mut parts = cookies[0].to_str().unwrap().split("; ").map(str::to_owned);
    let cookie = parts.next().unwrap();
    let mut attributes: Vec<_> = parts.collect();
    attributes.sort();
    (cookie, attributes)
}

/// A client like a browser: with the cookie and nothing else.
async fn browser(server: &TestServer) -> Client {
    let (cookie, _) = cookie_of(&log_in(server, &server.anonymous(), json!({})).await);
    server.anonymous().with("cookie", &cookie)
}

#[tokio::test]
async fn the_cookie_holds_the_token_hidden_from_scripts() {
    let server = TestServer::start().await;
    let reply = log_in(&server, &server.anonymous(), json!({ "remember-me": false })).await;
    let (cookie, attributes) = cookie_of(&reply);
    assert_eq!(cookie, format!("denizen_session={}", text(&reply.body, "token")));
    assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Lax"], "until the browser is closed");
    let cookie = format!("theme=dark; {cookie}; lang=en");
    let me = server.anonymous().with("cookie", &cookie).get("/api/users/me").await.json(200);
    assert_eq!(me["id"], *server.administrator.id);
}

#[tokio::test]
async fn remember_me_keeps_it_for_30_days() {
    let server = TestServer::start().await;
    let reply = log_in(&server, &server.anonymous(), json!({ "remember-me": true })).await;
    let (_, attributes) = cookie_of(&reply);
    assert_eq!(attributes, ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"]);
}

#[tokio::test]
async fn over_https_it_is_secure() {
    for (url, secure) in [("https://directory.example.com", true), ("http://directory.example.com", false)] {
        let server = TestServer::with(&[&format!("--public-url={url}")]).await;
        let (_, attributes) = cookie_of(&log_in(&server, &server.anonymous(), json!({})).await);
        assert_eq!(attributes.contains(&"Secure".to_owned()), secure, "{url}: {attributes:?}");
    }
}

/// An untrusted proxy could be anybody.
#[tokio::test]
async fn trusts_https_from_a_trusted_proxy() {
    for (arguments, is_trusted) in [(vec!["--trusted-proxy=127.0.0.0/8"], true), (vec![], false)] {
        let server = TestServer::with(&arguments).await;
        for (header, value, is_https) in [
            ("x-forwarded-proto", "https", true),
            ("x-forwarded-proto", "https,http", true),
            ("x-forwarded-proto", "https, https", true),
            ("x-forwarded-proto", "http", false),
            ("forwarded", "for=198.51.100.7;proto=https, for=10.0.0.1;proto=http", true),
            ("forwarded", "for=198.51.100.7;proto=http", false),
        ] {
            let client = server.anonymous().with(header, value);
            let (_, attributes) = cookie_of(&log_in(&server, &client, json!({})).await);
            let is_secure = attributes.contains(&"Secure".to_owned());
            assert_eq!(is_secure, is_trusted && is_https, "{arguments:?} {value}: {attributes:?}");
        }
    }
}

#[tokio::test]
async fn logging_out_clears_it() {
    let server = TestServer::start().await;
    let browser = browser(&server).await;
    let reply = browser.send("POST", "/logout", None).await.is(200);
    let (cookie, attributes) = cookie_of(&reply);
    assert_eq!(cookie, "denizen_session=");
    assert_eq!(attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax"]);
    browser.get("/api/users/me").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn rejects_an_invalid_cookie() {
    let server = TestServer::start().await;
    for cookie in
        ["denizen_session=", "denizen_session=lit_nonsense", "session=lit_nonsense", ";;;", "denizen_session"]
    {
        let reply = server.anonymous().with("cookie", cookie).get("/api/users/me").await;
        assert!(reply.header("www-authenticate").is_some(), "{reply}");
        reply.error(401, "unauthenticated");
    }
    let browser = browser(&server).await;
    for path in ["/api/v1/external-users", "/api/v1/channels", "/admin/users"] {
        browser.get(path).await.error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_header_precedes_a_cookie() {
    let server = TestServer::start().await;
    let browser = browser(&server).await;
    let reply = browser.with("authorization", "Bearer lit_nonsense").get("/api/users/me").await;
    reply.error(401, "unauthenticated");
}

/// A browser's headers on the origin of a request, and whether it may write.
fn origins(server: &TestServer) -> Vec<(&'static str, String, bool)> {
    let own = format!("http://{}", server.address);
    vec![
        ("origin", own.clone(), true),
        ("origin", "https://evil.example".to_owned(), false),
        ("origin", "null".to_owned(), false),
        ("origin", String::new(), false),
        ("origin", format!("{own}.evil.example"), false),
        ("origin", format!("http://evil.example/{}", server.address), false),
        ("origin", format!("http://{}", server.address.ip()), false),
        ("sec-fetch-site", "same-origin".to_owned(), true),
        ("sec-fetch-site", "none".to_owned(), true),
        ("sec-fetch-site", "same-site".to_owned(), false),
        ("sec-fetch-site", "cross-site".to_owned(), false),
        ("sec-fetch-site", "Same-Origin".to_owned(), false),
    ]
}

#[tokio::test]
async fn another_site_cannot_use_it() {
    let server = TestServer::start().await;
    let browser = browser(&server).await;
    let new_token = json!({ "description": "for the page" });
    for (header, value, is_own) in origins(&server) {
        let page = browser.with(header, &value);
        page.get("/api/users/me").await.is(200);
        for (method, path, body) in [
            ("PATCH", "/api/users/me", Some(json!({ "firstname": value }))),
            ("POST", "/api/tokens/personal", Some(new_token.clone())),
            ("DELETE", "/api/v1/tokens/personal", None),
            ("DELETE", "/api/users/7d444840-9dc0-41d1-b245-5ffdce74fad2", None),
        ] {
            let reply = page.send(method, path, body).await;
            if is_own {
                assert_ne!(reply.status, 403, "{method} {path} with {header}: {value}\n{reply}");
                continue;
            }
            let details = reply.error(403, "forbidden");
            assert_eq!(details, json!({ "reason": "cross_site" }), "{method} {path} with {header}: {value}");
        }
        if !is_own {
            page.send("POST", "/logout", None).await.error(403, "forbidden");
            let me = browser.get("/api/users/me").await.json(200);
            assert_ne!(me["firstname"], value, "{header}: {value}");
            let tokens = browser.get("/api/tokens/personal").await.array(200);
            assert!(tokens.is_empty(), "{header}: {value}");
        }
    }
}

#[tokio::test]
async fn a_header_token_works_from_any_site() {
    let server = TestServer::start().await;
    let client = server.as_administrator().await;
    for (header, value, _) in origins(&server) {
        let client = client.with(header, &value);
        let changed = client.patch("/api/users/me", json!({ "firstname": "Ada" })).await.json(200);
        assert_eq!(changed["firstname"], "Ada", "{header}: {value}");
    }
}

#[tokio::test]
async fn another_site_cannot_log_in() {
    let server = TestServer::start().await;
    for (header, value, is_own) in origins(&server) {
        let reply = log_in(&server, &server.anonymous().with(header, &value), json!({})).await;
        assert_eq!(reply.headers.contains_key("set-cookie"), is_own, "{header}: {value}\n{reply}");
    }
}

#[tokio::test]
async fn the_public_url_is_the_own_origin() {
    let server = TestServer::with(&["--public-url=https://directory.example.com/people"]).await;
    let browser = browser(&server).await;
    let change = async |origin: &str| {
        let page = browser.with("origin", origin);
        page.patch("/api/users/me", json!({ "firstname": "Ada" })).await.status
    };
    assert_eq!(change("https://directory.example.com").await, 200);
    for foreign in
        ["https://example.com", "https://directory.example.com.evil.example", "http://directory.example.com"]
    {
        assert_eq!(change(foreign).await, 403, "{foreign}");
    }
}
