//! `Authorization` headers that are malformed, and those that only hold an unknown token.

use denizen_tests::{Reply, TestServer, json};

use crate::support::text;

const ME: [&str; 2] = ["/api/users/me", "/api/v1/tenants"];

/// Asserts that a header is refused as malformed.
#[track_caller]
fn is_malformed(reply: Reply, authorization: &str) {
    assert_eq!(reply.body["message"], "INVALID_HEADER", "{authorization:?}\n{reply}");
    assert!(reply.header("www-authenticate").unwrap_or_default().starts_with("Bearer"), "{reply}");
    let details = reply.error(401, "unauthenticated");
    assert_eq!(details, json!({ "auth": "bearer", "reason": "invalid_header" }), "{authorization:?}");
}

#[tokio::test]
async fn a_malformed_header_is_named() {
    let server = TestServer::start().await;
    let log_in =
        json!({ "username": server.administrator.username, "password": server.administrator.password });
    let token = text(&server.anonymous().post("/login", log_in).await.json(200), "token");
    for path in ME {
        for authorization in [
            "SomeToken",
            "",
            "Bearer",
            "bearer ",
            "Basic",
            "Basic YTpi",
            "Token abc",
            "Digest username=\"a\"",
            "Bearer a b",
            "Bearer\tabc",
            "eyJhbGciOiJub25lIn0",
            "Bearer=abc",
            "schlüssel",
            &format!("Token {token}"),
            &format!("{token} Bearer"),
            &format!("Bearer {token} {token}"),
            &format!("Bearer \"{token}\" x"),
        ] {
            is_malformed(
                server.anonymous().with("authorization", authorization).get(path).await,
                authorization,
            );
        }
        for header in [
            format!("authorization: Bearer {token}\r\nauthorization: Bearer {token}"),
            format!("authorization: Bearer {token}\r\nauthorization: x"),
            "authorization: Bearer \u{fe}\u{ff}".to_owned(),
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{header}\r\n\r\n");
            is_malformed(server.raw(request).await, &header);
        }
        for right in [format!("Bearer {token}"), format!("BEARER  {token}"), token.clone()] {
            server.anonymous().with("authorization", &right).get(path).await.is(200);
        }
    }
}

#[tokio::test]
async fn an_unknown_token_is_not_malformed() {
    let server = TestServer::start().await;
    for authorization in ["Bearer abc", "Bearer lit_abc", "lit_abc", "Bearer a.b.c", "Bearer sk_abc"] {
        for path in ME {
            let reply = server.anonymous().with("authorization", authorization).get(path).await;
            let details = reply.error(401, "unauthenticated");
            assert_eq!(details.get("reason"), None, "{authorization}: {details}");
        }
    }
    let details = server.anonymous().get(ME[0]).await.error(401, "unauthenticated");
    assert_eq!(details, json!({ "auth": "bearer" }), "no header at all");
}

#[tokio::test]
async fn other_contracts_name_a_malformed_header_too() {
    let server = TestServer::start().await;
    for (path, authorization) in [
        ("/api/v1/external-users", "Digest abc"),
        ("/api/v1/external-users", "Bearer a b"),
        ("/api/v1/channels", "Token abc"),
        ("/api/v1/channels", ""),
        ("/api/v1/external-users/me", "Bearer"),
        ("/user", "Digest abc"),
        ("/user", "Basic !"),
        ("/organizations", "abc"),
    ] {
        let reply = server.anonymous().with("authorization", authorization).get(path).await;
        let details = reply.error(401, "unauthenticated");
        assert_eq!(details["reason"], "invalid_header", "{path} with {authorization:?}");
    }
}
