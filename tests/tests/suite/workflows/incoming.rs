//! Requests of other systems that start flows: `/webhooks/{flowId}` and `/hook/{flowId}`.

use denizen_tests::{Client, TestServer, Value, json};

use super::{PERMISSIONS, acme, activate, create_flow, new_flow, path_of};
use crate::people::People;
use crate::support::{create, soon, text, with};

const SECRET: &str = "a secret of sixteen and more";
const UNKNOWN: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// A graph with one step that passes on what has come to it.
fn passing() -> Value {
    json!({ "nodes": [{ "id": "pass", "componentId": "data", "function": "map", "fields": { "got": "=data" } }] })
}

/// The body of a flow that requests start, with these further keys.
fn incoming(others: Value) -> Value {
    with(new_flow("Incoming", json!({ "graph": passing(), "trigger": { "type": "webhook" } })), others)
}

/// The body of a flow that only its owners start.
fn protected(access: Value) -> Value {
    let access = with(json!({ "requireWebhookAuth": true }), access);
    incoming(json!({ "flowSettings": { "webhooks": access } }))
}

/// Creates an active flow, and returns its id.
async fn active_flow(client: &Client, body: Value) -> String {
    let flow = create_flow(client, body).await;
    activate(client, &flow).await;
    text(&flow, "id")
}

/// The execution that a request has begun.
async fn begun(client: &Client, answer: &Value) -> Value {
    assert_eq!(answer["data"]["message"], "thank you", "{answer:#}");
    let id = text(&answer["data"], "requestId");
    client.get(&format!("/api/executions/{id}")).await.json(200)["data"].take()
}

/// What came to the first step of an execution.
async fn first_data(client: &Client, execution: &Value) -> Value {
    let path = format!("/api/executions/{}/steps", text(execution, "id"));
    client.get(&path).await.json(200)["data"][0]["data"].take()
}

/// A body, and what HMAC-SHA256 makes of it with the secret.
const SIGNED: (&str, &str) =
    (r#"{ "n":   1 }"#, "68553cfc9f18dbb42beae07ba1fad1e95c6852fc4f4d80812b4e1efe95d9b69d");

/// The same of the body without its blanks.
const SIGNED_WITHOUT_BLANKS: &str = "1d0e6daac21a1453c898b3fbebe8dda9a9d20d734f9c7c2a044bbfef1ae86c1c";

/// The same of the query `a=1&b=2`.
const SIGNED_QUERY: &str = "6f84bbecd12e6fa83149b4a3fa70d9f44c0bc69427701730be106d582ad26166";

#[tokio::test]
async fn a_body_of_any_form_comes_to_the_first_step() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let id = active_flow(&manager.client, incoming(json!({}))).await;
    let sender = people.server.anonymous();
    let long = "x".repeat(1_000);
    for (kind, body, data) in [
        ("application/json", r#"{"plan":"pro","amount":1.50}"#, json!({ "plan": "pro", "amount": 1.5 })),
        ("application/vnd.acme+json", "[1]", json!([1])),
        ("application/x-www-form-urlencoded", "a=1&a=2&b=x+y", json!({ "a": ["1", "2"], "b": "x y" })),
        (
            "application/xml",
            "<order id=\"7\"><item>tea</item></order>",
            json!({ "order": { "@id": "7", "item": "tea" } }),
        ),
        ("text/plain; charset=utf-8", &long, json!(long)),
        ("application/json", "", Value::Null),
        ("application/json", "\u{feff}{}", json!({})),
    ] {
        let sent = Some((kind, body.as_bytes().to_vec()));
        let answer = sender.send_bytes("POST", &format!("/webhooks/{id}"), sent).await.json(200);
        let execution = begun(&manager.client, &answer).await;
        assert_eq!(first_data(&manager.client, &execution).await, data, "{kind} {body}");
        assert_eq!(execution["trigger"]["body"], data);
        assert_eq!(execution["trigger"]["requestId"], execution["id"]);
    }
}

#[tokio::test]
async fn expressions_see_the_request_without_its_credentials() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let id = active_flow(&manager.client, incoming(json!({}))).await;
    let sender =
        people.server.anonymous().with("x-event", "paid").with("cookie", "a=b").with("x-hmac", "abc");
    let sender = sender.with("authorization", "Bearer secret");
    let path = format!("/hook/{id}/orders/7%2F8/?mode=test&tag=a&tag=b");
    let answer = sender.post(&path, json!({ "n": 1 })).await.json(200);
    let execution = begun(&manager.client, &answer).await;
    let trigger = &execution["trigger"];
    assert_eq!(trigger["type"], "webhook");
    assert_eq!((&trigger["method"], &trigger["suffix"]), (&json!("POST"), &json!("orders/7/8")));
    assert_eq!(trigger["query"], json!({ "mode": "test", "tag": ["a", "b"] }));
    assert_eq!(trigger["headers"]["x-event"], "paid");
    for hidden in ["authorization", "cookie", "x-hmac"] {
        assert!(trigger["headers"].get(hidden).is_none(), "{hidden} is shown: {trigger:#}");
    }
    soon(async || {
        let path = format!("/api/executions/{}", text(&execution, "id"));
        manager.client.get(&path).await.json(200)["data"]["status"] == "succeeded"
    })
    .await;
}

