//! Executions of workflows: what their steps do, what starts them, in whose name they act, and what ends them.

mod commands;
mod documents;
mod requests;
mod rights;
mod steps;
mod triggers;

use denizen_tests::{Client, TestServer, Value, json};

use crate::support::{ALL_SCOPES, soon, text, with};

const PATH: &str = "/api/v1/workflow/manager";

/// A client whose key may do everything.
async fn manager(server: &TestServer) -> Client {
    server.flowra().with_key(&server.new_key(&ALL_SCOPES).await)
}

/// A node of a graph.
pub(crate) fn node(id: &str, function: &str, fields: Value) -> Value {
    let (component, function) = function.split_once('.').unwrap();
    let mut node = json!({ "id": id, "componentId": component, "function": function });
    node["fields"] = fields;
    node
}

/// A graph whose nodes follow one another.
pub(crate) fn chain(nodes: &[Value]) -> Value {
    let edges: Vec<_> =
        nodes.windows(2).map(|pair| json!({ "source": pair[0]["id"], "target": pair[1]["id"] })).collect();
    json!({ "nodes": nodes, "edges": edges })
}

/// An active workflow.
pub(crate) struct Workflow {
    manager: Client,
    pub(crate) id: String,
}

impl Workflow {
    /// Creates one that is started by hand only.
    pub(crate) async fn new(manager: &Client, graph: Value) -> Self {
        Self::with(manager, graph, json!({ "trigger": { "type": "manual" } })).await
    }

    /// Creates one with these settings.
    async fn with(manager: &Client, graph: Value, settings: Value) -> Self {
        Self::of(manager, &with(json!({ "name": "Test", "graph": graph }), settings)).await
    }

    /// Creates the one of a document.
    async fn of(manager: &Client, body: &Value) -> Self {
        let created = manager.post(&format!("{PATH}/create"), body.clone()).await.json(200);
        let workflow = Self { manager: manager.clone(), id: text(&created["data"], "id") };
        workflow.set_active(true).await;
        workflow
    }

    /// Starts or stops it, and waits until that is done.
    async fn set_active(&self, is_active: bool) {
        self.manager
            .put(&format!("{PATH}/activeStatus/{}", self.id), json!({ "isActive": is_active }))
            .await
            .json(200);
        let status = if is_active { "active" } else { "inactive" };
        soon(async || self.get().await["status"] == status).await;
    }

    async fn get(&self) -> Value {
        self.manager.get(&format!("{PATH}/detail/{}", self.id)).await.json(200)["data"].clone()
    }

    /// Runs it, and returns the execution at its end.
    async fn run(&self, input: Value) -> Value {
        self.run_for(None, input).await
    }

    /// Runs it in the name of an external user.
    pub(crate) async fn run_for(&self, username: Option<&str>, input: Value) -> Value {
        let client = match username {
            Some(username) => self.manager.with("x-username", username),
            None => self.manager.clone(),
        };
        let path = format!("{PATH}/execute/{}?wait=30", self.id);
        client.post(&path, json!({ "input": input })).await.json(200)["data"].clone()
    }

    /// Begins an execution, and returns its id.
    async fn begin(&self, input: Value) -> String {
        let path = format!("{PATH}/execute/{}", self.id);
        let begun = self.manager.post(&path, json!({ "input": input })).await.json(200);
        text(&begun["data"], "id")
    }

    /// Its executions, newest first.
    async fn executions(&self) -> Vec<Value> {
        let list = self.manager.get(&format!("{PATH}/{}/executions?limit=100", self.id)).await.json(200);
        list["data"].as_array().unwrap().clone()
    }

    async fn execution(&self, id: &str) -> Value {
        self.manager.get(&format!("{PATH}/executions/{id}")).await.json(200)["data"].clone()
    }

    /// Waits until it has so many executions that have ended, and returns them, newest first.
    async fn ended(&self, count: usize) -> Vec<Value> {
        let is_over = async || {
            let executions = self.executions().await;
            executions.len() == count && executions.iter().all(|execution| execution["status"] != "running")
        };
        soon(is_over).await;
        self.executions().await
    }

    /// Waits until an execution has a status.
    pub(crate) async fn until(&self, execution: &str, status: &str) -> Value {
        soon(async || self.execution(execution).await["status"] == status).await;
        self.execution(execution).await
    }
}

/// The steps of an execution, as an administrator sees them.
async fn steps_of(server: &TestServer, execution: &Value) -> Vec<Value> {
    let client = server.as_administrator().await;
    let path = format!("/api/executions/{}/steps?limit=100", text(execution, "id"));
    client.get(&path).await.json(200)["data"].as_array().unwrap().clone()
}

/// The only step of a node.
pub(crate) async fn step_of(server: &TestServer, execution: &Value, node: &str) -> Value {
    let mut steps = steps_of(server, execution).await;
    steps.retain(|step| step["stepId"] == node);
    assert_eq!(steps.len(), 1, "{steps:#?}");
    steps.remove(0)
}
