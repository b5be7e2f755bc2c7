//! Events of the past are sent again.

use std::collections::BTreeSet;
use std::time::Duration;

use denizen_tests::{Answer, Message, TestServer, json};

use super::{Endpoint, attempts, manager};
use crate::support::{create, each, soon, text};

const NOWHERE: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

#[tokio::test]
async fn single_events_are_sent_again() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    for name in ["Jane", "John", "Joe"] {
        create(&server, json!({ "name": name })).await;
    }
    let mut messages = endpoint.all().await;
    messages.sort_by_key(|message| message.body["position"].as_i64());
    let ids: Vec<_> = messages.iter().map(Message::id).collect();
    let replay = format!("{}/replay", endpoint.path());

    let unknown = json!({ "eventIds": [ids[0], NOWHERE] });
    let fields = manager.post(&replay, unknown).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["eventIds"], "then none is sent");

    let begun = manager.post(&replay, json!({ "eventIds": [ids[2], ids[1], ids[2]] })).await.json(200);
    assert_eq!(begun, json!({ "jobId": null }));
    for id in &ids[1..] {
        let delivery = endpoint.after_attempts(id, 2).await;
        assert_eq!(delivery["state"], "succeeded");
    }
    assert_eq!(attempts(&endpoint.after_attempts(ids[0], 1).await).len(), 1);
    let mut again: Vec<_> = endpoint.receiver.arrived();
    again.sort_by_key(|message| message.body["position"].as_i64());
    assert_eq!(again.len(), 2);
    for (again, before) in again.iter().zip(&messages[1..]) {
        assert_eq!((again.id(), &again.text), (before.id(), &before.text));
    }
}

#[tokio::test]
async fn the_events_of_a_time_are_sent_again_by_a_job() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    for name in ["10:30", "11:30", "12:30", "13:30"] {
        create(&server, json!({ "name": name })).await;
        server.advance(Duration::from_hours(1));
    }
    // It has never got these.
    let mut endpoint = Endpoint::of_users(&manager).await;
    endpoint.all().await;
    endpoint.rest().await;
    let range = json!({ "since": "2024-01-15T11:30:00Z", "until": "2024-01-15T12:30:00Z" });
    let begun = manager.post(&format!("{}/replay", endpoint.path()), range).await.json(200);
    let mut names = Vec::new();
    for _ in 0..2 {
        names.push(text(&endpoint.next().await.body["data"], "displayName"));
    }
    names.sort();
    assert_eq!(names, ["11:30", "12:30"]);

    let path = format!("/api/v1/jobs/{}", text(&begun, "jobId"));
    soon(async || manager.get(&path).await.json(200)["state"] == "succeeded").await;
    let job = manager.get(&path).await.json(200);
    assert_eq!((&job["kind"], &job["objectId"]), (&json!("webhook_replay"), &json!(endpoint.id)));
    assert_eq!(job["progress"]["events"], 2, "{job:#}");
    let of_kind = manager.get("/api/v1/jobs?kind=webhook_replay").await.array(200);
    assert_eq!(of_kind, [job]);
    let of_endpoint = manager.get(&format!("/api/v1/jobs?objectId={}", endpoint.id)).await.array(200);
    assert_eq!(each(&of_endpoint, "kind"), ["webhook_replay", "webhook_delivery"]);

    // Up to now, and those that it has got once more.
    endpoint.rest().await;
    let range = json!({ "since": "2024-01-15T12:00:00Z" });
    manager.post(&format!("{}/replay", endpoint.path()), range).await.is(200);
    let mut names = Vec::new();
    for _ in 0..2 {
        names.push(text(&endpoint.next().await.body["data"], "displayName"));
    }
    names.sort();
    assert_eq!(names, ["12:30", "13:30"]);
}

#[tokio::test]
async fn a_long_replay_goes_on_until_all_are_sent() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let users: Vec<_> = (0..700).map(|number| json!({ "external_id": format!("user-{number}") })).collect();
    server.notiflows().post("/admin/users/bulk", json!({ "users": users })).await.is(200);
    let mut endpoint = Endpoint::of_users(&manager).await;
    let range = json!({ "since": "2024-01-15T11:30:00Z" });
    let begun = manager.post(&format!("{}/replay", endpoint.path()), range).await.json(200);
    let mut sent = BTreeSet::new();
    while sent.len() < users.len() {
        let message = endpoint.receiver.next().await;
        assert!(sent.insert(text(&message.body["data"], "externalId")), "{message:?} comes twice");
    }
    let job = manager.get(&format!("/api/v1/jobs/{}", text(&begun, "jobId"))).await.json(200);
    assert_eq!((&job["state"], &job["progress"]["events"]), (&json!("succeeded"), &json!(700)));
}

#[tokio::test]
async fn what_has_failed_for_good_gets_all_its_attempts_again() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    endpoint.receiver.will_answer([Answer::status(500), Answer::status(500)]);
    create(&server, json!({ "name": "Jane" })).await;
    let id = endpoint.next().await.id().to_owned();
    endpoint.rest().await;
    server.advance(Duration::from_mins(1));
    endpoint.call().await;
    endpoint.receiver.next().await;
    endpoint.rest().await;
    let before = endpoint.after_attempts(&id, 2).await;

    server.advance(Duration::from_secs(30));
    manager.post(&format!("{}/replay", endpoint.path()), json!({ "eventIds": [id] })).await.is(200);
    assert_eq!(endpoint.next().await.id(), id, "before the schedule would send it");
    let after = endpoint.after_attempts(&id, 3).await;
    assert_eq!(after["state"], "succeeded");
    assert!(text(&before, "nextAttemptAt") > text(&after, "updatedAt"));
}

#[tokio::test]
async fn refuses_broken_bodies() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let endpoint = Endpoint::new(&manager, json!({})).await;
    let many: Vec<_> = (0..101).map(|number| format!("00000000-0000-4000-8000-{number:012}")).collect();
    for (body, fields) in [
        (json!({}), vec!["since"]),
        (json!({ "until": "2024-01-15T11:30:00Z" }), vec!["since"]),
        (json!({ "since": "2024-01-15T11:30:00Z", "until": "2024-01-15T11:29:59Z" }), vec!["until"]),
        (json!({ "since": "2999-01-01T00:00:00Z" }), vec!["until"]),
        (json!({ "since": "2024-01-15T11:30:00Z", "eventIds": [NOWHERE] }), vec!["eventIds"]),
        (json!({ "until": "2024-01-15T11:30:00Z", "eventIds": [NOWHERE] }), vec!["eventIds"]),
        (json!({ "since": "yesterday", "until": 7 }), vec!["since", "until"]),
        (json!({ "eventIds": [] }), vec!["eventIds"]),
        (json!({ "eventIds": "all" }), vec!["eventIds"]),
        (json!({ "eventIds": [7] }), vec!["eventIds"]),
        (json!({ "eventIds": ["x"] }), vec!["eventIds"]),
        (json!({ "eventIds": many }), vec!["eventIds"]),
    ] {
        let reply = manager.post(&format!("{}/replay", endpoint.path()), body.clone()).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), fields, "{body}");
    }
    assert!(manager.get("/api/v1/jobs?kind=webhook_replay").await.array(200).is_empty());
}
