//! Request ids and time-outs.

use std::collections::HashSet;

use denizen_tests::{Reply, TestServer, json};

use crate::support::assert_uuid;

#[tokio::test]
async fn keeps_the_id_of_a_request() {
    let server = TestServer::start().await;
    let longest = "x".repeat(128);
    for id in ["a", "7d444840-9dc0-41d1-b245-5ffdce74fad2", "order#42/step:3;{\"a\"}", &longest] {
        let client = server.flowra().with("x-request-id", id);
        let user = "/api/v1/external-users/7d444840-9dc0-41d1-b245-5ffdce74fad2";
        for reply in [
            client.get("/version").await.is(200),
            client.get("/api/v1/external-users").await.is(200),
            client.get(user).await.is(404),
            client.post("/api/v1/external-users", json!({})).await.is(422),
            client.get("/no/such/path").await.is(404),
            client.delete("/version").await.is(405),
        ] {
            assert_eq!(reply.header("x-request-id"), Some(id), "{reply}");
            assert_eq!(reply.headers.get_all("x-request-id").iter().count(), 1, "{reply}");
            if reply.status >= 400 {
                assert_eq!(reply.body["error"]["request_id"], id, "{reply}");
            }
        }
    }
}

#[tokio::test]
async fn generates_a_missing_request_id() {
    let server = TestServer::start().await;
    let client = server.flowra();
    let mut replies = vec![client.get("/version").await.is(200), client.get("/no/such/path").await.is(404)];
    for unusable in ["", "two words", "schlüssel", "tab\there", "jane@example.com", &"x".repeat(129)] {
        let client = client.with("x-request-id", unusable);
        replies.push(client.get("/version").await.is(200));
        replies.push(client.post("/api/v1/external-users", json!({})).await.is(422));
    }
    let ids: HashSet<_> = replies.iter().map(generated_id).collect();
    assert_eq!(ids.len(), replies.len(), "every request has an id of its own");
}

/// A generated id, in the header and in an error.
#[track_caller]
fn generated_id(reply: &Reply) -> String {
    let id = reply.header("x-request-id").unwrap_or_else(|| panic!("no id:\n{reply}"));
    assert_uuid(&json!(id));
    if reply.status >= 400 {
        assert_eq!(reply.body["error"]["request_id"], id, "{reply}");
    }
    id.to_owned()
}

#[tokio::test]
async fn a_slow_request_is_answered_503() {
    let server = TestServer::with(&["--request-timeout=200ms"]).await;
    let key = &server.workspace.key;
    for request in [
        format!(
            "POST /api/v1/external-users HTTP/1.1\r\nx-api-key: {}\r\ncontent-length: 100\r\n",
            key.secret
        ),
        format!(
            "POST /api/v1/channels HTTP/1.1\r\nauthorization: {}\r\ntransfer-encoding: chunked\r\n",
            key.secret
        ),
        format!(
            "PUT /admin/users/jane HTTP/1.1\r\nx-notiflows-api-key: {}\r\nx-notiflows-secret-key: {}\r\ncontent-length: 100\r\n",
            key.public, key.secret
        ),
    ] {
        let mut connection = server.connect().await;
        connection.send(request + "host: a\r\nx-request-id: slow\r\nconnection: close\r\n\r\n").await;
        let reply = connection.answer().await;
        let wait: u32 = reply.header("retry-after").unwrap_or_else(|| panic!("{reply}")).parse().unwrap();
        assert!(wait > 0, "{reply}");
        assert_eq!(reply.header("x-request-id"), Some("slow"), "{reply}");
        assert_eq!(reply.error(503, "unavailable"), json!({}));
    }
    server.flowra().get("/api/v1/external-users").await.is(200);
}

#[tokio::test]
async fn survives_a_client_that_hangs_up() {
    let server = TestServer::start().await;
    let secret = &server.workspace.key.secret;
    for _ in 0..20 {
        let mut connection = server.connect().await;
        let head = format!(
            "POST /api/v1/external-users HTTP/1.1\r\nhost: a\r\nx-api-key: {secret}\r\ncontent-length: 100\r\n\r\n{{"
        );
        connection.send(head).await;
        drop(connection);
    }
    assert!(server.flowra().get("/api/v1/external-users").await.array(200).is_empty());
}
