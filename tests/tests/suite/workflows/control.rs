//! Starting and stopping flows.

use denizen_tests::{Value, json};

use super::{FLOWS, NOBODY, acme, activate, becomes, create_flow, get_flow, new_flow, path_of};
use crate::people::People;

#[tokio::test]
async fn a_flow_is_started_and_stopped() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let flow = create_flow(client, new_flow("Busy", json!({}))).await;
    let (start, stop) = (format!("{}/start", path_of(&flow)), format!("{}/stop", path_of(&flow)));

    let reply = client.send("POST", &stop, None).await;
    assert_eq!(reply.body["errors"], json!([{ "message": "Flow is already inactive.", "code": 409 }]));
    assert_eq!(reply.error(409, "conflict"), json!({ "reason": "already", "current_status": "inactive" }));

    let answer = client.send("POST", &start, None).await.json(200);
    assert_eq!(answer, json!({ "data": { "id": flow["id"], "status": "starting" }, "meta": {} }));
    becomes(client, &flow, "active").await;
    let details = client.send("POST", &start, None).await.error(409, "conflict");
    assert_eq!(details, json!({ "reason": "already", "current_status": "active" }));

    for (method, body) in [("PATCH", Some(json!({ "name": "Idle" }))), ("DELETE", None)] {
        let reply = client.send(method, &path_of(&flow), body).await;
        let message = "Flow is not inactive. Current status: active";
        assert_eq!(reply.body["errors"], json!([{ "message": message, "code": 409 }]), "{method}");
        let details = reply.error(409, "conflict");
        assert_eq!(details, json!({ "reason": "not_inactive", "current_status": "active" }), "{method}");
    }
    assert_eq!(get_flow(client, &flow).await["name"], "Busy");

    let answer = client.send("POST", &stop, None).await.json(200);
    assert_eq!(answer, json!({ "data": { "id": flow["id"], "status": "stopping" }, "meta": {} }));
    becomes(client, &flow, "inactive").await;
    client.patch(&path_of(&flow), json!({ "name": "Idle" })).await.is(200);
    client.delete(&path_of(&flow)).await.is(200);
}

#[tokio::test]
async fn a_schedule_says_when_it_runs_next() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let flow = create_flow(
        &manager.client,
        json!({ "name": "Yearly", "graph": super::graph(), "cron": "0 0 1 1 *" }),
    )
    .await;
    assert_eq!(flow["nextRunAt"], Value::Null);
    activate(&manager.client, &flow).await;
    let active = get_flow(&manager.client, &flow).await;
    assert!(active["nextRunAt"].as_str().unwrap().ends_with("-01-01T00:00:00.000000Z"), "{active:#}");
    manager.client.send("POST", &format!("{}/stop", path_of(&flow)), None).await.is(200);
    becomes(&manager.client, &flow, "inactive").await;
    assert_eq!(get_flow(&manager.client, &flow).await["nextRunAt"], Value::Null);
}

#[tokio::test]
async fn many_flows_are_started_and_stopped_each_for_itself() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let mut flows = Vec::new();
    for name in ["One", "Two"] {
        flows.push(create_flow(client, new_flow(name, json!({}))).await);
    }
    let busy = create_flow(client, new_flow("Busy", json!({}))).await;
    activate(client, &busy).await;
    let body = json!([flows[0]["id"], busy["id"], NOBODY, "no-id", 7, flows[1]["id"]]);
    let done = |id: &Value, status: &str| json!({ "data": { "id": id, "status": status }, "meta": {} });
    let error = |message: &str, id: &str, code: u16| json!({ "errors": [{ "message": message, "flowId": id, "code": code }] });

    let answer = client.post(&format!("{FLOWS}/multiple/start"), body).await.array(200);
    let busy_id = busy["id"].as_str().unwrap();
    assert_eq!(answer[0], done(&flows[0]["id"], "starting"));
    assert_eq!(answer[1], error("Flow is already active.", busy_id, 409));
    assert_eq!(answer[2], error("Flow not found.", NOBODY, 404));
    assert_eq!(answer[3], error("id must be a UUID", "no-id", 400));
    assert_eq!(answer[4], error("id must be a UUID", "7", 400));
    assert_eq!(answer[5], done(&flows[1]["id"], "starting"));
    for flow in &flows {
        becomes(client, flow, "active").await;
    }

    let all = json!([flows[0]["id"], flows[1]["id"], busy["id"]]);
    let answer = client.post(&format!("{FLOWS}/multiple/stop"), all).await.array(200);
    assert!(answer.iter().all(|entry| entry["data"]["status"] == "stopping"), "{answer:#?}");
    for flow in flows.iter().chain([&busy]) {
        becomes(client, flow, "inactive").await;
    }
    for (body, details) in [
        (json!({ "ids": [] }), json!({ "reason": "invalid_json" })),
        (json!(NOBODY), json!({ "reason": "invalid_json" })),
    ] {
        for verb in ["start", "stop"] {
            let reply = client.post(&format!("{FLOWS}/multiple/{verb}"), body.clone()).await;
            assert_eq!(
                reply.body["errors"],
                json!([{ "message": "The body must be a JSON array.", "code": 400 }])
            );
            assert_eq!(reply.error(400, "bad_request"), details);
        }
    }
}
