//! Executions of FlowMate's flows: `/api/executions` and `/api/icenter/executions`.

use denizen_tests::{Client, Value, json};

use super::{PERMISSIONS, acme, activate, create_flow, manager, new_flow, path_of};
use crate::people::People;
use crate::support::{each, soon, text, with};

const EXECUTIONS: &str = "/api/executions";
const UNKNOWN: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// Creates an active flow that requests start, with these nodes.
async fn flow_of(client: &Client, name: &str, nodes: Value) -> Value {
    let body = json!({ "graph": { "nodes": nodes }, "trigger": { "type": "webhook" } });
    let flow = create_flow(client, new_flow(name, body)).await;
    activate(client, &flow).await;
    flow
}

/// A node that writes a line into the log.
fn noting() -> Value {
    json!([{ "id": "note", "componentId": "log", "function": "write", "fields": { "message": "=data.text" } }])
}

/// A node that waits for a day.
fn waiting() -> Value {
    json!([{ "id": "wait", "componentId": "time", "function": "wait", "fields": { "for": "24h" } }])
}

/// Starts a flow, and returns the id of the execution.
async fn run(people: &People, flow: &Value, data: Value) -> String {
    let path = format!("/webhooks/{}", text(flow, "id"));
    text(&people.server.anonymous().post(&path, data).await.json(200)["data"], "requestId")
}

async fn get(client: &Client, id: &str) -> Value {
    client.get(&format!("{EXECUTIONS}/{id}")).await.json(200)["data"].take()
}

async fn becomes(client: &Client, id: &str, status: &str) {
    soon(async || get(client, id).await["status"] == status).await;
}

async fn list(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("{EXECUTIONS}?{query}")).await.json(200);
    each(page["data"].as_array().unwrap(), "id")
}

#[tokio::test]
async fn an_execution_is_shown_with_its_steps() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let client = &manager.client;
    let nodes = json!([
        { "id": "split", "componentId": "data", "function": "split", "fields": { "list": "=data.texts" } },
        { "id": "note", "componentId": "log", "function": "write", "fields": { "message": "=data" } },
    ]);
    let graph = json!({ "nodes": nodes, "edges": [{ "source": "split", "target": "note" }] });
    let flow = json!({ "graph": graph, "trigger": { "type": "webhook" } });
    let flow = create_flow(client, new_flow("Split", flow)).await;
    activate(client, &flow).await;
    let id = run(&people, &flow, json!({ "texts": ["a", "b"] })).await;
    becomes(client, &id, "succeeded").await;

    let execution = get(client, &id).await;
    assert_eq!((&execution["flowExecId"], &execution["flowId"]), (&execution["id"], &flow["id"]));
    assert_eq!((&execution["tenant"], &execution["user"]), (&json!(tenant), &Value::Null));
    assert_eq!([&execution["started"], &execution["succeeded"], &execution["errors"]], [3, 3, 0]);
    assert_eq!(execution["stepCounters"]["note"], json!({ "in": 2, "out": 2, "errors": 0 }));
    assert!(execution["finishedAt"].is_string());

    let path = format!("{EXECUTIONS}/{id}/steps");
    let steps = client.get(&path).await.json(200);
    assert_eq!(each(steps["data"].as_array().unwrap(), "stepId"), ["split", "note", "note"]);
    assert_eq!((&steps["data"][1]["message"], &steps["meta"]), (&json!("a"), &json!({ "next": null })));
    let first = client.get(&format!("{path}?limit=2")).await.json(200);
    assert_eq!(first["meta"], json!({ "next": 2 }));
    let rest = client.get(&format!("{path}?after=2")).await.json(200);
    assert_eq!(rest["data"][0], steps["data"][2]);
    client.get(&format!("{path}?limit=101")).await.error(400, "bad_request");
    client.get(&format!("{path}?after=-1")).await.error(400, "bad_request");
    client.get(&format!("{EXECUTIONS}/{UNKNOWN}")).await.error(404, "not_found");
    client.get(&format!("{EXECUTIONS}/nonsense/steps")).await.error(404, "not_found");
}

