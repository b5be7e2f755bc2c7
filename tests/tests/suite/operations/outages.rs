//! Databases that accept no changes.

use denizen_tests::{TestServer, json};

const USERS: &str = "/api/v1/external-users";

/// On SQLite, the tests of the command line fill the disk instead.
#[tokio::test]
async fn a_read_only_database_answers_reads() {
    let server = TestServer::start().await;
    let client = server.flowra();
    client.post(USERS, json!({ "name": "jane" })).await.is(201);
    if !server.set_read_only(true).await {
        return;
    }
    reconnect(&server).await;
    for reply in [
        client.post(USERS, json!({ "name": "john" })).await,
        server.notiflows().put("/admin/users/e1", json!({ "email": "john@example.com" })).await,
        server.anonymous().get("/health/ready").await,
    ] {
        assert!(reply.header("retry-after").is_some(), "{reply}");
        assert_eq!(reply.error(503, "unavailable"), json!({ "reason": "read_only" }));
    }
    server.anonymous().get("/health/ready?writes=false").await.is(200);
    client.get("/api/v1/external-users/username/jane").await.is(200);

    server.set_read_only(false).await;
    reconnect(&server).await;
    server.anonymous().get("/health/ready").await.is(200);
    client.post(USERS, json!({ "name": "john" })).await.is(201);
    assert_eq!(client.get(USERS).await.array(200).len(), 2);
}

/// Each broken connection fails one request: asks until all are replaced.
async fn reconnect(server: &TestServer) {
    let mut answered = 0;
    for _ in 0..100 {
        let reply = server.flowra().get(USERS).await;
        answered = if reply.status == 200 { answered + 1 } else { 0 };
        // More than there are connections, which take turns.
        if answered == 20 {
            return;
        }
    }
    panic!("the server does not reconnect");
}
