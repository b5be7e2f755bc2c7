//! `/api/v1/events`: the feed of a workspace.

mod catalogue;
mod contents;
mod feed;
mod following;
mod streams;
mod tail;

use denizen_tests::{Client, TestServer, Value};

const PATH: &str = "/api/v1/events";

/// A client whose key may follow events.
async fn follower(server: &TestServer) -> Client {
    server.zaia().with_key(&server.new_key(&["events:read"]).await)
}

/// The position at the end of the feed.
async fn end(follower: &Client) -> i64 {
    let page = follower.get(&format!("{PATH}?after=latest")).await.json(200);
    assert_eq!(page["events"].as_array().map(Vec::len), Some(0), "{page:#}");
    position(&page)
}

/// The events after a position, page by page.
async fn after(follower: &Client, mut after: i64, query: &str) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let page = follower.get(&format!("{PATH}?after={after}&{query}")).await.json(200);
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        after = position(&page);
        if page["hasMore"] == false {
            return events;
        }
    }
}

#[track_caller]
fn position(page: &Value) -> i64 {
    page["position"].as_i64().unwrap_or_else(|| panic!("no position in {page:#}"))
}
