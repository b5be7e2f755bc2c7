//! Positions and pages.

use denizen_tests::{TestServer, Value, json};

use super::{PATH, after, end, follower, position};
use crate::support::{each, keys};

/// A body that creates users in bulk.
fn users(prefix: &str, count: usize) -> Value {
    let users: Vec<_> =
        (0..count).map(|number| json!({ "external_id": format!("{prefix}-{number}") })).collect();
    json!({ "users": users })
}

#[tokio::test]
async fn pages_go_through_all_events_once_and_in_order() {
    let server = TestServer::start().await;
    let follower = follower(&server).await;
    let start = end(&follower).await;
    server.notiflows().post("/admin/users/bulk", users("first", 600)).await.is(200);
    server.notiflows().post("/admin/users/bulk", users("second", 50)).await.is(200);

    let (mut position_before, mut seen) = (start, Vec::new());
    loop {
        let page = follower.get(&format!("{PATH}?after={position_before}&limit=99")).await.json(200);
        assert_eq!(keys(&page), ["events", "hasMore", "position"]);
        let events = page["events"].as_array().unwrap();
        for event in events {
            assert_eq!(event["position"], position_before + 1, "no position is left out");
            position_before += 1;
            seen.push(event["data"]["externalId"].clone());
        }
        assert_eq!(position(&page), position_before);
        assert_eq!(page["hasMore"], events.len() == 99, "{}", seen.len());
        if page["hasMore"] == false {
            break;
        }
    }
    let expected = (0..600).map(|number| format!("first-{number}"));
    let expected: Vec<_> = expected.chain((0..50).map(|number| format!("second-{number}"))).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn begins_at_the_oldest_event() {
    let server = TestServer::on_empty_database(&[]).await;
    let follower = follower(&server).await;
    let page = follower.get(PATH).await.json(200);
    let events = page["events"].as_array().unwrap();
    assert_eq!(events[0]["position"], 1);
    let types = each(events, "type");
    assert_eq!(types[0], "workspace.created", "{types:?}");
    assert_eq!(after(&follower, 0, "").await.len(), events.len(), "0 is before the first event");
}

#[tokio::test]
async fn a_position_beyond_the_end_is_gone() {
    let server = TestServer::start().await;
    let follower = follower(&server).await;
    let end = end(&follower).await;
    let details = follower.get(&format!("{PATH}?after={}", end + 1)).await.error(410, "gone");
    assert_eq!(details, json!({ "begins_after": 0, "ends_at": end }));
    let streaming = follower.with("accept", "text/event-stream").with("last-event-id", "9223372036854775807");
    streaming.get(PATH).await.error(410, "gone");
    follower.get(&format!("{PATH}?after={end}")).await.is(200);
}

#[tokio::test]
async fn refuses_broken_parameters() {
    let server = TestServer::start().await;
    let follower = follower(&server).await;
    for (query, field) in [
        ("after=-1", "after"),
        ("after=", "after"),
        ("after=+7", "after"),
        ("after=9223372036854775808", "after"),
        ("after=Latest", "after"),
        ("after=1&after=2", "after"),
        ("types=external_user", "types"),
        ("types=external_user.exploded", "types"),
        ("types=external_user.created,", "types"),
        ("types=", "types"),
        ("objectId=", "objectId"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("wait=61", "wait"),
        ("wait=soon", "wait"),
        ("type=external_user.created", "type"),
    ] {
        let fields = follower.get(&format!("{PATH}?{query}")).await.broken_fields(400, "bad_request");
        assert_eq!(fields, [field], "{query}");
    }
    let all = follower.get(&format!("{PATH}?after=x&types=y&limit=z&wait=w")).await;
    assert_eq!(all.broken_fields(400, "bad_request"), ["after", "limit", "types", "wait"]);
    let streaming = follower.with("accept", "text/event-stream").with("last-event-id", "x");
    assert_eq!(streaming.get(PATH).await.broken_fields(400, "bad_request"), ["last-event-id"]);
}
