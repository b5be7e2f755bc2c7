//! Limits on requests per second: per caller, and per address of unknown callers.

use std::time::Duration;

use denizen_tests::{Client, Reply, TestServer, Value, json};

use crate::people::{People, password_of};
use crate::support::{create, text};

/// Commands take effect at once, so that every request counts.
const NOTHING_FROM_MEMORY: &str = "--cache-size=0";

const USERS: &str = "/api/v1/external-users?limit=1";
const ME: &str = "/api/v1/external-users/me";

/// Asserts the headers of a counted request: the policy with its quota, and what is left.
fn headers(reply: &Reply) -> (&str, &str) {
    let header = |name| reply.header(name).unwrap_or_else(|| panic!("{name} is missing:\n{reply}"));
    (header("ratelimit-policy"), header("ratelimit"))
}

/// Asserts that the request was not counted.
#[track_caller]
fn assert_uncounted(reply: &Reply) {
    for name in ["ratelimit-policy", "ratelimit"] {
        assert_eq!(reply.header(name), None, "{reply}");
    }
}

/// Asserts the documented refusal of a request beyond the limit.
#[track_caller]
fn assert_refused(reply: Reply, policy: &str, limit: u32) {
    let quota = format!("\"{policy}\";q={limit};w=1");
    let nothing = format!("\"{policy}\";r=0;t=1");
    assert_eq!(headers(&reply), (quota.as_str(), nothing.as_str()), "{reply}");
    assert_eq!(reply.header("retry-after"), Some("1"), "{reply}");
    let details = reply.error(429, "rate_limited");
    assert_eq!(details, json!({ "limit": limit, "window": 1, "retry_after": 1 }));
}

/// Asserts that as many requests as the limit allows get this status, and one more is refused.
async fn assert_limit(client: &Client, path: &str, status: u16, policy: &str, limit: u32) {
    for left in (0..limit).rev() {
        let reply = client.get(path).await.is(status);
        let quota = format!("\"{policy}\";q={limit};w=1");
        let rest = format!("\"{policy}\";r={left};t=1");
        assert_eq!(headers(&reply), (quota.as_str(), rest.as_str()), "{reply}");
    }
    assert_refused(client.get(path).await, policy, limit);
}

/// Sets the limit of the workspace `default`.
async fn limit(server: &TestServer, arguments: &[&str]) -> Value {
    server.operator(&[&["workspaces", "limit", "default", "--json"], arguments].concat()).await
}

#[tokio::test]
async fn each_key_has_its_own_limit() {
    let server = TestServer::with_fixed_time_and(&["--requests-per-second-per-caller=3"]).await;
    let other = server.flowra().with_key(&server.new_key(&[]).await);
    assert_limit(&server.flowra(), USERS, 200, "key", 3).await;
    // The key counts once for all headers and operations.
    assert_refused(server.zaia().get("/api/v1/channels").await, "key", 3);
    assert_refused(server.notiflows().get("/admin/users").await, "key", 3);
    assert_refused(server.flowra().get("/api/v1/external-users/none").await, "key", 3);
    other.get(USERS).await.is(200);

    server.advance(Duration::from_millis(333));
    assert_refused(server.flowra().get(USERS).await, "key", 3);
    server.advance(Duration::from_millis(1));
    server.flowra().get(USERS).await.is(200);
    assert_refused(server.flowra().get(USERS).await, "key", 3);
    server.advance(Duration::from_hours(1));
    assert_limit(&server.flowra(), USERS, 200, "key", 3).await;
}

