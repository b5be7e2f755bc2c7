//! FlowMate's flows: `/api/flows`, `/api/templates` and `/api/components`.

mod bulk;
mod changes;
mod components;
mod control;
mod executions;
mod faults;
mod flowra;
mod incoming;
mod lists;
mod ownership;
mod templates;

use denizen_tests::{Client, Value, json};

use crate::people::{People, Person};
use crate::support::{soon, text, with};

const FLOWS: &str = "/api/flows";
const NOBODY: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// All permissions of flows and templates.
pub(crate) const PERMISSIONS: [&str; 6] =
    ["flows.read", "flows.write", "flows.control", "flows.bulk", "templates.read", "templates.write"];

/// A graph with one step, which writes a line into the log.
pub(crate) fn graph() -> Value {
    json!({ "nodes": [log("note")], "edges": [] })
}

/// A node that writes a line into the log.
fn log(id: &str) -> Value {
    json!({ "id": id, "componentId": "log", "function": "write", "fields": { "message": "hello" } })
}

/// The body of a new flow with this name, which a person starts, and these further keys.
pub(crate) fn new_flow(name: &str, others: Value) -> Value {
    with(json!({ "name": name, "graph": graph(), "trigger": { "type": "manual" } }), others)
}

/// Someone with all permissions of flows in a tenant.
async fn manager(people: &People, username: &str, tenant: &str) -> Person {
    people.with_permissions(username, Some(tenant), &PERMISSIONS).await
}

/// A tenant of the name `Acme`, and someone with all permissions of flows there.
async fn acme(people: &People) -> (String, Person) {
    let tenant = people.tenant("Acme").await;
    let manager = manager(people, "manager@acme.example", &tenant).await;
    (tenant, manager)
}

/// Creates a flow, and returns it.
pub(crate) async fn create_flow(client: &Client, body: Value) -> Value {
    client.post(FLOWS, body).await.json(201)["data"].take()
}

/// The path of a flow.
pub(crate) fn path_of(flow: &Value) -> String {
    format!("{FLOWS}/{}", text(flow, "id"))
}

/// A flow as it is now.
pub(crate) async fn get_flow(client: &Client, flow: &Value) -> Value {
    client.get(&path_of(flow)).await.json(200)["data"].take()
}

/// Starts a flow, and waits until it is active.
pub(crate) async fn activate(client: &Client, flow: &Value) {
    let answer = client.send("POST", &format!("{}/start", path_of(flow)), None).await.json(200);
    assert_eq!(answer["data"]["status"], "starting");
    becomes(client, flow, "active").await;
}

/// Waits until a flow has a status.
async fn becomes(client: &Client, flow: &Value, status: &str) {
    soon(async || get_flow(client, flow).await["status"] == status).await;
}
