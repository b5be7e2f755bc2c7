//! Followers while others write.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use denizen_tests::{Client, TestServer, Value, json};
use tokio::task::JoinSet;

use super::{PATH, end, follower, position};
use crate::support::{create, each};

#[tokio::test]
async fn a_request_waits_for_the_next_event() {
    let server = TestServer::start().await;
    let follower = follower(&server).await;
    let start = end(&follower).await;
    let path = format!("{PATH}?after={start}&types=external_user.*&wait=20");
    let waiting = tokio::spawn({
        let follower = follower.clone();
        async move { follower.get(&path).await.json(200) }
    });
    server
        .zaia()
        .post(
            "/api/v1/tiers",
            json!({ "name": "gold", "description": null, "prompt": null, "maxAssistantMessages": null }),
        )
        .await;
    create(&server, json!({ "name": "Jane" })).await;
    let page = waiting.await.unwrap();
    assert_eq!(each(page["events"].as_array().unwrap(), "type"), ["external_user.created"]);

    let began = Instant::now();
    let page = follower.get(&format!("{PATH}?after={}&wait=1", position(&page))).await.json(200);
    assert!(page["events"].as_array().unwrap().is_empty());
    assert!(began.elapsed() >= Duration::from_secs(1), "it waits for as long as it may");
}

#[tokio::test]
async fn an_event_of_another_server_ends_the_wait() {
    let server = TestServer::start().await;
    let another = server.another().await;
    let follower = follower(&another).await;
    let path = format!("{PATH}?after={}&wait=20", end(&follower).await);
    let waiting = tokio::spawn(async move { follower.get(&path).await.json(200) });
    create(&server, json!({ "name": "Jane" })).await;
    let page = waiting.await.unwrap();
    assert_eq!(each(page["events"].as_array().unwrap(), "type"), ["external_user.created"]);
}

#[tokio::test]
async fn a_stopping_server_lets_nobody_wait() {
    let mut server = TestServer::start().await;
    let follower = follower(&server).await;
    let mut connection = server.connect().await;
    let key = server.new_key(&["events:read"]).await.secret;
    // The first answer shows that the server reads this connection.
    let ask = |query: &str| {
        format!("GET {PATH}?after={query} HTTP/1.1\r\nhost: localhost\r\nauthorization: {key}\r\n\r\n")
    };
    connection.send(ask("latest")).await;
    let page = connection.answer().await.json(200);
    connection.send(ask(&format!("{}&wait=25", position(&page)))).await;
    // Another request on another connection gives it time to arrive.
    end(&follower).await;
    let began = Instant::now();
    server.stop().await;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(connection.answer().await.json(200)["events"], json!([]));
}

#[tokio::test]
async fn a_hundred_may_follow_at_once() {
    let server = TestServer::start().await;
    let follower = follower(&server).await;
    let path = format!("{PATH}?after={}&wait=15", end(&follower).await);
    let mut waiting: JoinSet<_> = (0..101)
        .map(|_| {
            let (follower, path) = (follower.clone(), path.clone());
            async move { follower.get(&path).await }
        })
        .collect();
    let refused = waiting.join_next().await.unwrap().unwrap();
    let details = refused.error(429, "rate_limited");
    assert_eq!(details["limit"], 100);
    create(&server, json!({ "name": "Jane" })).await;
    for reply in waiting.join_all().await {
        assert_eq!(reply.json(200)["events"].as_array().unwrap().len(), 1);
    }
}

/// Follows the feed until it has seen this many events, and returns them.
async fn follow(follower: Client, start: i64, count: usize) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), start);
    while events.len() < count {
        let page = follower.get(&format!("{PATH}?after={after}&wait=20&limit=37")).await.json(200);
        let more = page["events"].as_array().unwrap();
        assert!(!more.is_empty() || page["hasMore"] == true, "only {} of {count} events came", events.len());
        events.extend(more.iter().cloned());
        after = position(&page);
    }
    events
}

const WRITERS: usize = 8;
const WRITES: usize = 20;
const BULKS: usize = 4;
const BULK: usize = 200;

/// Short and long transactions on two servers commit in another order than they begin.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn followers_miss_nothing_and_see_nothing_twice() {
    let server = TestServer::start().await;
    let another = server.another().await;
    let followers = [follower(&server).await, follower(&another).await, follower(&another).await];
    let start = end(&followers[0]).await;
    let count = WRITERS * WRITES + BULKS * BULK;
    let followed: JoinSet<_> = followers.into_iter().map(|follower| follow(follower, start, count)).collect();

    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let client = [server.notiflows(), another.notiflows()][writer % 2].clone();
        writers.spawn(async move {
            for write in 0..WRITES {
                let body = json!({ "custom_fields": { "write": write } });
                client.put(&format!("/admin/users/single-{writer}"), body).await;
            }
        });
    }
    for bulk in 0..BULKS {
        let client = [server.notiflows(), another.notiflows()][bulk % 2].clone();
        let users: Vec<_> =
            (0..BULK).map(|number| json!({ "external_id": format!("bulk-{bulk}-{number}") })).collect();
        writers.spawn(async move {
            client.post("/admin/users/bulk", json!({ "users": users })).await.is(200);
        });
    }
    writers.join_all().await;

    let followed = followed.join_all().await;
    let positions: Vec<_> = followed[0].iter().map(|event| event["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, (start + 1..=start + i64::try_from(count).unwrap()).collect::<Vec<_>>());
    assert!(followed.iter().all(|events| *events == followed[0]), "all followers see the same");
    let mut last_writes: HashMap<String, i64> = HashMap::new();
    for event in &followed[0] {
        let data = &event["data"];
        let Some(write) = data["customFields"]["write"].as_i64() else { continue };
        let last = last_writes.insert(data["externalId"].to_string(), write);
        assert_eq!(last.map_or(0, |last| last + 1), write, "the changes of a user come in their order");
    }
    assert_eq!(last_writes.len(), WRITERS);
}
