//! `POST /login`, `POST /logout`, and how long a log-in lasts.

use std::time::{Duration, Instant};

use denizen_tests::{Reply, TestServer, Value, json};

use crate::people::{People, password_of};
use crate::support::{assert_uuid, keys, text};

const THREE_HOURS: Duration = Duration::from_hours(3);
const THIRTY_DAYS: Duration = Duration::from_hours(30 * 24);
const A_SECOND: Duration = Duration::from_secs(1);

async fn log_in(server: &TestServer, username: &str, password: &str) -> Reply {
    server.anonymous().post("/login", json!({ "username": username, "password": password })).await
}

/// An error without its request id.
#[track_caller]
fn refusal(reply: Reply) -> Value {
    let mut body = reply.body.clone();
    reply.error(401, "unauthenticated");
    body["error"]["request_id"] = Value::Null;
    body
}

#[tokio::test]
async fn logging_in_gives_a_token_with_the_accounts_rights() {
    let server = TestServer::start().await;
    let administrator = &server.administrator;
    let answer = log_in(&server, &administrator.username, &administrator.password).await.json(200);
    assert_eq!(keys(&answer), ["id", "token"]);
    assert_uuid(&answer["id"]);

    let client = server.bearer(&text(&answer, "token"));
    for base in ["/api", "/api/v1"] {
        let me = client.get(&format!("{base}/users/me")).await.json(200);
        assert_eq!(me["id"], *administrator.id);
        let token = client.get(&format!("{base}/tokens/{}", text(&answer, "id"))).await.json(200);
        assert_eq!((&token["accountId"], &token["type"]), (&json!(administrator.id), &json!("login")));
    }
    let again = log_in(&server, &administrator.username, &administrator.password).await.json(200);
    assert_ne!(again["token"], answer["token"], "every log-in has a token of its own");
}

#[tokio::test]
async fn accepts_a_token_bare_or_after_bearer() {
    let server = TestServer::start().await;
    let administrator = &server.administrator;
    let answer = log_in(&server, &administrator.username, &administrator.password).await.json(200);
    let token = text(&answer, "token");
    for authorization in [format!("Bearer {token}"), format!("bearer {token}"), token.clone()] {
        let client = server.anonymous().with("authorization", &authorization);
        client.get("/api/users/me").await.is(200);
    }
    for authorization in [format!("Basic {token}"), format!("Bearer {token}x"), "Bearer lit_".to_owned()] {
        let client = server.anonymous().with("authorization", &authorization);
        let reply = client.get("/api/users/me").await;
        assert!(reply.header("www-authenticate").unwrap_or_default().starts_with("Bearer"), "{reply}");
        assert!(reply.error(401, "unauthenticated")["auth"].is_string());
    }
}