#[tokio::test]
async fn every_response_shows_the_remaining_requests() {
    let server = TestServer::with_fixed_time_and(&["--requests-per-second-per-caller=9"]).await;
    let unknown = "/api/v1/external-users/7d444840-9dc0-41d1-b245-5ffdce74fad2";
    let (flowra, zaia) = (server.flowra(), server.zaia());
    for (left, reply) in [
        (8, flowra.get(USERS).await.is(200)),
        (7, zaia.get(unknown).await.is(404)),
        (6, flowra.get("/api/v1/external-users?limit=0").await.is(400)),
        (5, flowra.post("/api/v1/external-users", json!({ "name": 1 })).await.is(422)),
        (4, flowra.send("HEAD", USERS, None).await.is(200)),
        (3, flowra.with("x-username", "jane").get(ME).await.is(200)),
    ] {
        assert_eq!(headers(&reply), ("\"key\";q=9;w=1", &*format!("\"key\";r={left};t=1")), "{reply}");
    }
}

#[tokio::test]
async fn counts_an_account_across_its_credentials() {
    let server = TestServer::with_fixed_time_and(&["--requests-per-second-per-caller=4"]).await;
    let administrator = &server.administrator;
    let first = server.as_administrator().await;
    let second = server.as_administrator().await;
    let password = server.basic(&administrator.username, &administrator.password);
    for (client, path) in
        [(&first, "/api/users/me"), (&second, "/user"), (&password, "/user"), (&first, "/v1/user")]
    {
        let reply = client.get(path).await.is(200);
        assert_eq!(headers(&reply).0, "\"account\";q=4;w=1");
    }
    for (client, path) in [(&first, "/api/users/me"), (&second, "/user"), (&password, "/user")] {
        assert_refused(client.get(path).await, "account", 4);
    }
    server.advance(Duration::from_secs(1));
    assert_limit(&password, "/user", 200, "account", 4).await;
}

#[tokio::test]
async fn each_external_user_has_their_own_limit() {
    let server = TestServer::with_fixed_time_and(&["--requests-per-second-per-caller=2"]).await;
    let jane = create(&server, json!({ "externalId": "jane" })).await;
    let john = create(&server, json!({ "externalId": "john" })).await;
    assert_refused(server.zaia().get(USERS).await, "key", 2);
    assert_limit(&server.bearer(&text(&jane, "accessToken")), ME, 200, "user", 2).await;
    assert_limit(&server.bearer(&text(&john, "accessToken")), ME, 200, "user", 2).await;
}

#[tokio::test]
async fn counts_unauthenticated_requests_by_address() {
    let server = TestServer::with_fixed_time_and(&["--requests-per-second-per-address=5"]).await;
    let unknown = server.anonymous().with("x-api-key", "sk_unknown");
    let strangers = [
        (server.anonymous(), USERS),
        (unknown.clone(), USERS),
        (server.bearer("tok_unknown"), "/api/users/me"),
        (server.basic("pat_unknown", ""), "/user"),
        (server.basic("jane@example.com", "wrong password"), "/user"),
    ];
    for (left, (client, path)) in [4, 3, 2, 1, 0].into_iter().zip(&strangers) {
        let reply = client.get(path).await.is(401);
        let rest = format!("\"address\";r={left};t=1");
        assert_eq!(headers(&reply), ("\"address\";q=5;w=1", rest.as_str()), "{reply}");
    }
    for (client, path) in &strangers {
        assert_refused(client.get(path).await, "address", 5);
    }
    // Known callers continue from the same address.
    let reply = server.flowra().get(USERS).await.is(200);
    assert!(headers(&reply).0.starts_with("\"key\""), "{reply}");
    server.advance(Duration::from_secs(1));
    assert_limit(&unknown, USERS, 401, "address", 5).await;
}

