//! Endpoints that fail.

use std::time::Duration;

use denizen_server::Timestamp;
use denizen_tests::{Answer, TestServer, Value, json};

use super::{Endpoint, attempts, events, manager};
use crate::support::{create, each, soon, text};

/// The pauses of the schedule, in seconds.
const PAUSES: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

fn moment(time: &Value) -> Timestamp {
    time.as_str().unwrap().parse().unwrap()
}

/// The time from the last attempt to the next.
fn pause(delivery: &Value) -> Duration {
    let last = attempts(delivery).last().unwrap();
    moment(&delivery["nextAttemptAt"]).since(moment(&last["at"]))
}

#[tokio::test]
async fn a_failed_event_is_sent_again_until_it_is_accepted() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    endpoint.receiver.will_answer([Answer::status(500), Answer::status(302)]);
    create(&server, json!({ "name": "Jane" })).await;
    let first = endpoint.next().await;
    endpoint.rest().await;
    assert_eq!(endpoint.get().await["failingSince"], "2024-01-15T10:30:00.000000Z");

    let mut messages = vec![first];
    for (too_early, rest) in [(4_900, 1_100), (299_000, 32_000)] {
        server.advance(Duration::from_millis(too_early));
        endpoint.call().await;
        assert!(endpoint.receiver.arrived().is_empty(), "not before its time");
        server.advance(Duration::from_millis(rest));
        endpoint.call().await;
        messages.push(endpoint.receiver.next().await);
    }
    let times: Vec<_> = messages.iter().map(|message| message.timestamp() - 1_705_314_600).collect();
    assert_eq!(times, [0, 6, 337], "the time of each attempt");
    assert!(messages.iter().all(|message| message.id() == messages[0].id()), "{messages:?}");
    assert!(messages.iter().all(|message| message.text == messages[0].text), "{messages:?}");

    let delivery = endpoint.after_attempts(messages[0].id(), 3).await;
    assert_eq!((&delivery["state"], &delivery["nextAttemptAt"]), (&json!("succeeded"), &json!(null)));
    let statuses: Vec<_> = attempts(&delivery).iter().map(|attempt| attempt["status"].clone()).collect();
    assert_eq!(statuses, [500, 302, 200]);
    let state = endpoint.get().await;
    assert_eq!((&state["failingSince"], &state["pausedUntil"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn after_ten_attempts_an_event_is_given_up() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let long = format!("{}\r\n{}", "ä".repeat(500), "b".repeat(2_000));
    endpoint.receiver.will_answer(vec![Answer::status(503).saying(long); 10]);
    create(&server, json!({ "name": "Jane" })).await;
    let id = endpoint.next().await.id().to_owned();
    for (count, seconds) in PAUSES.into_iter().enumerate() {
        let delivery = endpoint.after_attempts(&id, count + 1).await;
        assert_eq!(delivery["state"], "pending");
        let (pause, shortest) = (pause(&delivery), Duration::from_secs(seconds));
        // The answer takes time, too.
        let longest = shortest + shortest / 10 + Duration::from_secs(10);
        assert!(shortest <= pause && pause <= longest, "{pause:?} after {count}");
        endpoint.rest().await;
        server.advance(longest);
        endpoint.call().await;
        assert_eq!(endpoint.receiver.next().await.id(), id);
    }
    let delivery = endpoint.after_attempts(&id, 10).await;
    assert_eq!((&delivery["state"], &delivery["nextAttemptAt"]), (&json!("failed"), &json!(null)));
    for attempt in attempts(&delivery) {
        assert_eq!((&attempt["status"], &attempt["error"]), (&json!(503), &json!(null)));
        let answer = text(attempt, "answer");
        assert!(answer.starts_with("ää") && answer.ends_with("  bbbbbbbbbbbbbbbbbbbbbb"), "{answer}");
        assert_eq!(answer.len(), 1_024, "the first kilobyte, without control characters");
    }
    assert_eq!(endpoint.get().await["disabled"], false);

    endpoint.rest().await;
    server.advance(Duration::from_hours(1));
    create(&server, json!({ "name": "John" })).await;
    let next = endpoint.next().await;
    assert_eq!(next.body["data"]["displayName"], "John", "others are still sent");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_until_someone_enables_it() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let mut witness = Endpoint::of_users(&manager).await;
    endpoint.receiver.will_answer([Answer::status(410)]);
    create(&server, json!({ "name": "Jane" })).await;
    let refused = endpoint.next().await;
    soon(async || endpoint.job().await["state"] == "succeeded").await;
    let state = endpoint.get().await;
    assert_eq!(state["disabled"], true);
    assert!(text(&state, "disabledReason").contains("410"), "{state:#}");

    let feed = events(&manager, endpoint.start).await;
    let told = feed.iter().find(|event| event["type"] == "webhook_endpoint.disabled").unwrap();
    assert_eq!((&told["objectId"], &told["actor"]["type"]), (&json!(endpoint.id), &json!("server")));
    assert_eq!(told["previous"], json!({ "disabled": false, "disabledReason": null }));
    let log = manager.get(&format!("/api/v1/audit-events?objectId={}", endpoint.id)).await.array(200);
    assert_eq!(each(&log, "action"), ["webhook_endpoint.update", "webhook_endpoint.create"]);
    assert_eq!(log[0]["changes"]["disabled"], json!({ "old": false, "new": true }));

    create(&server, json!({ "name": "John" })).await;
    assert_eq!(witness.all().await.len(), 2);
    server.advance(Duration::from_hours(1));
    witness.call().await;
    assert!(endpoint.receiver.arrived().is_empty(), "nothing is sent to it");

    let state = endpoint.change(json!({ "disabled": false })).await;
    assert_eq!((&state["disabled"], &state["disabledReason"]), (&json!(false), &json!(null)));
    let missed = [endpoint.next().await, endpoint.next().await];
    let mut names: Vec<_> = missed.iter().map(|message| text(&message.body["data"], "displayName")).collect();
    names.sort();
    assert_eq!(names, ["Jane", "John"], "what it has missed");
    assert!(missed.iter().any(|message| message.id() == refused.id()), "{missed:?}");
}

#[tokio::test]
async fn five_days_of_failures_disable_an_endpoint() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    endpoint.receiver.will_answer(vec![Answer::status(500); 6]);
    create(&server, json!({ "name": "Jane" })).await;
    endpoint.next().await;
    endpoint.rest().await;
    for _ in 0..5 {
        assert_eq!(endpoint.get().await["disabled"], false);
        server.advance(Duration::from_hours(24));
        endpoint.call().await;
        endpoint.receiver.next().await;
        endpoint.rest().await;
    }
    let state = endpoint.get().await;
    assert_eq!(state["disabled"], true);
    assert!(text(&state, "disabledReason").contains("5 days"), "{state:#}");
}

#[tokio::test]
async fn an_endpoint_that_asks_for_time_gets_it() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    for status in [429, 503, 200] {
        let mut endpoint = Endpoint::of_users(&manager).await;
        endpoint.receiver.will_answer([Answer::status(status).with("retry-after", "120")]);
        create(&server, json!({ "name": "Jane" })).await;
        let first = endpoint.next().await;
        let delivery = endpoint.after_attempts(first.id(), 1).await;
        if status != 200 {
            assert!(pause(&delivery) >= Duration::from_mins(2), "{delivery:#}");
        }
        create(&server, json!({ "name": "John" })).await;
        server.advance(Duration::from_secs(119));
        endpoint.call().await;
        assert!(endpoint.receiver.arrived().is_empty(), "nor is another event sent: {status}");
        assert!(endpoint.get().await["pausedUntil"].is_string());

        server.advance(Duration::from_secs(20));
        endpoint.call().await;
        let messages = endpoint.all().await;
        let expected: &[&str] = if status == 200 { &["John"] } else { &["Jane", "John"] };
        let names: Vec<_> =
            messages.iter().map(|message| text(&message.body["data"], "displayName")).collect();
        assert_eq!(names, expected, "{status}");
        assert_eq!(endpoint.get().await["pausedUntil"], json!(null));
        manager.delete(&endpoint.path()).await.is(200);
    }
}

#[tokio::test]
async fn an_endpoint_that_is_overrun_is_slowed_down() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    for status in [429, 502, 504] {
        let mut endpoint = Endpoint::of_users(&manager).await;
        endpoint.receiver.will_answer([Answer::status(status)]);
        create(&server, json!({ "name": "Jane" })).await;
        endpoint.next().await;
        endpoint.rest().await;
        create(&server, json!({ "name": "John" })).await;
        endpoint.call().await;
        assert!(endpoint.receiver.arrived().is_empty(), "it rests for a moment: {status}");
        server.advance(Duration::from_secs(3));
        endpoint.call().await;
        assert_eq!(endpoint.all().await.len(), 1, "before the failed one is due again");
        manager.delete(&endpoint.path()).await.is(200);
    }
}
