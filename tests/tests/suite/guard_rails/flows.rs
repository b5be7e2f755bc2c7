//! One row for every operation of FlowMate's flows and executions: a valid request, the permission that allows it, and how the
//! administrator of another tenant is refused. Each row applies to `/api` and to `/api/v1`.

use denizen_tests::{Client, Reply, Value, is_on_postgres, json};

use super::document::Document;
use crate::people::People;
use crate::support::{text, with};
use crate::workflows::{PERMISSIONS, activate, create_flow, get_flow, graph, new_flow};

/// A row.
pub(super) struct FlowGuard {
    /// The operation, without its base.
    operation: &'static str,
    /// The permission, or none if any log-in is enough.
    permission: Option<&'static str>,
    /// The body of the request, as JSON. `<flow>`, `<template>` and `<execution>` are the victim's. They also replace the parameters of the
    /// path.
    body: Option<&'static str>,
    /// The status of the answer.
    status: u16,
    /// How the administrator of another tenant is refused.
    stranger: Stranger,
}

/// How the administrator of another tenant is refused.
#[derive(Debug, Clone, Copy)]
enum Stranger {
    /// 404, with this resource.
    NotFound(&'static str),
    /// An entry with the error 404.
    EntryNotFound,
    /// A list without the victim's objects, which others get with them.
    List,
    /// The caller's own data only.
    Own,
}

/// The bases of a row.
const BASES: [&str; 2] = ["/api", "/api/v1"];

const FLOW: Stranger = Stranger::NotFound("flow");
const TEMPLATE: Stranger = Stranger::NotFound("template");
const EXECUTION: Stranger = Stranger::NotFound("execution");
const CHANGE: &str = r#"{ "description": "Changed" }"#;
const NEW: &str = r#"{ "name": "New", "graph": { "nodes": [{ "id": "a", "componentId": "log", "function": "write",
    "fields": { "message": "hello" } }] } }"#;

const fn row(
    operation: &'static str,
    permission: &'static str,
    body: Option<&'static str>,
    status: u16,
    stranger: Stranger,
) -> FlowGuard {
    FlowGuard { operation, permission: Some(permission), body, status, stranger }
}

