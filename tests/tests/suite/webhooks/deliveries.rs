//! The list of deliveries.

use std::collections::BTreeSet;
use std::time::Duration;

use denizen_tests::{Answer, TestServer, json};

use super::{Endpoint, PATH, attempts, end_of_feed, manager};
use crate::support::{assert_time, create, create_endpoint, each, keys, soon, text};

#[tokio::test]
async fn each_event_is_listed_with_its_attempts() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    for number in 0..4 {
        create(&server, json!({ "name": format!("user {number}") })).await;
    }
    let mut ids: Vec<_> = endpoint.all().await.iter().map(|message| message.id().to_owned()).collect();
    endpoint.receiver.will_answer([Answer::status(500).saying("not now")]);
    let user = create(&server, json!({ "name": "user 4" })).await;
    ids.push(endpoint.next().await.id().to_owned());
    ids.sort();
    ids.reverse();

    let failed = endpoint.after_attempts(&ids[0], 1).await;
    let expected = [
        "attempts",
        "createdAt",
        "eventId",
        "nextAttemptAt",
        "objectId",
        "position",
        "state",
        "type",
        "updatedAt",
    ];
    assert_eq!(keys(&failed), expected);
    assert_eq!((&failed["objectId"], &failed["type"]), (&user["id"], &json!("external_user.created")));
    let attempt = &attempts(&failed)[0];
    assert_eq!(keys(attempt), ["answer", "at", "durationMilliseconds", "error", "status"]);
    assert_eq!((&attempt["status"], &attempt["answer"]), (&json!(500), &json!("not now")));
    assert!(attempt["durationMilliseconds"].as_u64().unwrap() < 15_000, "{attempt:#}");
    assert_time(&attempt["at"]);
    assert_time(&failed["nextAttemptAt"]);

    assert_eq!(each(&endpoint.deliveries("").await, "eventId"), ids, "newest first");
    assert_eq!(each(&endpoint.deliveries("state=pending").await, "eventId"), ids[..1]);
    assert_eq!(each(&endpoint.deliveries("state=succeeded").await, "eventId"), ids[1..]);
    assert!(endpoint.deliveries("state=failed").await.is_empty());
    assert_eq!(each(&endpoint.deliveries(&format!("eventId={}", ids[2])).await, "eventId"), ids[2..3]);
    let both = format!("state=pending&eventId={}", ids[2]);
    assert!(endpoint.deliveries(&both).await.is_empty());

    let (mut walked, mut next) = (Vec::new(), Some(format!("{}/deliveries?limit=2", endpoint.path())));
    while let Some(path) = next {
        let page = manager.get(&path).await;
        next = page.next();
        let page = page.array(200);
        assert!(page.len() <= 2);
        walked.extend(each(&page, "eventId"));
    }
    assert_eq!(walked, ids, "page by page");
}

#[tokio::test]
async fn a_refused_connection_is_an_attempt_with_an_error() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let id = create_endpoint(&server).await;
    end_of_feed(&manager).await;
    let path = format!("{PATH}/{id}/deliveries?state=pending");
    soon(async || !manager.get(&path).await.array(200).is_empty()).await;
    let delivery = manager.get(&path).await.array(200).remove(0);
    assert_eq!(delivery["type"], "webhook_endpoint.created");
    let attempt = &attempts(&delivery)[0];
    assert_eq!((&attempt["status"], &attempt["answer"]), (&json!(null), &json!("")));
    assert_eq!(text(attempt, "error"), "the connection was refused");
}

#[tokio::test]
async fn refuses_broken_parameters() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let endpoint = Endpoint::new(&manager, json!({})).await;
    for (query, field) in [
        ("state=done", "state"),
        ("state=", "state"),
        ("eventId=7", "eventId"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
        ("status=failed", "status"),
    ] {
        let reply = manager.get(&format!("{}/deliveries?{query}", endpoint.path())).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), [field], "{query}");
    }
    let all = manager.get(&format!("{}/deliveries?state=x&eventId=y&limit=z", endpoint.path())).await;
    assert_eq!(all.broken_fields(400, "bad_request"), ["eventId", "limit", "state"]);
}

#[tokio::test]
async fn the_job_of_an_endpoint_sleeps_until_there_is_something_to_do() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    endpoint.rest().await;
    let job = endpoint.job().await;
    assert_eq!((&job["kind"], &job["objectId"]), (&json!("webhook_delivery"), &json!(endpoint.id)));
    assert_eq!((&job["state"], &job["dueAt"]), (&json!("waiting"), &json!(null)));

    // Nothing is sent while it is cancelled, and everything once it is tried again.
    let path = format!("/api/v1/jobs/{}", endpoint.id);
    manager.send("POST", &format!("{path}/cancel"), None).await.is(200);
    let mut witness = Endpoint::of_users(&manager).await;
    let users: BTreeSet<_> = [
        text(&create(&server, json!({ "name": "Jane" })).await, "id"),
        text(&create(&server, json!({ "name": "John" })).await, "id"),
    ]
    .into();
    assert_eq!(witness.all().await.len(), 2);
    assert!(endpoint.receiver.arrived().is_empty());
    server.advance(Duration::from_secs(1));
    manager.send("POST", &format!("{path}/retry"), None).await.is(200);
    let messages = endpoint.all().await;
    let sent: BTreeSet<_> = messages.iter().map(|message| text(&message.body, "objectId")).collect();
    assert_eq!(sent, users);
}