#[tokio::test]
async fn usernames_ignore_case() {
    let people = People::new().await;
    let id = people.account("Jane.Doe@Example.COM", json!({ "password": "correct horse" })).await;
    assert_eq!(people.get_account(&id).await["username"], "jane.doe@example.com");
    for username in ["jane.doe@example.com", "JANE.DOE@EXAMPLE.COM"] {
        log_in(&people.server, username, "correct horse").await.is(200);
    }
    log_in(&people.server, "jane.doe@example.com", "Correct horse").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn wrong_passwords_and_unknown_accounts_answer_alike() {
    let people = People::new().await;
    people.account_with_password("jane@example.com", json!({})).await;
    people.account("nopassword@example.com", json!({})).await;
    for status in ["PENDING", "DISABLED"] {
        let username = format!("{status}@example.com");
        people.account_with_password(&username, json!({ "status": status })).await;
    }
    let wrong = refusal(log_in(&people.server, "jane@example.com", "wrong password").await);
    assert_eq!(wrong["message"], "Invalid username or password");
    assert_eq!(wrong["error"]["details"], json!({ "auth": "bearer" }));
    for (username, password) in [
        ("nobody@example.com", "wrong password"),
        ("nopassword@example.com", "wrong password"),
        ("nopassword@example.com", ""),
        ("pending@example.com", "wrong password"),
        ("disabled@example.com", "wrong password"),
        ("jane@example.com", ""),
        ("jane@example.com", " password of jane@example.com"),
        ("jane", "wrong password"),
        ("", ""),
        ("jane@example.com\0", "password of jane@example.com"),
        ("' OR 1=1; --", "wrong password"),
    ] {
        let refused = refusal(log_in(&people.server, username, password).await);
        assert_eq!(refused, wrong, "{username:?} with {password:?}");
    }
}

/// Hashing takes far longer than finding the account: skipping it would show in every try. The two alternate, so that
/// other load on the machine affects both alike.
#[tokio::test]
async fn wrong_passwords_and_unknown_accounts_take_equal_time() {
    let unlimited = ["--login-failures-per-account=10000", "--login-failures-per-address=10000"];
    let people = People::on(TestServer::with(&unlimited).await).await;
    people.account_with_password("jane@example.com", json!({})).await;
    people.account_with_password("disabled@example.com", json!({ "status": "DISABLED" })).await;
    people.account("nopassword@example.com", json!({})).await;
    let time = async |username: &str| {
        let started = Instant::now();
        log_in(&people.server, username, "wrong password").await.error(401, "unauthenticated");
        started.elapsed()
    };
    for username in ["nobody@example.com", "nopassword@example.com", "disabled@example.com", "nobody"] {
        let (mut known, mut other) = (Duration::MAX, Duration::MAX);
        for round in 1..=100 {
            known = known.min(time("jane@example.com").await);
            other = other.min(time(username).await);
            if round >= 5 && other * 3 > known {
                break;
            }
        }
        assert!(other * 3 > known, "{username} takes {other:?} and a known account {known:?}");
    }
}

#[tokio::test]
async fn only_the_right_password_reveals_a_disabled_account() {
    let people = People::new().await;
    let closed = people.tenant("closed").await;
    for (username, changes) in [
        ("disabled@example.com", json!({ "status": "DISABLED" })),
        ("pending@example.com", json!({ "status": "PENDING" })),
        ("resident@example.com", json!({ "tenant": closed })),
    ] {
        people.account_with_password(username, changes).await;
    }
    let path = format!("/api/tenants/{closed}");
    people.administrator.patch(&path, json!({ "status": "DISABLED" })).await.is(200);
    for username in ["disabled@example.com", "pending@example.com", "resident@example.com"] {
        let reply = log_in(&people.server, username, &password_of(username)).await;
        assert_eq!(reply.header("set-cookie"), None, "{username}");
        assert_eq!(refusal(reply)["message"], "ENTITY_DISABLED", "{username}");
        let wrong = refusal(log_in(&people.server, username, "wrong password").await);
        assert_eq!(wrong["message"], "Invalid username or password", "{username}");
    }
}

#[tokio::test]
async fn logging_out_revokes_only_that_token() {
    let server = TestServer::start().await;
    let (first, second) = (server.as_administrator().await, server.as_administrator().await);
    assert_eq!(first.post("/logout", json!({})).await.json(200), json!({ "loggedOut": true }));
    for reply in [first.get("/api/users/me").await, first.send("POST", "/logout", None).await] {
        reply.error(401, "unauthenticated");
    }
    second.get("/api/users/me").await.is(200);
    let without_body = second.send("POST", "/logout", None).await.json(200);
    assert_eq!(without_body, json!({ "loggedOut": true }));
    second.get("/api/users/me").await.error(401, "unauthenticated");
    server.anonymous().send("POST", "/logout", None).await.error(401, "unauthenticated");
    server.zaia().send("POST", "/logout", None).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn a_log_in_expires_3_hours_after_use() {
    let server = TestServer::with_fixed_time().await;
    let (used, idle) = (server.as_administrator().await, server.as_administrator().await);
    for _ in 0..3 {
        server.advance(THREE_HOURS.saturating_sub(A_SECOND));
        used.get("/api/users/me").await.is(200);
    }
    idle.get("/api/users/me").await.error(401, "unauthenticated");
    server.advance(THREE_HOURS);
    used.get("/api/users/me").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn remember_me_lasts_30_days() {
    let server = TestServer::with_fixed_time().await;
    let administrator = &server.administrator;
    let log_in = async |remembered: bool| {
        let body = json!({
            "username": administrator.username, "password": administrator.password, "remember-me": remembered,
        });
        server.bearer(&text(&server.anonymous().post("/login", body).await.json(200), "token"))
    };
    let (remembered, forgotten) = (log_in(true).await, log_in(false).await);
    server.advance(THIRTY_DAYS.saturating_sub(A_SECOND));
    remembered.get("/api/users/me").await.is(200);
    forgotten.get("/api/users/me").await.error(401, "unauthenticated");
    server.advance(THIRTY_DAYS);
    remembered.get("/api/users/me").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn refreshing_prolongs_a_token() {
    let server = TestServer::with_fixed_time().await;
    let administrator = &server.administrator;
    let answer = log_in(&server, &administrator.username, &administrator.password).await.json(200);
    let client = server.bearer(&text(&answer, "token"));
    let path = format!("/api/tokens/{}", text(&answer, "id"));
    let end = async || client.get(&path).await.json(200)["expiresAt"].clone();
    assert_eq!(end().await, "2024-01-15T13:30:00.000000Z");
    server.advance(Duration::from_secs(10));
    for base in ["/api", "/api/v1"] {
        let refreshed = client.get(&format!("{base}/tokens/refresh")).await.json(200);
        assert_eq!(refreshed, json!({ "token": answer["token"] }));
        assert_eq!(end().await, "2024-01-15T13:30:10.000000Z", "to the second");
    }
}

#[tokio::test]
async fn the_lifetime_is_configurable() {
    let server = TestServer::with(&["--login-token-lifetime=1s", "--login-cookie-lifetime=1h"]).await;
    let administrator = &server.administrator;
    let answer = log_in(&server, &administrator.username, &administrator.password).await.json(200);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let reply = server.bearer(&text(&answer, "token")).get("/api/users/me").await;
    reply.error(401, "unauthenticated");

    let body = json!({
        "username": administrator.username, "password": administrator.password, "remember-me": true,
    });
    let reply = server.anonymous().post("/login", body).await;
    assert!(reply.header("set-cookie").unwrap().contains("Max-Age=3600"), "{reply}");
}

#[tokio::test]
async fn a_log_in_works_on_every_server_and_after_a_restart() {
    let mut server = TestServer::start().await;
    let administrator = &server.administrator;
    let answer = log_in(&server, &administrator.username, &administrator.password).await.json(200);
    let token = text(&answer, "token");
    let other = server.another().await;
    other.bearer(&token).get("/api/users/me").await.is(200);
    server.restart().await;
    server.bearer(&token).get("/api/users/me").await.is(200);
    other.bearer(&token).send("POST", "/logout", None).await.is(200);
    server.bearer(&token).get("/api/users/me").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn account_tokens_and_keys_are_not_interchangeable() {
    let server = TestServer::start().await;
    let client = server.as_administrator().await;
    for (path, scope) in
        [("/api/v1/external-users", "external_users:read"), ("/api/v1/channels", "settings:read")]
    {
        let details = client.get(path).await.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": scope }), "{path}");
    }
    client.get("/admin/users").await.error(401, "unauthenticated");

    let user = crate::support::create(&server, json!({ "identifier": "jane" })).await;
    let external_user = server.bearer(&text(&user, "accessToken"));
    for client in [server.flowra(), server.flowra_bearer(), server.zaia(), external_user] {
        let details = client.get("/api/users").await.error(403, "forbidden");
        assert!(details["required_scope"].is_string(), "{details}");
        client.get("/api/users/me").await.error(401, "unauthenticated");
    }
    server.notiflows().get("/api/users").await.error(401, "unauthenticated");
}
