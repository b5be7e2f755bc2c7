//! Many flows in one request: each entry stands for itself.

use denizen_tests::{Value, json};

use super::{FLOWS, NOBODY, acme, activate, create_flow, get_flow, new_flow};
use crate::people::People;

#[tokio::test]
async fn each_flow_of_an_array_is_created_or_not() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let body = json!([
        new_flow("One", json!({})),
        { "graph": { "nodes": [] } },
        7,
        new_flow("Two", json!({ "status": "active" })),
        new_flow("Three", json!({})),
    ]);
    let answer = manager.client.post(FLOWS, body).await.json(201);
    let data = answer["data"].as_array().unwrap();
    assert_eq!((&data[0]["name"], &data[4]["name"]), (&json!("One"), &json!("Three")));
    let missing = json!([
        { "message": "name is required", "code": 400 },
        { "message": "graph.nodes must have at least one node", "code": 400 },
    ]);
    assert_eq!(data[1], json!({ "errors": missing }));
    assert_eq!(data[2], json!({ "errors": [{ "message": "The body must be a JSON object.", "code": 400 }] }));
    let message = "status cannot be set by hand: start and stop the flow";
    assert_eq!(data[3], json!({ "errors": [{ "message": message, "code": 400 }] }));
    assert_eq!(manager.client.get(FLOWS).await.json(200)["meta"]["total"], 2);
}

#[tokio::test]
async fn an_array_needs_another_permission_and_has_limits() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let writer =
        people.with_permissions("writer@acme.example", Some(&tenant), &["flows.read", "flows.write"]).await;
    let one = json!([new_flow("One", json!({}))]);
    let reply = writer.client.post(FLOWS, one.clone()).await;
    assert_eq!(reply.error(403, "forbidden"), json!({ "required_scope": "flows.bulk" }));
    manager.client.post(FLOWS, one).await.is(201);
    let many = |count| Value::from(vec![json!({}); count]);
    for (method, path) in [("POST", FLOWS.to_owned()), ("PATCH", format!("{FLOWS}/bulk"))] {
        for count in [0, 101] {
            let reply = manager.client.send(method, &path, Some(many(count))).await;
            assert_eq!(reply.broken_fields(400, "bad_request"), ["body"], "{method} {count}");
        }
        let reply = manager.client.send(method, &path, Some(many(100))).await;
        let data = reply.body["data"].as_array().unwrap();
        assert!(data.len() == 100 && data.iter().all(|entry| entry["errors"].is_array()), "{method}");
    }
}

#[tokio::test]
async fn each_flow_of_an_array_is_changed_or_not() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let flow = create_flow(client, new_flow("Idle", json!({}))).await;
    let busy = create_flow(client, new_flow("Busy", json!({}))).await;
    activate(client, &busy).await;
    let path = format!("{FLOWS}/bulk");
    let body = json!([
        { "id": flow["id"], "name": "Changed" },
        { "id": busy["id"], "name": "Changed" },
        { "id": NOBODY, "name": "Changed" },
        { "id": "no-id", "name": "Changed" },
        { "name": "Changed" },
        { "_id": flow["id"], "type": "short" },
        "Changed",
    ]);
    let answer = client.patch(&path, body).await.json(200);
    let data = answer["data"].as_array().unwrap();
    assert_eq!((&data[0]["id"], &data[0]["name"]), (&flow["id"], &json!("Changed")));
    let error = |message: &str, id: &Value, code: u16| json!({ "errors": [{ "message": message, "flowId": id, "code": code }] });
    assert_eq!(data[1], error("Flow is not inactive. Current status: active", &busy["id"], 409));
    assert_eq!(data[2], error("Flow not found.", &json!(NOBODY), 404));
    assert_eq!(data[3], error("id must be a UUID", &json!("no-id"), 400));
    assert_eq!(data[4], json!({ "errors": [{ "message": "id is required", "code": 400 }] }));
    assert_eq!(data[5]["errors"][0]["flowId"], flow["id"]);
    assert_eq!(data[6]["errors"][0]["code"], 400);
    assert_eq!(get_flow(client, &flow).await["name"], "Changed");
    let reply = client.patch(&path, json!({ "id": flow["id"] })).await;
    assert_eq!(reply.error(400, "bad_request"), json!({ "reason": "invalid_json" }));
}
