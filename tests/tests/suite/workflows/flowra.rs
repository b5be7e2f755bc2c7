//! Flowra's workflows: `/api/v1/workflow/manager`.

use denizen_tests::{Client, TestServer, Value, json};

use super::graph;
use crate::support::{ALL_SCOPES, create, each, keys, soon, text, with};

const MANAGER: &str = "/api/v1/workflow/manager";
const UNKNOWN: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// A client whose key may do everything.
async fn manager(server: &TestServer) -> Client {
    server.flowra().with_key(&server.new_key(&ALL_SCOPES).await)
}

/// A graph that passes on the input, with the name of the user.
fn greeting() -> Value {
    json!({ "nodes": [{ "id": "greet", "componentId": "data", "function": "map",
        "fields": { "got": "=data", "given": "=trigger.input", "user": "=user" } }] })
}

async fn make(client: &Client, name: &str, graph: Value) -> Value {
    let body = json!({ "name": name, "graph": graph, "trigger": { "type": "manual" } });
    client.post(&format!("{MANAGER}/create"), body).await.json(200)["data"].take()
}

/// The path of an operation on a workflow.
fn path(operation: &str, workflow: &Value) -> String {
    format!("{MANAGER}/{operation}/{}", text(workflow, "id"))
}

async fn set_active(client: &Client, workflow: &Value, is_active: bool) {
    let body = json!({ "isActive": is_active });
    client.put(&path("activeStatus", workflow), body).await.json(200);
    let status = if is_active { "active" } else { "inactive" };
    soon(async || client.get(&path("detail", workflow)).await.json(200)["data"]["status"] == status).await;
}

async fn active(client: &Client, name: &str, graph: Value) -> Value {
    let workflow = make(client, name, graph).await;
    set_active(client, &workflow, true).await;
    workflow
}