#[tokio::test]
async fn get_brings_its_query_and_head_starts_nothing() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let id = active_flow(&manager.client, incoming(json!({}))).await;
    let sender = people.server.anonymous();
    for path in [format!("/webhooks/{id}?a=1"), format!("/hook/{id}?a=1"), format!("/webhooks/{id}/x?a=1")] {
        sender.send("HEAD", &path, None).await.is(200);
        let answer = sender.get(&path).await.json(200);
        let execution = begun(&manager.client, &answer).await;
        assert_eq!(first_data(&manager.client, &execution).await, json!({ "a": "1" }));
        assert_eq!(execution["trigger"]["body"], Value::Null);
    }
    let all = manager.client.get("/api/executions").await.json(200);
    assert_eq!(all["meta"]["total"], 3);
    sender.send("HEAD", &format!("/webhooks/{UNKNOWN}"), None).await.is(404);
    sender.get(&format!("/webhooks/{id}?a=%FF")).await.error(400, "bad_request");
    sender.send("PUT", &format!("/webhooks/{id}"), Some(json!({}))).await.error(405, "method_not_allowed");
}

#[tokio::test]
async fn what_cannot_be_started_is_refused_alike() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let inactive = text(&create_flow(&manager.client, incoming(json!({}))).await, "id");
    let manual = active_flow(&manager.client, new_flow("Manual", json!({}))).await;
    let suspended = active_flow(&manager.client, incoming(json!({}))).await;
    people
        .administrator
        .patch(&format!("/api/tenants/{tenant}"), json!({ "status": "DISABLED" }))
        .await
        .is(200);
    let sender = people.server.anonymous();
    for id in [UNKNOWN, "nonsense", "a%20b%2F", &inactive, &manual, &suspended] {
        for method in ["GET", "POST"] {
            // A body that nobody could read changes nothing.
            let reply = sender
                .send_bytes(method, &format!("/hook/{id}"), Some(("application/json", b"{".to_vec())))
                .await;
            let shown = if id.contains('%') { "a b/" } else { id };
            let message = format!("Flow {shown} either does not exist or is inactive.");
            assert_eq!(reply.body["message"], message);
            assert_eq!(
                reply.error(404, "not_found"),
                json!({ "resource": "flow", "id": shown }),
                "{method} {id}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_starts_nothing() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let id = active_flow(&manager.client, incoming(json!({}))).await;
    let path = format!("/webhooks/{id}");
    let sender = people.server.anonymous();
    for (kind, body) in [
        ("application/json", "{"),
        ("application/xml", "<order><item></order>"),
        ("application/xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"),
        ("application/x-www-form-urlencoded", "a=%FF"),
    ] {
        sender
            .send_bytes("POST", &path, Some((kind, body.as_bytes().to_vec())))
            .await
            .error(400, "bad_request");
    }
    let image = sender.send_bytes("POST", &path, Some(("image/png", vec![0; 9]))).await;
    assert_eq!(
        image.body["message"],
        "The body must be JSON, a form, XML or text, and the content type must say so."
    );
    image.error(415, "unsupported_media_type");
    let (most, too_much) = (vec![b'x'; 1024 * 1024], vec![b'x'; 1024 * 1024 + 1]);
    sender.send_bytes("POST", &path, Some(("text/plain", too_much))).await.error(413, "payload_too_large");
    assert_eq!(manager.client.get("/api/executions").await.json(200)["meta"]["total"], 0);
    sender.send_bytes("POST", &path, Some(("text/plain", most))).await.json(200);
}

#[tokio::test]
async fn a_protected_flow_takes_signed_requests() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let access = json!({ "hmacAuthSecret": SECRET, "hmacHeaderKey": "X-Signature" });
    let id = active_flow(&manager.client, protected(access)).await;
    let path = format!("/webhooks/{id}");
    let sender = people.server.anonymous();
    let (body, right) = SIGNED;
    let send = async |signature: &str| {
        let sent = Some(("application/json", body.as_bytes().to_vec()));
        sender.with("x-signature", signature).send_bytes("POST", &path, sent).await
    };
    for accepted in [right.to_owned(), right.to_uppercase(), format!("sha256={right}")] {
        let answer = send(&accepted).await.json(200);
        let execution = begun(&manager.client, &answer).await;
        assert!(execution["trigger"]["headers"].get("x-signature").is_none(), "{execution:#}");
    }
    for wrong in
        [SIGNED_WITHOUT_BLANKS.to_owned(), right[2..].to_owned(), String::new(), format!("sha1={right}")]
    {
        let reply = send(&wrong).await;
        assert!(reply.header("www-authenticate").is_some_and(|value| value.contains("Basic")));
        reply.error(401, "unauthenticated");
    }
    sender.post(&path, json!({ "n": 1 })).await.error(401, "unauthenticated");
    // The signature of a GET is that of its query.
    let asked = sender.with("x-signature", SIGNED_QUERY);
    asked.get(&format!("{path}?a=1&b=2")).await.json(200);
    asked.get(&format!("{path}?a=1&b=3")).await.error(401, "unauthenticated");
    asked.get(&path).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn a_protected_flow_takes_its_owners() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let executor = [&PERMISSIONS[..], &["webhooks.execute"]].concat();
    let owner = people.with_permissions("owner@acme.example", Some(&tenant), &executor).await;
    let colleague =
        people.with_permissions("colleague@acme.example", Some(&tenant), &["webhooks.execute"]).await;
    let elsewhere = people.tenant("elsewhere").await;
    let stranger =
        people.with_permissions("stranger@example.com", Some(&elsewhere), &["webhooks.execute"]).await;
    let of_tenant = active_flow(&owner.client, protected(json!({}))).await;
    let private = json!({ "owners": [{ "id": owner.id, "type": "user" }] });
    let private = active_flow(&owner.client, with(protected(json!({})), private)).await;
    for (flow, client, is_let_in) in [
        (&of_tenant, &owner.client, true),
        (&of_tenant, &colleague.client, true),
        (&of_tenant, &manager.client, false),
        (&of_tenant, &stranger.client, false),
        (&of_tenant, &people.administrator, true),
        (&private, &owner.client, true),
        (&private, &colleague.client, false),
        (&private, &people.administrator, true),
    ] {
        let reply = client.post(&format!("/webhooks/{flow}"), json!({})).await;
        if is_let_in {
            reply.json(200)
        } else {
            reply.error(401, "unauthenticated")
        };
    }
    for client in [people.server.zaia(), people.server.flowra_bearer(), people.server.bearer("pat_nonsense")]
    {
        client.post(&format!("/webhooks/{of_tenant}"), json!({})).await.error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn an_owner_may_send_its_password() {
    let people = People::new().await;
    let (tenant, _) = acme(&people).await;
    let username = "owner@acme.example";
    let permissions = [&PERMISSIONS[..], &["webhooks.execute"]].concat();
    let id =
        people.account_with_password(username, json!({ "tenant": tenant, "permissions": permissions })).await;
    let client = people.client_of(&id).await;
    let path = format!("/webhooks/{}", active_flow(&client, protected(json!({}))).await);
    let right = people.server.basic(username, &crate::people::password_of(username));
    right.post(&path, json!({})).await.json(200);
    people
        .server
        .basic(username, "wrong password")
        .post(&path, json!({}))
        .await
        .error(401, "unauthenticated");
    people.server.basic(username, "").post(&path, json!({})).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn a_flow_runs_in_the_name_of_the_user_that_the_body_names() {
    let server = TestServer::start().await;
    let jane = create(&server, json!({ "identifier": "jane", "externalId": "customer 7" })).await;
    let people = People::on(server).await;
    let tenant = people.server.workspace.id.clone();
    let manager = people.with_permissions("manager@default.example", Some(&tenant), &PERMISSIONS).await;
    let id = active_flow(&manager.client, incoming(json!({}))).await;
    let (sender, nobody) = (people.server.anonymous(), &Value::Null);
    for (body, user) in [
        (json!({ "user": "jane" }), &jane["id"]),
        (json!({ "user": { "username": "JANE" } }), &jane["id"]),
        (json!({ "user": { "externalId": "customer 7" } }), &jane["id"]),
        (json!({ "user": { "id": jane["id"] } }), &jane["id"]),
        (json!({ "user": { "id": UNKNOWN } }), nobody),
        (json!({ "user": "somebody" }), nobody),
        (json!({ "user": "a\u{0}b" }), nobody),
        (json!({ "user": 7 }), nobody),
        (json!("jane"), nobody),
    ] {
        let answer = sender.post(&format!("/webhooks/{id}"), body.clone()).await.json(200);
        assert_eq!(&begun(&manager.client, &answer).await["user"], user, "{body}");
    }
    let answer = sender.get(&format!("/webhooks/{id}?user=jane")).await.json(200);
    assert_eq!(begun(&manager.client, &answer).await["user"], jane["id"]);
}

#[tokio::test]
async fn a_repeated_key_starts_a_flow_once() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let flows = [(); 2].map(|()| incoming(json!({})));
    let mut ids = Vec::new();
    for flow in flows {
        ids.push(active_flow(&manager.client, flow).await);
    }
    let path = format!("/webhooks/{}", ids[0]);
    let sender = people.server.anonymous().with("idempotency-key", "order-7");
    let first = sender.post(&path, json!({ "n": 1 })).await.json(200);
    let again = sender.post(&path, json!({ "n": 2 })).await.json(200);
    assert_eq!(first, again);
    assert_eq!(first_data(&manager.client, &begun(&manager.client, &again).await).await, json!({ "n": 1 }));
    let other = sender.with("idempotency-key", "b");
    let send = || other.post(&path, json!({}));
    let at_once = tokio::join!(send(), send(), send());
    let (one, two, three) = (at_once.0.json(200), at_once.1.json(200), at_once.2.json(200));
    assert!(one == two && two == three && one != first);
    let other_flow = sender.post(&format!("/webhooks/{}", ids[1]), json!({})).await.json(200);
    assert_ne!(first, other_flow, "a key counts for one flow");
    for broken in ["a b".to_owned(), "x".repeat(256)] {
        sender.with("idempotency-key", &broken).post(&path, json!({})).await.error(400, "bad_request");
    }
    assert_eq!(manager.client.get("/api/executions").await.json(200)["meta"]["total"], 3);
}

#[tokio::test]
async fn flows_that_start_each_other_by_requests_stop_after_five() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let flow = create_flow(&manager.client, incoming(json!({}))).await;
    let id = text(&flow, "id");
    let url = format!("http://127.0.0.1:{}/webhooks/{id}", people.server.address.port());
    let request = json!({ "id": "again", "componentId": "http", "function": "request",
        "fields": { "method": "POST", "url": url } });
    let graph = json!({ "graph": { "nodes": [request] } });
    manager.client.patch(&path_of(&flow), graph).await.is(200);
    activate(&manager.client, &flow).await;
    people.server.anonymous().post(&format!("/webhooks/{id}"), json!({})).await.json(200);
    let failed =
        async || manager.client.get("/api/executions?filter[status]=failed").await.json(200)["data"].take();
    soon(async || !failed().await.as_array().unwrap().is_empty()).await;
    assert!(text(&failed().await[0], "error").contains("5 times"));
    let all = manager.client.get("/api/executions").await.json(200);
    assert_eq!(all["meta"]["total"], 7, "the first, five that followed, and the one that was refused");
}

#[tokio::test]
async fn a_tenant_starts_so_many_in_a_minute() {
    let server = TestServer::with_fixed_time_and(&["--workflow-starts-per-minute=2"]).await;
    let people = People::on(server).await;
    let (_, manager) = acme(&people).await;
    let id = active_flow(&manager.client, incoming(json!({}))).await;
    let (sender, path) = (people.server.anonymous(), format!("/webhooks/{id}"));
    let first = sender.with("idempotency-key", "a").post(&path, json!({})).await.json(200);
    sender.post(&path, json!({})).await.json(200);
    let reply = sender.post(&path, json!({})).await;
    assert!(reply.header("retry-after").is_some());
    assert_eq!(reply.error(429, "rate_limited")["limit"], 2);
    let again = sender.with("idempotency-key", "a").post(&path, json!({})).await.json(200);
    assert_eq!(again, first, "what has begun is no new start");
}