/// The rows.
#[rustfmt::skip]
const FLOW_GUARDS: [FlowGuard; 23] = [
    row("GET /flows", "flows.read", None, 200, Stranger::List),
    row("POST /flows", "flows.write", Some(NEW), 201, Stranger::Own),
    row("PATCH /flows/bulk", "flows.bulk", Some(r#"[{ "id": "<flow>", "name": "Changed" }]"#), 200, Stranger::EntryNotFound),
    row("POST /flows/multiple/start", "flows.control", Some(r#"["<flow>"]"#), 200, Stranger::EntryNotFound),
    row("POST /flows/multiple/stop", "flows.control", Some(r#"["<flow>"]"#), 200, Stranger::EntryNotFound),
    row("GET /flows/{id}", "flows.read", None, 200, FLOW),
    row("PATCH /flows/{id}", "flows.write", Some(CHANGE), 200, FLOW),
    row("DELETE /flows/{id}", "flows.write", None, 200, FLOW),
    row("POST /flows/{id}/start", "flows.control", None, 200, FLOW),
    row("POST /flows/{id}/stop", "flows.control", None, 200, FLOW),
    row("GET /templates", "templates.read", None, 200, Stranger::List),
    row("POST /templates", "templates.write", Some(NEW), 201, Stranger::Own),
    row("GET /templates/{id}", "templates.read", None, 200, TEMPLATE),
    row("PATCH /templates/{id}", "templates.write", Some(CHANGE), 200, TEMPLATE),
    row("DELETE /templates/{id}", "templates.write", None, 200, TEMPLATE),
    row("POST /templates/{id}/generate", "flows.write", Some("{}"), 201, TEMPLATE),
    row("GET /executions", "flows.read", None, 200, Stranger::List),
    row("GET /icenter/executions", "flows.read", None, 200, Stranger::List),
    row("GET /executions/{id}", "flows.read", None, 200, EXECUTION),
    row("GET /executions/{id}/steps", "flows.read", None, 200, EXECUTION),
    row("POST /executions/{id}/cancel", "flows.control", None, 200, EXECUTION),
    row("POST /executions/{id}/retry", "flows.control", None, 200, EXECUTION),
    FlowGuard { operation: "GET /components", permission: None, body: None, status: 200, stranger: Stranger::Own },
];

/// Every row with each of its bases.
pub(super) fn flow_guards() -> impl Iterator<Item = (&'static str, &'static FlowGuard)> {
    BASES.into_iter().flat_map(|base| FLOW_GUARDS.iter().map(move |guard| (base, guard)))
}

impl FlowGuard {
    /// The operation as the document names it.
    pub(super) fn operation(&self, base: &str) -> String {
        let (method, path) = self.operation.split_once(' ').unwrap();
        format!("{method} {base}{path}")
    }

    /// All permissions but those that allow it.
    fn all_others(&self) -> Vec<&'static str> {
        let all = crate::accounts::PERMISSIONS.into_iter();
        all.filter(|code| *code != "all" && Some(*code) != self.permission).collect()
    }

    #[track_caller]
    fn check_stranger(&self, reply: Reply, victim: &Victim, name: &str) {
        match self.stranger {
            Stranger::NotFound(resource) => {
                assert_eq!(reply.body["errors"][0]["code"], 404, "{name}");
                assert_eq!(reply.error(404, "not_found")["resource"], resource, "{name}");
            }
            Stranger::EntryNotFound => {
                let answer = reply.json(self.status);
                let entry = answer.get("data").unwrap_or(&answer)[0].clone();
                assert_eq!(entry["errors"][0]["code"], 404, "{name}: {entry:#}");
            }
            Stranger::List | Stranger::Own => {
                let own = reply.json(self.status);
                assert!(!own.to_string().contains(&victim.tenant), "{name}: {own:#}");
            }
        }
    }
}

/// A tenant with a flow and a template, and an execution if the request needs one.
struct Victim {
    tenant: String,
    manager: Client,
    flow: Value,
    template: Value,
    execution: Option<Value>,
}

impl Victim {
    async fn new(people: &People, name: &str) -> Self {
        let tenant = people.tenant(name).await;
        let manager = format!("manager@{tenant}.example");
        let manager = people.with_permissions(&manager, Some(&tenant), &PERMISSIONS).await.client;
        let flow = create_flow(&manager, new_flow("Theirs", json!({}))).await;
        let template = json!({ "name": "Theirs", "graph": graph() });
        let template = manager.post("/api/templates", template).await.json(201)["data"].take();
        Self { tenant, manager, flow, template, execution: None }
    }

    /// Begins an execution that goes on for long, of another flow.
    async fn run(&mut self, people: &People) -> String {
        let wait =
            json!({ "id": "wait", "componentId": "time", "function": "wait", "fields": { "for": "24h" } });
        let body = json!({ "graph": { "nodes": [wait] }, "trigger": { "type": "webhook" } });
        let flow = create_flow(&self.manager, new_flow("Waiting", body)).await;
        activate(&self.manager, &flow).await;
        let path = format!("/webhooks/{}", text(&flow, "id"));
        text(&people.server.anonymous().post(&path, json!({})).await.json(200)["data"], "requestId")
    }

    /// The same, with a flow that the request can stop if it does, and with an execution for it.
    async fn for_guard(people: &People, name: &str, guard: &FlowGuard) -> Self {
        let mut victim = Self::new(people, name).await;
        if guard.operation.ends_with("/stop") {
            activate(&victim.manager, &victim.flow).await;
            victim.flow = get_flow(&victim.manager, &victim.flow).await;
        }
        if guard.operation.contains("/executions") {
            let path = format!("/api/executions/{}", victim.run(people).await);
            if guard.operation.ends_with("/retry") {
                victim.manager.send("POST", &format!("{path}/cancel"), None).await.is(200);
            }
            victim.execution = Some(victim.manager.get(&path).await.json(200)["data"].take());
        }
        victim
    }

    /// A path or body of the table, filled in for the victim.
    fn fill(&self, template: &str) -> String {
        let parameter = match template.split('/').nth(1) {
            Some("flows") => "<flow>",
            Some("executions") => "<execution>",
            _ => "<template>",
        };
        let execution = self.execution.as_ref().map(|execution| text(execution, "id"));
        template
            .replace("{id}", parameter)
            .replace("<execution>", &execution.unwrap_or_default())
            .replace("<flow>", &text(&self.flow, "id"))
            .replace("<template>", &text(&self.template, "id"))
    }

    async fn is_unchanged(&self, name: &str) {
        assert_eq!(get_flow(&self.manager, &self.flow).await, self.flow, "{name}");
        let template = format!("/api/templates/{}", text(&self.template, "id"));
        assert_eq!(self.manager.get(&template).await.json(200)["data"], self.template, "{name}");
        if let Some(execution) = &self.execution {
            let path = format!("/api/executions/{}", text(execution, "id"));
            let now = self.manager.get(&path).await.json(200)["data"].take();
            assert_eq!(now["status"], execution["status"], "{name}");
        }
    }
}

/// Sends the request of a row, and asserts that the document describes the answer.
async fn send(
    document: &Document,
    (base, guard): (&str, &FlowGuard),
    client: &Client,
    victim: &Victim,
) -> Reply {
    let (method, path) = guard.operation.split_once(' ').unwrap();
    let body = guard.body.map(|body| victim.fill(body).parse().unwrap());
    let reply = client.send(method, &format!("{base}{}", victim.fill(path)), body).await;
    document.describes(method, &format!("{base}{path}"), &reply);
    reply
}

#[tokio::test]
async fn every_operation_of_flows_is_guarded() {
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    let elsewhere = people.tenant("elsewhere").await;
    let stranger = people.tenant_admin("stranger@example.com", &elsewhere).await;
    for (index, row) in flow_guards().enumerate() {
        let (base, guard) = row;
        let name = guard.operation(base);
        let victim = Victim::for_guard(&people, &format!("victim {index}"), guard).await;

        let reply = send(&document, row, &people.server.anonymous(), &victim).await;
        assert_eq!(reply.body["errors"][0]["code"], 401, "{name}");
        reply.error(401, "unauthenticated");
        let a_key = send(&document, row, &people.server.zaia(), &victim).await;
        assert!(matches!(a_key.status, 401 | 403), "{name}: a key is not a log-in:\n{a_key}");
        if let Some(permission) = guard.permission {
            let username = format!("others-{index}@example.com");
            let lacking = people.with_permissions(&username, Some(&victim.tenant), &guard.all_others()).await;
            let details = send(&document, row, &lacking.client, &victim).await.error(403, "forbidden");
            assert_eq!(details, json!({ "required_scope": permission }), "{name}");
        }
        let reply = send(&document, row, &stranger.client, &victim).await;
        guard.check_stranger(reply, &victim, &name);
        victim.is_unchanged(&name).await;

        // The refused request was valid: it succeeds with the permission.
        let permitted: Vec<_> = guard.permission.into_iter().collect();
        let username = format!("permitted-{index}@example.com");
        let permitted = people.with_permissions(&username, Some(&victim.tenant), &permitted).await;
        let reply = send(&document, row, &permitted.client, &victim).await;
        assert_eq!(reply.status, guard.status, "{name} fails\n{reply}");
        assert!(!reply.text.contains("\"errors\":["), "{name} fails\n{reply}");
        let is_list = matches!(guard.stranger, Stranger::List);
        assert!(!is_list || reply.text.contains(&victim.tenant), "{name} lists nothing:\n{reply}");
    }
}

/// The operations whose rows have a body.
pub(super) fn operations_with_bodies() -> Vec<String> {
    let with_body = FLOW_GUARDS.iter().filter(|guard| guard.body.is_some());
    with_body.map(|guard| guard.operation("/api")).collect()
}

#[tokio::test]
async fn every_answer_about_flows_names_the_fields_that_are_ignored() {
    if is_on_postgres() {
        return;
    }
    let people = People::new().await;
    for (index, guard) in FLOW_GUARDS.iter().enumerate() {
        let Some(body) = guard.body else { continue };
        let victim = Victim::for_guard(&people, &format!("lenient {index}"), guard).await;
        let unknown = json!({ "unheardOf": 1, "createdAt": "2024-01-15" });
        let (body, ignored) = match victim.fill(body).parse().unwrap() {
            body @ Value::Object(_) => (with(body, unknown), "unheardOf"),
            Value::Array(entries) if entries[0].is_object() => {
                (json!([with(entries[0].clone(), unknown)]), "[0].unheardOf")
            }
            _ => continue, // Ids have no fields.
        };
        let (method, path) = guard.operation.split_once(' ').unwrap();
        let path = format!("/api{}", victim.fill(path));
        let reply = victim.manager.send(method, &path, Some(body)).await.is(guard.status);
        assert_eq!(reply.header("x-ignored-fields"), Some(ignored), "{}", guard.operation);
        assert!(!reply.text.contains("unheardOf"), "{reply}");
    }
}

#[tokio::test]
async fn documents_the_required_permission_of_flows() {
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    for (base, guard) in flow_guards() {
        let (method, path) = guard.operation.split_once(' ').unwrap();
        let path = format!("{base}{path}");
        assert_eq!(document.schemes(method, &path), ["account_token", "session_cookie"], "{method} {path}");
        let permission: Vec<_> = guard.permission.into_iter().collect();
        document.requires(method, &path, &permission);
    }
}

#[tokio::test]
async fn every_example_of_flows_works() {
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    let mut shown = 0;
    for (index, (base, guard)) in flow_guards().enumerate() {
        let (method, path) = guard.operation.split_once(' ').unwrap();
        for example in document.body_examples(method, &format!("{base}{path}")) {
            shown += 1;
            let victim = Victim::for_guard(&people, &format!("example {index}"), guard).await;
            let body = with_id(example, &victim.flow["id"]);
            let path = format!("{base}{}", victim.fill(path));
            let reply = victim.manager.send(method, &path, Some(body)).await;
            assert_eq!(reply.status, guard.status, "{}'s example:\n{reply}", guard.operation(base));
            assert!(!reply.text.contains("\"errors\""), "{}'s example:\n{reply}", guard.operation(base));
        }
    }
    let bodies = FLOW_GUARDS.iter().filter(|guard| guard.body.is_some()).count();
    assert_eq!(shown, 2 * (bodies + 1), "a new flow has two forms");
}

/// An example about a flow, with the id of one that exists.
fn with_id(example: Value, id: &Value) -> Value {
    match example {
        Value::String(_) => id.clone(),
        Value::Array(entries) => entries.into_iter().map(|entry| with_id(entry, id)).collect(),
        Value::Object(_) if example.get("id").is_some() => with(example, json!({ "id": id })),
        other => other,
    }
}