#[tokio::test]
async fn a_workflow_is_created_changed_and_deleted() {
    let server = TestServer::start().await;
    let client = manager(&server).await;
    let reply = client
        .post(&format!("{MANAGER}/create"), json!({ "name": "Greet", "graph": greeting() }))
        .await
        .json(200);
    assert_eq!(keys(&reply), ["data", "message", "success"]);
    assert_eq!(reply["success"], true);
    let workflow = &reply["data"];
    assert_eq!(workflow["owners"], json!([{ "id": server.workspace.id, "type": "tenant" }]));
    assert_eq!((&workflow["status"], &workflow["trigger"]["type"]), (&json!("inactive"), &json!("webhook")));
    assert_eq!(&client.get(&path("detail", workflow)).await.json(200)["data"], workflow);

    let changed =
        client.put(&path("update", workflow), json!({ "description": "Says hello" })).await.json(200);
    assert_eq!(
        (&changed["data"]["name"], &changed["data"]["description"]),
        (&json!("Greet"), &json!("Says hello"))
    );
    set_active(&client, workflow, true).await;
    client.put(&path("update", workflow), json!({ "name": "x" })).await.error(409, "conflict");
    client.delete(&path("delete", workflow)).await.error(409, "conflict");
    set_active(&client, workflow, false).await;
    let deleted = client.delete(&path("delete", workflow)).await.json(200);
    assert_eq!(deleted, json!({ "success": true, "message": "Workflow deleted.", "data": null }));
    client.get(&path("detail", workflow)).await.error(404, "not_found");
    client.delete(&path("delete", workflow)).await.error(404, "not_found");
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_workflow_is_told_at_once() {
    let server = TestServer::start().await;
    let client = manager(&server).await;
    let body = json!({ "graph": { "nodes": [] }, "cron": "x", "status": "active", "tenant": UNKNOWN });
    let broken =
        client.post(&format!("{MANAGER}/create"), body).await.broken_fields(422, "validation_failed");
    for field in ["name", "graph.nodes", "cron", "status", "tenant"] {
        assert!(broken.iter().any(|broken| broken == field), "{field} is not in {broken:?}");
    }
    client.post(&format!("{MANAGER}/create"), json!([])).await.error(400, "bad_request");
}

#[tokio::test]
async fn workflows_are_listed_in_pages() {
    let server = TestServer::start().await;
    let client = manager(&server).await;
    for name in ["One", "Two", "Three"] {
        make(&client, name, graph()).await;
    }
    let path = format!("{MANAGER}/list");
    let all = client.get(&path).await.json(200);
    assert_eq!(each(all["data"].as_array().unwrap(), "name"), ["Three", "Two", "One"]);
    let page = client.get(&format!("{path}?page=2&limit=2")).await.json(200);
    assert_eq!(each(page["data"].as_array().unwrap(), "name"), ["One"]);
    let place = ["total", "page", "limit", "totalPages"].map(|key| page[key].as_i64().unwrap());
    assert_eq!(place, [3, 2, 2, 2]);
    assert_eq!((&page["hasNextPage"], &page["hasPreviousPage"]), (&json!(false), &json!(true)));
    let first = client.get(&format!("{path}?limit=2")).await.json(200);
    assert_eq!((&first["hasNextPage"], &first["hasPreviousPage"]), (&json!(true), &json!(false)));
    let found = client.get(&format!("{path}?search=TW&status=inactive")).await.json(200);
    assert_eq!(each(found["data"].as_array().unwrap(), "name"), ["Two"]);
    assert_eq!(client.get(&format!("{path}?status=active")).await.json(200)["total"], 0);
    for broken in ["page=0", "limit=101", "status=on", "pages=2"] {
        client.get(&format!("{path}?{broken}")).await.error(400, "bad_request");
    }
}

#[tokio::test]
async fn a_workflow_that_is_active_already_stays_so() {
    let server = TestServer::start().await;
    let client = manager(&server).await;
    let workflow = active(&client, "Busy", graph()).await;
    let path = path("activeStatus", &workflow);
    let again = client.put(&path, json!({ "isActive": true })).await.json(200);
    assert_eq!(again["data"]["status"], "active");
    set_active(&client, &workflow, false).await;
    let again = client.put(&path, json!({ "isActive": false })).await.json(200);
    assert_eq!(again["data"]["status"], "inactive");
    assert_eq!(client.put(&path, json!({})).await.broken_fields(422, "validation_failed"), ["isActive"]);
    client
        .put(&format!("{MANAGER}/activeStatus/{UNKNOWN}"), json!({ "isActive": true }))
        .await
        .error(404, "not_found");
}

#[tokio::test]
async fn a_workflow_runs_and_answers_with_its_output() {
    let server = TestServer::start().await;
    let client = manager(&server).await;
    let workflow = active(&client, "Greet", greeting()).await;
    let execute = path("execute", &workflow);
    let input = json!({ "plan": "pro" });
    let begun = client.post(&execute, json!({ "input": input })).await.json(200);
    assert_eq!((&begun["data"]["status"], &begun["data"]["output"]), (&json!("running"), &Value::Null));

    let done = client.post(&format!("{execute}?wait=20"), json!({ "input": input })).await.json(200);
    assert_eq!(done["data"]["status"], "succeeded", "{done:#}");
    assert_eq!(done["data"]["output"], json!({ "got": input, "given": input, "user": null }));
    assert_eq!(done["data"]["trigger"]["type"], "manual");
    let found = client.get(&format!("{MANAGER}/executions/{}", text(&done["data"], "id"))).await.json(200);
    assert_eq!(found["data"], done["data"]);
    let empty = client.send("POST", &format!("{execute}?wait=20"), None).await.json(200);
    assert_eq!(empty["data"]["output"]["got"], json!({}));

    client.post(&format!("{execute}?wait=61"), json!({})).await.error(400, "bad_request");
    client.post(&execute, json!([1])).await.error(400, "bad_request");
    client.post(&format!("{MANAGER}/execute/{UNKNOWN}"), json!({})).await.error(404, "not_found");
    set_active(&client, &workflow, false).await;
    assert_eq!(client.post(&execute, json!({})).await.error(409, "conflict")["reason"], "not_active");
}

#[tokio::test]
async fn a_workflow_runs_in_the_context_of_a_user() {
    let server = TestServer::start().await;
    let jane = create(&server, json!({ "identifier": "jane" })).await;
    let client = manager(&server).await;
    let workflow = active(&client, "Greet", greeting()).await;
    let execute = format!("{}?wait=20", path("execute", &workflow));
    let done = client.with("x-username", "jane").post(&execute, json!({})).await.json(200);
    assert_eq!(
        (&done["data"]["user"], &done["data"]["output"]["user"]["username"]),
        (&jane["id"], &json!("jane"))
    );
    let of_new = client.with("x-username", "joe").post(&execute, json!({})).await.json(200);
    let joe = client.get("/api/v1/external-users/username/joe").await.json(200);
    assert_eq!(of_new["data"]["user"], joe["id"]);

    let blind = server.flowra().with_key(&server.new_key(&["workflows:run"]).await);
    let details = blind.with("x-username", "joe").post(&execute, json!({})).await.error(403, "forbidden");
    assert_eq!(details["required_scope"], "external_users:read");
    let runner = server.new_key(&["workflows:run", "external_users:read"]).await;
    let runner = server.flowra().with_key(&runner);
    runner.with("x-username", "joe").post(&execute, json!({})).await.json(200);
    let details = runner.with("x-username", "new").post(&execute, json!({})).await.error(403, "forbidden");
    assert_eq!(details["required_scope"], "external_users:write");
    client
        .patch(&format!("/api/v1/external-users/{}", text(&joe, "id")), json!({ "blocked": true }))
        .await
        .is(200);
    let details = runner.with("x-username", "joe").post(&execute, json!({})).await.error(403, "forbidden");
    assert_eq!(details["reason"], "blocked");
    client.with("x-username", "").post(&execute, json!({})).await.error(400, "bad_request");
    client
        .with("x-username", "unborn")
        .post(&format!("{MANAGER}/execute/{UNKNOWN}"), json!({}))
        .await
        .error(404, "not_found");
    assert_eq!(client.get("/api/v1/external-users/username/unborn").await.json(200), Value::Null);
}

#[tokio::test]
async fn a_repeated_run_is_one() {
    let server = TestServer::start().await;
    let client = manager(&server).await;
    let workflow = active(&client, "Greet", greeting()).await;
    let keyed = client.with("idempotency-key", "order 7".replace(' ', "-").as_str());
    let first = keyed.post(&path("execute", &workflow), json!({})).await.json(200);
    let again = keyed.post(&path("execute", &workflow), json!({})).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.json(200), first);
    let list = client.get(&format!("{MANAGER}/executions")).await.json(200);
    assert_eq!(list["total"], 1);
}

