//! Too many failed log-ins throttle further ones.

use std::time::Duration;

use denizen_tests::{Reply, TestServer, Value, json};

use crate::people::{People, password_of};

const JANE: &str = "jane@example.com";

async fn log_in(server: &TestServer, username: &str, password: &str) -> Reply {
    server.anonymous().post("/login", json!({ "username": username, "password": password })).await
}

async fn guess_wrong(server: &TestServer, username: &str, times: usize) {
    for _ in 0..times {
        log_in(server, username, "wrong password").await.error(401, "unauthenticated");
    }
}

/// Asserts the documented refusal, and returns `retry-after` in seconds.
#[track_caller]
fn assert_throttled(reply: Reply, limit: u32, window: u64) -> u64 {
    let header = reply.header("retry-after").map(str::to_owned);
    let details = reply.error(429, "rate_limited");
    let seconds = details["retry_after"].as_u64().unwrap();
    assert_eq!(details, json!({ "limit": limit, "window": window, "retry_after": seconds }));
    assert_eq!(header, Some(seconds.to_string()));
    seconds
}

async fn people_with_jane() -> People {
    let people = People::with_fixed_time().await;
    people.account_with_password(JANE, json!({})).await;
    people
}

#[tokio::test]
async fn ten_failures_lock_an_account_for_15_minutes() {
    let people = people_with_jane().await;
    let server = &people.server;
    let inside = server.log_in(JANE, &password_of(JANE)).await;
    guess_wrong(server, JANE, 4).await;
    server.advance(Duration::from_mins(5));
    guess_wrong(server, "JANE@example.com", 6).await;

    for password in ["wrong password", &password_of(JANE)] {
        let seconds = assert_throttled(log_in(server, JANE, password).await, 10, 900);
        assert!((600..=601).contains(&seconds), "until the first one no longer counts: {seconds}");
    }
    inside.get("/api/users/me").await.is(200);
    server.as_administrator().await;

    server.advance(Duration::from_secs(599));
    assert_throttled(log_in(server, JANE, &password_of(JANE)).await, 10, 900);
    server.advance(Duration::from_secs(2));
    log_in(server, JANE, &password_of(JANE)).await.is(200);
    // Six of the ten still count.
    guess_wrong(server, JANE, 4).await;
    assert_throttled(log_in(server, JANE, &password_of(JANE)).await, 10, 900);
    server.advance(Duration::from_mins(15));
    log_in(server, JANE, &password_of(JANE)).await.is(200);
}

#[tokio::test]
async fn a_log_in_works_after_retry_after() {
    let people = people_with_jane().await;
    guess_wrong(&people.server, JANE, 10).await;
    let seconds = assert_throttled(log_in(&people.server, JANE, &password_of(JANE)).await, 10, 900);
    people.server.advance(Duration::from_secs(seconds));
    log_in(&people.server, JANE, &password_of(JANE)).await.is(200);
}

#[tokio::test]
async fn throttled_attempts_do_not_count() {
    let people = people_with_jane().await;
    guess_wrong(&people.server, JANE, 10).await;
    for _ in 0..5 {
        people.server.advance(Duration::from_mins(2));
        assert_throttled(log_in(&people.server, JANE, "wrong password").await, 10, 900);
    }
    people.server.advance(Duration::from_mins(5) + Duration::from_secs(1));
    log_in(&people.server, JANE, &password_of(JANE)).await.is(200);
}

#[tokio::test]
async fn an_unknown_account_is_throttled_alike() {
    let people = people_with_jane().await;
    let server = &people.server;
    people.account("nopassword@example.com", json!({})).await;
    let refusal = async |username: &str| {
        guess_wrong(server, username, 10).await;
        let reply = log_in(server, username, "wrong password").await;
        let mut body = reply.body.clone();
        assert_throttled(reply, 10, 900);
        body["error"]["request_id"] = Value::Null;
        body
    };
    let of_jane = refusal(JANE).await;
    for username in ["nobody@example.com", "nopassword@example.com"] {
        assert_eq!(refusal(username).await, of_jane, "{username}");
    }
}

