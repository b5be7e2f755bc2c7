//! What is sent.

use std::time::Duration;

use denizen_tests::{Answer, TestServer, json};

use super::{Endpoint, end_of_feed, events, manager};
use crate::support::{create, create_channel, keys, path_of, text};

#[tokio::test]
async fn each_event_is_sent_once_as_the_feed_has_it() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let user = create(&server, json!({ "name": "Jane" })).await;
    let mut endpoint = Endpoint::new(&manager, json!({})).await;
    manager.patch(&path_of(&user), json!({ "name": "Jane D." })).await.is(200);
    create_channel(&server, "web").await;
    manager.delete(&path_of(&user)).await.is(204);

    let mut messages = endpoint.all().await;
    messages.sort_by_key(|message| message.body["position"].as_i64());
    let types = super::types(&messages);
    assert_eq!(
        types,
        ["webhook_endpoint.created", "external_user.updated", "channel.created", "external_user.deleted"],
        "those from its creation on"
    );
    let events = events(&manager, end_of_feed(&manager).await - 4).await;
    for (message, event) in messages.iter().zip(events) {
        assert_eq!((message.path.as_str(), &message.body), ("/hooks", &event));
        assert_eq!(message.id(), text(&event, "id"));
        assert_eq!(message.header("content-type"), "application/json");
        assert!(message.header("user-agent").starts_with("Denizen/"), "{message:?}");
        for header in ["cookie", "authorization", "referer"] {
            assert!(!message.headers.contains_key(header), "{message:?}");
        }
    }
}

#[tokio::test]
async fn the_events_of_an_object_come_in_order() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let user = create(&server, json!({ "name": "name 0" })).await;
    for number in 1..20 {
        manager.patch(&path_of(&user), json!({ "name": format!("name {number}") })).await.is(200);
    }
    let messages = endpoint.all().await;
    let names: Vec<_> = messages.iter().map(|message| text(&message.body["data"], "displayName")).collect();
    assert_eq!(names, (0..20).map(|number| format!("name {number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_large_event_is_shortened_to_what_leads_to_it() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let note = "long ".repeat(5_000);
    let user = create(&server, json!({ "name": "Jane" })).await;
    manager.patch(&path_of(&user), json!({ "customFields": { "note": note } })).await.is(200);

    let whole = endpoint.next().await;
    assert_eq!(whole.body["data"]["displayName"], "Jane");
    assert!(whole.body.get("truncated").is_none(), "{whole:?}");

    let shortened = endpoint.next().await;
    assert!(shortened.text.len() < 1_000, "{shortened:?}");
    let url = text(&shortened.body, "url");
    let path = url.strip_prefix("http://denizen.test").unwrap();
    let page = manager.get(path).await.json(200);
    let event = &page["events"][0];
    assert_eq!(event["data"]["customFields"]["note"], *note);
    assert_eq!(shortened.body["truncated"], true);
    assert_eq!(shortened.body["data"], json!({ "id": user["id"] }));
    assert_eq!(shortened.body["previous"], json!({}));
    for key in keys(event).into_iter().filter(|key| !["data", "previous"].contains(key)) {
        assert_eq!(shortened.body[key], event[key], "{key}");
    }
}

#[tokio::test]
async fn what_was_erased_is_sent_no_more() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    endpoint.receiver.will_answer([Answer::status(500).saying("who is Jane?")]);
    let user = create(&server, json!({ "name": "Jane" })).await;
    let first = endpoint.next().await;
    assert!(first.text.contains("Jane"), "{first:?}");
    let delivery = endpoint.after_attempts(first.id(), 1).await;
    assert_eq!(delivery["attempts"][0]["answer"], "who is Jane?");
    endpoint.rest().await;

    manager.send("POST", &format!("{}/erase", path_of(&user)), None).await.is(200);
    let listed = manager.get(&format!("{}/deliveries", endpoint.path())).await.is(200);
    assert!(!listed.text.contains("Jane") && listed.text.contains(first.id()), "{listed}");

    server.advance(Duration::from_mins(10));
    endpoint.call().await;
    let again = endpoint.all().await;
    assert_eq!(again[0].id(), first.id());
    for message in &again {
        assert_eq!(message.body["data"], json!({ "id": user["id"] }));
        assert!(!message.text.contains("Jane"), "{message:?}");
    }
    assert!(super::types(&again).contains(&"external_user.erased".to_owned()), "{again:?}");
}

#[tokio::test]
async fn what_is_answered_after_an_erasure_is_not_kept() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    endpoint.receiver.will_answer([Answer::held().saying("thank you for Jane")]);
    let user = create(&server, json!({ "name": "Jane" })).await;
    let id = endpoint.next().await.id().to_owned();
    manager.send("POST", &format!("{}/erase", path_of(&user)), None).await.is(200);
    endpoint.receiver.release();
    endpoint.all().await;
    let delivery = endpoint.deliveries(&format!("eventId={id}")).await.remove(0);
    assert!(!delivery.to_string().contains("Jane"), "{delivery:#}");
}