#[tokio::test]
async fn executions_are_listed_and_summed_up() {
    let server = TestServer::start().await;
    let client = manager(&server).await;
    let (greet, idle) = (active(&client, "Greet", greeting()).await, active(&client, "Idle", graph()).await);
    let failing = json!({ "nodes": [{ "id": "fail", "componentId": "log", "function": "write",
        "fields": { "message": "=data.text" } }] });
    let failing = active(&client, "Fail", failing).await;
    for workflow in [&greet, &greet, &failing] {
        client.post(&format!("{}?wait=20", path("execute", workflow)), json!({})).await.json(200);
    }
    let total = async |query: &str| {
        client.get(&format!("{MANAGER}/{query}")).await.json(200)["total"].as_i64().unwrap()
    };
    let of = |workflow: &Value, rest: &str| format!("{}/{rest}", text(workflow, "id"));
    assert_eq!(total("executions").await, 3);
    assert_eq!(total("executions?status=failed").await, 1);
    assert_eq!(total(&format!("executions?workflowId={}", text(&greet, "id"))).await, 2);
    assert_eq!(total(&of(&greet, "executions")).await, 2);
    assert_eq!(total(&of(&greet, "executions?status=failed")).await, 0);
    let page = client.get(&format!("{MANAGER}/{}", of(&greet, "executions?limit=1"))).await.json(200);
    assert_eq!((&page["hasNextPage"], page["data"].as_array().unwrap().len()), (&json!(true), 1));
    client.get(&format!("{MANAGER}/executions?workflowId=x")).await.error(400, "bad_request");
    client.get(&format!("{MANAGER}/{UNKNOWN}/executions")).await.error(404, "not_found");

    let statistics = async |workflow: &Value| {
        client.get(&format!("{MANAGER}/{}", of(workflow, "statistics"))).await.json(200)["data"].take()
    };
    let counts = ["total", "running", "succeeded", "failed", "cancelled"];
    let counted = async |workflow: &Value| {
        let statistics = statistics(workflow).await;
        counts.map(|key| statistics[key].as_i64().unwrap())
    };
    assert_eq!(counted(&greet).await, [2, 0, 2, 0, 0]);
    assert_eq!(counted(&failing).await, [1, 0, 0, 1, 0]);
    assert_eq!(counted(&idle).await, [0; 5]);
    let of_greet = statistics(&greet).await;
    assert_eq!(of_greet["lastExecution"]["id"], page["data"][0]["id"]);
    assert!(of_greet["averageDuration"].is_u64());
    let of_idle = statistics(&idle).await;
    assert_eq!((&of_idle["lastExecution"], &of_idle["averageDuration"]), (&Value::Null, &Value::Null));
    client.get(&format!("{MANAGER}/{UNKNOWN}/statistics")).await.error(404, "not_found");
}

#[tokio::test]
async fn a_key_without_a_scheme_speaks_flowra_here_too() {
    let server = TestServer::start().await;
    let key = server.new_key(&ALL_SCOPES).await;
    let body = with(json!({ "name": "Greet" }), json!({ "graph": greeting() }));
    for client in [server.zaia(), server.flowra(), server.flowra_bearer()] {
        let made = client.with_key(&key).post(&format!("{MANAGER}/create"), body.clone()).await.json(200);
        assert_eq!(made["success"], true);
        let broken = client.with_key(&key).post(&format!("{MANAGER}/create"), json!({})).await;
        broken.error(422, "validation_failed");
    }
}