#[tokio::test]
async fn throttling_hides_a_disabled_account() {
    let people = People::with_fixed_time().await;
    people.account_with_password(JANE, json!({ "status": "DISABLED" })).await;
    guess_wrong(&people.server, JANE, 10).await;
    assert_throttled(log_in(&people.server, JANE, &password_of(JANE)).await, 10, 900);
}

#[tokio::test]
async fn fifty_failures_lock_an_address() {
    let people = people_with_jane().await;
    let server = &people.server;
    for number in 0..50 {
        guess_wrong(server, &format!("somebody-{number}@example.com"), 1).await;
    }
    assert_throttled(log_in(server, JANE, &password_of(JANE)).await, 50, 900);
    // Headers from an untrusted proxy are ignored.
    for header in ["x-forwarded-for", "x-real-ip", "forwarded"] {
        let client = server.anonymous().with(header, "198.51.100.7");
        let body = json!({ "username": JANE, "password": password_of(JANE) });
        assert_throttled(client.post("/login", body).await, 50, 900);
    }
    server.advance(Duration::from_mins(15) + Duration::from_secs(1));
    log_in(server, JANE, &password_of(JANE)).await.is(200);
}

#[tokio::test]
async fn trusts_the_address_from_a_trusted_proxy() {
    let server = TestServer::with(&["--trusted-proxy=127.0.0.0/8", "--login-failures-per-address=2"]).await;
    let from = async |address: &str, username: &str| {
        let client = server.anonymous().with("x-forwarded-for", address);
        client.post("/login", json!({ "username": username, "password": "wrong password" })).await.status
    };
    for (address, username, status) in [
        ("198.51.100.7", "one@example.com", 401),
        ("203.0.113.1, 198.51.100.7", "two@example.com", 401),
        ("198.51.100.7", "three@example.com", 429),
        ("198.51.100.8", "four@example.com", 401),
        ("2001:db8:1:2::1", "five@example.com", 401),
        ("2001:db8:1:2:3::4", "six@example.com", 401),
        ("2001:db8:1:2:ffff::", "seven@example.com", 429),
        ("2001:db8:1:3::1", "eight@example.com", 401),
    ] {
        assert_eq!(from(address, username).await, status, "{address} {username}");
    }
}

#[tokio::test]
async fn servers_on_one_database_count_together() {
    let people = people_with_jane().await;
    let mut one = people.server;
    let other = one.another().await;
    guess_wrong(&one, JANE, 5).await;
    guess_wrong(&other, JANE, 5).await;
    for server in [&one, &other] {
        assert_throttled(log_in(server, JANE, &password_of(JANE)).await, 10, 900);
    }
    one.restart().await;
    assert_throttled(log_in(&one, JANE, &password_of(JANE)).await, 10, 900);
    one.advance(Duration::from_mins(15) + Duration::from_secs(1));
    log_in(&other, JANE, &password_of(JANE)).await.is(200);
}

#[tokio::test]
async fn current_password_guesses_count_as_log_ins() {
    let people = people_with_jane().await;
    let server = &people.server;
    let jane = server.log_in(JANE, &password_of(JANE)).await;
    let change = |current: &str| json!({ "password": "another password", "currentPassword": current });
    for _ in 0..10 {
        let reply = jane.patch("/api/users/me", change("wrong password")).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["currentPassword"]);
    }
    assert_throttled(jane.patch("/api/users/me", change(&password_of(JANE))).await, 10, 900);
    assert_throttled(log_in(server, JANE, &password_of(JANE)).await, 10, 900);
    jane.patch("/api/users/me", json!({ "firstname": "Jane" })).await.is(200);
}

#[tokio::test]
async fn the_limits_are_configurable() {
    let arguments =
        ["--login-failures-per-account=2", "--login-failures-per-address=3", "--login-failure-window=1h"];
    let server = TestServer::with(&arguments).await;
    guess_wrong(&server, JANE, 2).await;
    assert_throttled(log_in(&server, JANE, "wrong password").await, 2, 3_600);
    guess_wrong(&server, "john@example.com", 1).await;
    assert_throttled(log_in(&server, "jill@example.com", "wrong password").await, 3, 3_600);
}