#[tokio::test]
async fn executions_are_listed_in_pages_and_filtered() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let (noting, waiting) =
        (flow_of(client, "Noting", noting()).await, flow_of(client, "Waiting", waiting()).await);
    let done = run(&people, &noting, json!({ "text": "a" })).await;
    becomes(client, &done, "succeeded").await;
    let failed = run(&people, &noting, json!({})).await;
    becomes(client, &failed, "failed").await;
    let running = run(&people, &waiting, json!({})).await;

    let all = [running.clone(), failed.clone(), done.clone()];
    assert_eq!(list(client, "").await, all, "the newest is first");
    let page = client.get(&format!("{EXECUTIONS}?page[size]=2&page[number]=2")).await.json(200);
    assert_eq!(page["meta"], json!({ "total": 3, "page": 2, "perPage": 2, "totalPages": 2 }));
    assert_eq!(each(page["data"].as_array().unwrap(), "id"), std::slice::from_ref(&done));
    assert_eq!(client.get("/api/v1/icenter/executions?meta=true").await.json(200)["meta"]["total"], 3);
    for (query, found) in [
        ("filter[status]=succeeded".to_owned(), vec![&done]),
        ("filter%5Bstatus%5D=running".to_owned(), vec![&running]),
        (format!("filter[flowId]={}", text(&noting, "id")), vec![&failed, &done]),
        (format!("filter[flowId]={UNKNOWN}"), vec![]),
        ("filter[flowId]=nonsense".to_owned(), vec![]),
        (format!("filter[user]={UNKNOWN}"), vec![]),
        ("filter[user]=nonsense".to_owned(), vec![]),
    ] {
        assert_eq!(list(client, &query).await.iter().collect::<Vec<_>>(), found, "{query}");
    }
    for broken in ["filter[status]=done", "filter[state]=failed", "page[size]=101", "status=failed"] {
        client.get(&format!("{EXECUTIONS}?{broken}")).await.error(400, "bad_request");
    }
}

#[tokio::test]
async fn executions_are_counted_by_user_flow_and_component() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let colleague = super::manager(&people, "colleague@acme.example", &tenant).await;
    let often = flow_of(&manager.client, "Often", noting()).await;
    let seldom = flow_of(&colleague.client, "Seldom", waiting()).await;
    for flow in [&often, &often, &seldom] {
        run(&people, flow, json!({ "text": "a" })).await;
    }
    let count = async |query: &str| manager.client.get(&format!("{EXECUTIONS}?{query}")).await.json(200);
    let entry = |id: &Value, executions: i64, others: Value| {
        let entry = json!({ "_id": id, "name": null, "user": null, "username": null, "tenant": tenant,
            "allFlows": 1, "executions": executions });
        with(entry, others)
    };
    let of = |person: &crate::people::Person| json!({ "user": person.id, "username": person.username });

    let by_user = count("groupby=user").await;
    let expected =
        [entry(&json!(manager.id), 2, of(&manager)), entry(&json!(colleague.id), 1, of(&colleague))];
    assert_eq!(by_user, json!({ "data": expected, "meta": { "total": 2 } }));
    let named = |person: &crate::people::Person, name: &str| with(of(person), json!({ "name": name }));
    let expected = [
        entry(&often["id"], 2, named(&manager, "Often")),
        entry(&seldom["id"], 1, named(&colleague, "Seldom")),
    ];
    assert_eq!(count("groupby=flow").await["data"], json!(expected));
    let expected = [entry(&json!("log"), 2, json!({})), entry(&json!("time"), 1, json!({}))];
    assert_eq!(count("groupby=component").await["data"], json!(expected));
    assert_eq!(count("groupby=flow&start=2020-01-01&end=2020-12-31").await["data"], json!([]));
    for broken in [
        "start=2020-01-01",
        "groupby=tenant",
        "groupby=flow&start=yesterday",
        "groupby=flow&start=2020-01-02&end=2020-01-01",
        "groupby=flow&start=2019-01-01&end=2020-12-31",
    ] {
        manager.client.get(&format!("{EXECUTIONS}?{broken}")).await.error(400, "bad_request");
    }
}