#[tokio::test]
async fn counts_public_requests_by_address() {
    let server = TestServer::with_fixed_time_and(&["--requests-per-second-per-address=1"]).await;
    let administrator = &server.administrator;
    let body = json!({ "username": administrator.username, "password": administrator.password });
    for (method, path, body, status) in [
        ("POST", "/login", Some(body), 200),
        ("GET", "/version", None, 200),
        ("GET", "/.well-known/jwks.json", None, 200),
        ("GET", "/errors/not_found", None, 200),
        ("GET", "/openapi.json", None, 200),
        ("GET", "/docs/", None, 200),
        ("GET", "/no/such/path", None, 404),
        ("DELETE", "/api/v1/external-users", None, 405),
    ] {
        let reply = server.anonymous().send(method, path, body.clone()).await.is(status);
        assert_eq!(headers(&reply), ("\"address\";q=1;w=1", "\"address\";r=0;t=1"), "{method} {path}");
        assert_refused(server.anonymous().send(method, path, body).await, "address", 1);
        server.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn never_counts_health_and_metrics() {
    let server = TestServer::with_fixed_time_and(&["--requests-per-second-per-address=1"]).await;
    refused_after_one(&server).await;
    for _ in 0..3 {
        for path in ["/health/live", "/health/ready", "/metrics"] {
            assert_uncounted(&server.anonymous().get(path).await.is(200));
            assert_uncounted(&server.flowra().get(path).await.is(200));
            assert_uncounted(&server.anonymous().post(path, json!({})).await.is(405));
        }
    }
    let metrics = server.anonymous().get("/metrics").await.text;
    assert!(metrics.contains("denizen_rate_limited_total{policy=\"address\"}"), "{metrics}");
    assert!(metrics.contains("# HELP denizen_rate_limited_total "), "{metrics}");
}

async fn refused_after_one(server: &TestServer) {
    server.anonymous().get("/version").await.is(200);
    assert_refused(server.anonymous().get("/version").await, "address", 1);
}

#[tokio::test]
async fn a_workspace_limit_takes_effect() {
    let people = People::on(TestServer::with_fixed_time_and(&[NOTHING_FROM_MEMORY]).await).await;
    let server = &people.server;
    let stranger = server.new_workspace("Elsewhere").await;
    let user = create(server, json!({ "externalId": "jane" })).await;
    let user = server.bearer(&text(&user, "accessToken"));
    let at_home = server.new_account("home@example.com", Some(&server.workspace), &[]).await;
    let token = server.as_account(&at_home).await;
    let by_password = server.basic(&at_home.username, &password_of(&at_home.username));
    server.flowra().get(USERS).await.is(200);

    let limited = limit(server, &["--requests-per-second", "2"]).await;
    assert_eq!(limited["requestsPerSecond"], 2);
    let listed = server.operator(&["workspaces", "list", "--json"]).await;
    assert_eq!(listed[0]["requestsPerSecond"], 2);
    assert_eq!(listed[1]["requestsPerSecond"], Value::Null);
    assert_limit(&server.flowra(), USERS, 200, "key", 2).await;
    assert_limit(&user, ME, 200, "user", 2).await;
    assert_limit(&token, "/api/users/me", 200, "account", 2).await;
    assert_refused(by_password.get("/user").await, "account", 2);
    server.advance(Duration::from_secs(1));
    assert_limit(&by_password, "/user", 200, "account", 2).await;
    // Not for another workspace, nor for an account without a home.
    for _ in 0..3 {
        server.flowra().with_key(&stranger.key).get(USERS).await.is(200);
    }
    let elsewhere = server.new_account("elsewhere@example.com", None, &[]).await;
    let elsewhere = server.as_account(&elsewhere).await;
    assert_eq!(headers(&elsewhere.get("/user").await.is(200)).0, "\"account\";q=1000000;w=1");

    assert_eq!(limit(server, &["--requests-per-second", "0"]).await["requestsPerSecond"], 0);
    assert_uncounted(&server.flowra().get(USERS).await.is(200));
    assert_eq!(limit(server, &["--default"]).await["requestsPerSecond"], Value::Null);
    assert_eq!(headers(&server.flowra().get(USERS).await.is(200)).0, "\"key\";q=1000000;w=1");
}

#[tokio::test]
async fn zero_means_unlimited() {
    let none =
        ["--requests-per-second-per-caller=0", "--requests-per-second-per-address=0", NOTHING_FROM_MEMORY];
    let server = TestServer::with_fixed_time_and(&none).await;
    for (client, path, status) in [
        (server.flowra(), USERS, 200),
        (server.anonymous(), USERS, 401),
        (server.anonymous(), "/version", 200),
        (server.as_administrator().await, "/user", 200),
    ] {
        assert_uncounted(&client.get(path).await.is(status));
    }
    limit(&server, &["--requests-per-second", "1"]).await;
    assert_limit(&server.flowra(), USERS, 200, "key", 1).await;
}

#[tokio::test]
async fn trusts_the_address_from_a_trusted_proxy() {
    let proxy = ["--trusted-proxy=127.0.0.0/8", "--requests-per-second-per-address=2"];
    let server = TestServer::with_fixed_time_and(&proxy).await;
    let from = |address: &str| server.anonymous().with("x-forwarded-for", address);
    assert_limit(&from("198.51.100.7"), USERS, 401, "address", 2).await;
    assert_refused(from("203.0.113.9, 198.51.100.7").get("/version").await, "address", 2);
    assert_limit(&from("198.51.100.8"), "/version", 200, "address", 2).await;
    assert_limit(&from("2001:db8:1:2::1"), "/version", 200, "address", 2).await;
    assert_refused(from("2001:db8:1:2:3::4").get("/version").await, "address", 2);
    assert_limit(&from("2001:db8:1:3::1"), "/version", 200, "address", 2).await;
    assert_limit(&from("\"[2001:db8:1:4::1]:4711\""), "/version", 200, "address", 2).await;
    assert_refused(from("fe80::1, 2001:db8:1:4::1,").get("/version").await, "address", 2);
    let from = |hops: &str| server.anonymous().with("forwarded", hops);
    assert_limit(&from("for=\"198.51.100.10:80\";proto=https"), "/version", 200, "address", 2).await;
    assert_refused(from("for=203.0.113.9, for=198.51.100.10").get("/version").await, "address", 2);

    // Headers from an untrusted proxy are ignored.
    let server = TestServer::with_fixed_time_and(&proxy[1..]).await;
    assert_limit(&server.anonymous(), "/version", 200, "address", 2).await;
    let disguised = server.anonymous().with("x-forwarded-for", "198.51.100.9");
    assert_refused(disguised.get("/version").await, "address", 2);
}

#[tokio::test]
async fn counts_each_caller_once_in_every_guarded_operation() {
    let server = TestServer::with_fixed_time().await;
    let document = server.anonymous().get("/openapi.json").await.json(200);
    let key = server.flowra().with_key(&server.new_key(&[]).await).with("x-username", "jane");
    let mut counted = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let schemes = operation["security"].as_array().into_iter().flatten();
            let mut schemes = schemes.flat_map(|scheme| scheme.as_object().unwrap().keys());
            let Some(scheme) = schemes.next() else { continue };
            let administrator = server.as_administrator().await;
            let (client, policy) = match scheme.as_str() {
                "account_token" | "basic" | "session_cookie" => (administrator, "account"),
                scheme if scheme.starts_with("notiflows") => (server.notiflows(), "key"),
                _ => (key.clone(), "key"),
            };
            let reply = client.send(&method.to_uppercase(), &with_values(path), None).await;
            assert_eq!(headers(&reply).0, format!("\"{policy}\";q=1000000;w=1"), "{method} {path}\n{reply}");
            assert_eq!(headers(&reply).1, format!("\"{policy}\";r=999999;t=1"), "{method} {path}\n{reply}");
            assert_ne!(reply.status, 401, "{method} {path}\n{reply}");
            server.advance(Duration::from_secs(1));
            counted += 1;
        }
    }
    assert!(counted > 50, "{counted}");
}

/// A path with a value for every parameter.
fn with_values(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "7" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
