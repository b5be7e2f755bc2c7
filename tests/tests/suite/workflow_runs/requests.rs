//! Steps that send requests to other systems.

use std::time::Duration;

use denizen_tests::{Answer, Receiver, TestServer, Value, json};

use super::{Workflow, chain, manager, node, step_of};
use crate::support::{soon, text};

/// A workflow that sends one request.
async fn sender(server: &TestServer, fields: Value) -> Workflow {
    Workflow::new(&manager(server).await, chain(&[node("call", "http.request", fields)])).await
}

#[tokio::test]
async fn a_request_is_sent_as_its_fields_say_and_its_answer_is_the_result() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    let answer = Answer::status(201).with("content-type", "application/json; charset=utf-8");
    receiver.will_answer([answer.saying(r#"{"made": [1, 2.50]}"#)]);
    let fields = json!({
        "method": "PUT", "url": "='http://127.0.0.1:' + string(data.port) + '/people?a=1'",
        "query": { "q": "=data.text", "n": 2 }, "headers": { "X-Kind": "=data.text" },
        "body": { "text": "=data.text", "exact": "=data.exact" },
    });
    let workflow = sender(&server, fields).await;
    let done = workflow.run(json!({ "port": receiver.port(), "text": "b c", "exact": 10.10 })).await;
    let message = receiver.next().await;
    assert_eq!(message.path, "/people?a=1&q=b+c&n=2");
    assert_eq!((message.header("x-kind"), message.header("content-type")), ("b c", "application/json"));
    assert_eq!(message.body, json!({ "text": "b c", "exact": 10.1 }));
    assert_eq!(message.header("x-denizen-execution"), text(&done, "id"));
    assert_eq!(message.header("idempotency-key"), format!("{}-1", text(&done, "id")));
    let call = step_of(&server, &done, "call").await;
    assert_eq!(
        (&call["result"]["status"], &call["result"]["body"]),
        (&json!(201), &json!({ "made": [1, 2.50] }))
    );
}

#[tokio::test]
async fn what_may_pass_is_tried_again_with_the_same_key() {
    let server = TestServer::with_fixed_time().await;
    let mut receiver = Receiver::start().await;
    receiver.will_answer([
        Answer::status(500).saying("out of\norder"),
        Answer::status(429).with("retry-after", "120"),
        Answer::status(200),
    ]);
    let workflow = sender(&server, json!({ "url": receiver.url() })).await;
    let id = workflow.begin(json!(null)).await;
    let key = receiver.next().await.header("idempotency-key").to_owned();
    let execution = json!({ "id": id });
    let has_attempts = async |count: u32| {
        soon(async || step_of(&server, &execution, "call").await["attempts"] == count).await;
        step_of(&server, &execution, "call").await
    };
    let step = has_attempts(1).await;
    assert_eq!(
        (&step["status"], &step["message"]),
        (&json!("pending"), &json!("The other system answered 500. out of order"))
    );
    server.advance(Duration::from_secs(2));
    assert_eq!(receiver.next().await.header("idempotency-key"), key);
    has_attempts(2).await;
    server.advance(Duration::from_secs(119));
    assert!(receiver.arrived().is_empty(), "the other system has asked for more time");
    server.advance(Duration::from_secs(1));
    assert_eq!(receiver.next().await.header("idempotency-key"), key);
    workflow.until(&id, "succeeded").await;
}

#[tokio::test]
async fn a_request_fails_for_good_after_five_attempts() {
    let server = TestServer::with_fixed_time().await;
    let mut receiver = Receiver::start().await;
    receiver.will_answer(std::iter::repeat_n(Answer::status(503), 5));
    let workflow = sender(&server, json!({ "url": receiver.url() })).await;
    let id = workflow.begin(json!(null)).await;
    for attempt in 1..=5 {
        receiver.next().await;
        soon(async || step_of(&server, &json!({ "id": id }), "call").await["attempts"] == attempt).await;
        server.advance(Duration::from_mins(5));
    }
    let failed = workflow.until(&id, "failed").await;
    assert_eq!(failed["error"], "call: The other system answered 503.");
    assert!(receiver.arrived().is_empty());
}

#[tokio::test]
async fn what_will_not_pass_fails_at_once() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    let url = receiver.url();
    receiver.will_answer([
        Answer::status(404).saying("no such person"),
        Answer::status(200).saying("x".repeat(300_000)),
    ]);
    for (fields, message) in [
        (json!({ "url": url }), "The other system answered 404. no such person"),
        (json!({ "url": url }), "The answer is longer than 262144 bytes"),
        (json!({ "url": "https://10.0.0.1/" }), "url must"),
        (json!({ "url": "http://[::ffff:169.254.169.254]/latest" }), "url must"),
        (
            json!({ "url": "https://user:secret@example.com/" }),
            "url must not contain a user name or password",
        ),
        (json!({ "url": url, "headers": { "Host": "example.com" } }), "headers.Host"),
        (json!({ "url": url, "headers": { "x": "a\r\nb: c" } }), "headers.x"),
        (json!({ "url": "=data" }), "url must be a text"),
    ] {
        let done = sender(&server, fields.clone()).await.run(json!(7)).await;
        assert_eq!(done["status"], "failed", "{fields} {done:#}");
        assert!(text(&done, "error").contains(message), "{fields} {done:#}");
    }
    assert_eq!(receiver.arrived().len(), 2, "nothing else was sent");
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up_in_time() {
    let server = TestServer::with_fixed_time().await;
    let mut receiver = Receiver::start().await;
    receiver.will_answer([Answer::held()]);
    let workflow = sender(&server, json!({ "url": receiver.url(), "timeout": 1 })).await;
    let id = workflow.begin(json!(null)).await;
    receiver.next().await;
    let execution = json!({ "id": id });
    soon(async || step_of(&server, &execution, "call").await["attempts"] == 1).await;
    let step = step_of(&server, &execution, "call").await;
    assert_eq!(step["status"], "pending", "it is tried again");
    assert!(text(&step, "message").contains("no answer within 1 s"), "{step:#}");
    server.advance(Duration::from_secs(2));
    receiver.next().await;
    workflow.until(&id, "succeeded").await;
}

#[tokio::test]
async fn a_server_that_stops_waits_for_the_answer_and_another_goes_on() {
    let mut server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    receiver.will_answer([Answer::held()]);
    let call = node("call", "http.request", json!({ "url": receiver.url() }));
    let after = node("after", "http.request", json!({ "url": receiver.url() }));
    let workflow = Workflow::new(&manager(&server).await, chain(&[call, after])).await;
    let id = workflow.begin(json!(null)).await;
    receiver.next().await;
    tokio::join!(server.stop(), async { receiver.release() });
    server.restart().await;
    let workflow = Workflow { manager: manager(&server).await, id: workflow.id };
    workflow.until(&id, "succeeded").await;
    assert!(receiver.next().await.header("idempotency-key").ends_with("-2"));
    assert!(receiver.arrived().is_empty(), "neither request is sent again");
}
