//! Endpoints do not hold each other up.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use denizen_tests::{Answer, TestServer, json};

use super::{Endpoint, PATH, manager};
use crate::support::{ALL_SCOPES, create, each, text, zaia_body};

#[tokio::test]
async fn an_endpoint_that_hangs_delays_no_other() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let other = server.new_workspace("Other").await;
    let other_manager = server.zaia().with_key(&server.new_key_of(&other, &ALL_SCOPES).await);
    let mut hanging = Endpoint::of_users(&manager).await;
    hanging.receiver.will_answer([Answer::held()]);
    let mut neighbour = Endpoint::of_users(&manager).await;
    let mut stranger = Endpoint::of_users(&other_manager).await;

    let mut users = BTreeSet::from([text(&create(&server, json!({ "name": "name 0" })).await, "id")]);
    hanging.next().await;
    neighbour.next().await;
    for number in 1..5 {
        let name = format!("name {number}");
        users.insert(text(&create(&server, json!({ "name": name })).await, "id"));
        assert_eq!(neighbour.next().await.body["data"]["displayName"], name);
        let body = zaia_body(&server, json!({ "name": "Joe", "channelId": other.channel_id }));
        let user = other_manager.post("/api/v1/external-users", body).await.json(200);
        assert_eq!(stranger.next().await.body["objectId"], user["id"]);
    }
    assert!(hanging.receiver.arrived().is_empty(), "one server at a time sends to it");
    hanging.receiver.release();
    let rest = hanging.all().await;
    let rest: BTreeSet<_> = rest.iter().map(|message| text(&message.body, "objectId")).collect();
    assert_eq!(rest.len(), 4);
    assert!(rest.is_subset(&users), "and nothing of the other workspace");
    let listed = other_manager.get(PATH).await.array(200);
    assert_eq!(each(&listed, "id"), [stranger.id.as_str()]);
}

#[tokio::test]
async fn two_servers_send_each_event_once() {
    let server = TestServer::start().await;
    let another = server.another().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let mut users = BTreeSet::new();
    for number in 0..30 {
        let server = [&server, &another][number % 2];
        users.insert(text(&create(server, json!({ "name": format!("name {number}") })).await, "id"));
    }
    let messages = endpoint.all().await;
    assert_eq!(messages.len(), users.len(), "each once");
    let sent: BTreeSet<_> = messages.iter().map(|message| text(&message.body, "objectId")).collect();
    assert_eq!(sent, users);
}

#[tokio::test]
async fn a_server_that_starts_goes_on_where_the_last_one_stopped() {
    let mut server = TestServer::start().await;
    let mut endpoint = Endpoint::of_users(&manager(&server).await).await;
    create(&server, json!({ "name": "Jane" })).await;
    endpoint.all().await;
    let user = create(&server, json!({ "name": "John" })).await;
    server.restart().await;
    let manager = manager(&server).await;
    let messages = Endpoint { manager, ..endpoint }.all().await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0].body["objectId"], user["id"]);
}

#[tokio::test]
async fn a_workspace_whose_endpoints_all_hang_delays_no_other() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let other = server.new_workspace("Other").await;
    let other_manager = server.zaia().with_key(&server.new_key_of(&other, &ALL_SCOPES).await);
    let mut stranger = Endpoint::of_users(&other_manager).await;
    stranger.all().await;
    let mut hanging = Endpoint::of_users(&manager).await;
    let mut answers = vec![Answer::held()];
    for _ in 1..20 {
        let body = json!({ "url": hanging.receiver.url(), "types": ["external_user.*"] });
        manager.post(PATH, body).await.is(200);
        answers.push(Answer::held());
    }
    hanging.receiver.will_answer(answers);
    create(&server, json!({ "name": "Jane" })).await;
    // All their jobs have become due together, and before the other workspace's.
    hanging.next().await;
    let body = zaia_body(&server, json!({ "name": "Joe", "channelId": other.channel_id }));
    other_manager.post("/api/v1/external-users", body).await.is(200);
    let began = Instant::now();
    stranger.next().await;
    assert!(began.elapsed() < Duration::from_secs(10), "an attempt takes up to 15 seconds");
}
