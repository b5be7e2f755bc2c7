//! The feed as server-sent events.

use denizen_tests::{RawConnection, TestServer, json};

use super::{PATH, end, follower};
use crate::support::{create, path_of, soon};

async fn open(server: &TestServer, secret: &str, query: &str, headers: &str) -> RawConnection {
    let mut connection = server.connect().await;
    let request = format!(
        "GET {PATH}?{query} HTTP/1.1\r\nhost: localhost\r\nauthorization: {secret}\r\naccept: text/event-stream\r\n\
         accept-encoding: gzip\r\n{headers}\r\n"
    );
    connection.send(request).await;
    connection
}

#[tokio::test]
async fn a_stream_goes_on_with_each_change() {
    let mut server = TestServer::start().await;
    let follower = follower(&server).await;
    let key = server.new_key(&["events:read"]).await;
    let start = end(&follower).await;
    let user = create(&server, json!({ "name": "Jane", "customFields": { "note": "two\nlines\r\n" } })).await;
    let mut stream = open(&server, &key.secret, &format!("after={start}&types=external_user.*"), "").await;
    let head = stream.until("Jane").await;
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    assert!(!head.contains("content-encoding"), "{head}");
    assert!(
        head.contains(&format!("id: {}\nevent: external_user.created\ndata: {{\"id\":", start + 1)),
        "{head}"
    );
    server.zaia().patch(&path_of(&user), json!({ "blocked": true })).await.is(200);
    let next = stream.until("external_user.blocked").await;
    assert!(next.contains(&format!("id: {}\n", start + 2)), "{next}");

    // A client that was disconnected says what it saw last, which goes before the address.
    let header = format!("last-event-id: {}\r\n", start + 1);
    let mut again = open(&server, &key.secret, "after=0", &header).await;
    let next = again.until("external_user.blocked").await;
    assert!(!next.contains("external_user.created"), "{next}");

    server.stop().await;
    assert!(stream.rest().await.ends_with("0\r\n\r\n"), "a stopping server ends its streams");
}

#[tokio::test]
async fn a_stream_ends_with_its_key() {
    let server = TestServer::start().await;
    let another = server.another().await;
    let key = server.new_key(&["events:read"]).await;
    let mut streams = Vec::new();
    for server in [&server, &another] {
        let mut stream = open(server, &key.secret, "", "").await;
        stream.until("workspace.created").await;
        streams.push(stream);
    }
    let manager = server.zaia().with_key(&server.new_key(&["api_keys:manage", "events:read"]).await);
    manager.delete(&format!("/api/v1/api-keys/{}", key.id)).await.is(200);
    soon(async || another.zaia().with_key(&key).get(PATH).await.status == 401).await;
    create(&server, json!({ "name": "too late" })).await;
    for stream in streams {
        let rest = stream.rest().await;
        assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
        assert!(!rest.contains("too late"), "{rest}");
    }
}
