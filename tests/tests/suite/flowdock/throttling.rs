//! Wrong passwords in Basic count as failed log-ins, and throttle further ones.

use std::time::Duration;

use denizen_tests::{Reply, TestServer, json};

use super::credentials::{Holder, JANE, UNKNOWN, WRONG_PASSWORD, is_account, refused};
use crate::people::{People, password_of};

/// Asserts the documented refusal, and returns `retry-after` in seconds.
#[track_caller]
fn throttled(reply: Reply, limit: u32) -> u64 {
    assert_eq!(reply.header("flowdock-user"), None, "{reply}");
    let header = reply.header("retry-after").map(str::to_owned);
    let details = reply.error(429, "rate_limited");
    let seconds = details["retry_after"].as_u64().unwrap();
    assert_eq!(details, json!({ "limit": limit, "window": 900, "retry_after": seconds }));
    assert_eq!(header, Some(seconds.to_string()));
    seconds
}

#[tokio::test]
async fn counts_wrong_passwords_as_failed_log_ins() {
    let people = People::with_fixed_time().await;
    let server = &people.server;
    let jane = Holder::new(&people).await;
    for _ in 0..5 {
        refused(server.basic("JANE@example.com", "wrong password").get("/user").await);
        let body = json!({ "username": JANE, "password": "wrong password" });
        server.anonymous().post("/login", body).await.error(401, "unauthenticated");
    }
    let right = server.basic(JANE, &password_of(JANE));
    let seconds = throttled(right.get("/user").await, 10);
    throttled(server.basic(JANE, "wrong password").put("/users/1", json!({})).await, 10);
    let body = json!({ "username": JANE, "password": password_of(JANE) });
    throttled(server.anonymous().post("/login", body).await, 10);
    // Tokens are not guesses, and other accounts are not affected.
    for (_, token) in &jane.tokens {
        is_account(server.basic(token, "wrong password").get("/user").await, jane.number);
    }
    let administrator = &server.administrator;
    server.basic(&administrator.username, &administrator.password).get("/user").await.is(200);

    server.advance(Duration::from_secs(seconds));
    is_account(right.get("/user").await, jane.number);
}

#[tokio::test]
async fn counts_guesses_per_address_across_accounts() {
    let server = TestServer::with(&["--login-failures-per-address=3"]).await;
    for number in 0..3 {
        let client = server.basic(&format!("somebody-{number}@example.com"), "wrong password");
        assert_eq!(refused(client.get("/user").await), WRONG_PASSWORD);
    }
    let administrator = &server.administrator;
    throttled(server.basic(&administrator.username, &administrator.password).get("/user").await, 3);
    // Without an @ it is not an address, but a token.
    for guess in ["pat_nonsense", "tok_nonsense", "lit_nonsense", "jane", ""] {
        for password in ["", "wrong password"] {
            let reply = server.basic(guess, password).get("/user").await;
            assert_eq!(refused(reply), UNKNOWN, "{guess}: a token is not a password");
        }
    }
}