#[tokio::test]
async fn an_execution_is_cancelled_and_tried_again() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let flow = flow_of(client, "Waiting", waiting()).await;
    let id = run(&people, &flow, json!({})).await;
    let (cancel, retry) = (format!("{EXECUTIONS}/{id}/cancel"), format!("{EXECUTIONS}/{id}/retry"));
    client.send("POST", &retry, None).await.error(409, "conflict");
    let cancelled = client.send("POST", &cancel, None).await.json(200);
    assert_eq!((&cancelled["data"]["status"], &cancelled["meta"]), (&json!("cancelled"), &json!({})));
    let details = client.send("POST", &cancel, None).await.error(409, "conflict");
    assert_eq!(details["reason"], "finished");

    let again = client.send("POST", &retry, None).await.json(200);
    assert_eq!(again["data"]["status"], "running");
    client.send("POST", &cancel, None).await.json(200);
    client.send("POST", &format!("{}/stop", path_of(&flow)), None).await.is(200);
    soon(async || super::get_flow(client, &flow).await["status"] == "inactive").await;
    let reply = client.send("POST", &retry, None).await;
    assert_eq!(reply.body["errors"][0]["code"], 409);
    assert_eq!(reply.error(409, "conflict")["current_status"], "inactive");
}

#[tokio::test]
async fn a_step_that_failed_is_tried_again() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let flow = flow_of(client, "Noting", noting()).await;
    let id = run(&people, &flow, json!({})).await;
    becomes(client, &id, "failed").await;
    assert_eq!(get(client, &id).await["errors"], 1);
    client.send("POST", &format!("{EXECUTIONS}/{id}/retry"), None).await.json(200);
    becomes(client, &id, "failed").await;
    assert_eq!(get(client, &id).await["errors"], 1, "the first failure no longer counts");
}

#[tokio::test]
async fn others_see_no_executions_of_private_flows() {
    let people = People::new().await;
    let (tenant, owner) = acme(&people).await;
    let colleague = manager(&people, "colleague@acme.example", &tenant).await;
    let elsewhere = people.tenant("elsewhere").await;
    let stranger = manager(&people, "stranger@example.com", &elsewhere).await;
    let body = json!({ "graph": { "nodes": waiting() }, "trigger": { "type": "webhook" },
        "owners": [{ "id": owner.id, "type": "user" }] });
    let flow = create_flow(&owner.client, new_flow("Private", body)).await;
    activate(&owner.client, &flow).await;
    let id = run(&people, &flow, json!({})).await;
    for (client, sees) in [
        (&owner.client, true),
        (&colleague.client, false),
        (&stranger.client, false),
        (&people.administrator, true),
    ] {
        assert_eq!(!list(client, "").await.is_empty(), sees);
        let reply = client.get(&format!("{EXECUTIONS}/{id}")).await;
        if sees {
            reply.json(200)
        } else {
            reply.error(404, "not_found")
        };
        let counted = client.get(&format!("{EXECUTIONS}?groupby=flow")).await.json(200);
        assert_eq!(counted["meta"]["total"], i32::from(sees));
        if !sees {
            client.send("POST", &format!("{EXECUTIONS}/{id}/cancel"), None).await.error(404, "not_found");
        }
    }
    let reader = people.with_permissions("reader@acme.example", Some(&tenant), &["flows.read"]).await;
    let details =
        reader.client.send("POST", &format!("{EXECUTIONS}/{id}/cancel"), None).await.error(403, "forbidden");
    assert_eq!(details["required_scope"], PERMISSIONS[2]);
}
