//! What is recorded of workflows and their executions.

use crate::audit::{ObjectKind, Recorded};
use crate::primitives::{Json, JsonObject, Timestamp};
use crate::workflow::{Execution, Workflow, WorkflowDefinition, WorkflowOwner, WorkflowTemplate};

impl Recorded for Workflow {
    const KIND: ObjectKind = ObjectKind::Workflow;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            workspace_id: _,
            definition,
            status,
            maker,
            owners,
            template_id,
            events_after: _,
            next_run_at: _,
            created_at: _,
            updated_at: _,
            version,
        } = self;
        let owners: Vec<_> = owners
            .iter()
            .map(|owner| match owner {
                WorkflowOwner::Account(id) => format!("user:{id}"),
                WorkflowOwner::Workspace(id) => format!("tenant:{id}"),
            })
            .collect();
        let mut record = definition_record(definition);
        record.extend(record! {
            "status": status,
            "maker": maker.to_string(),
            "owners": owners,
            "fromTemplate": template_id,
            "version": version,
        });
        record
    }
}

impl Recorded for WorkflowTemplate {
    const KIND: ObjectKind = ObjectKind::WorkflowTemplate;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self { id: _, workspace_id: _, definition, status, tags, created_at: _, updated_at: _, version } =
            self;
        let mut record = definition_record(definition);
        record.extend(record! { "status": status, "tags": tags, "version": version });
        record
    }
}

/// The fields that workflows and templates share. The fields of steps may hold credentials for other systems, and so only
/// their functions are recorded; the version tells of every change.
fn definition_record(definition: &WorkflowDefinition) -> JsonObject {
    let WorkflowDefinition { name, description, kind, graph, trigger, settings } = definition;
    let steps = match graph {
        Json::Object(graph) => match graph.get("nodes") {
            Some(Json::Array(nodes)) => nodes.iter().map(step_record).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    record! {
        "name": name,
        "description": description,
        "type": kind,
        "steps": Json::Array(steps),
        "trigger": trigger.to_json(),
        "flowSettings": settings.to_json(),
    }
}

fn step_record(node: &Json) -> Json {
    let Json::Object(node) = node else { return Json::Null };
    let shown = |key: &str| (key.to_owned(), node.get(key).cloned().unwrap_or_default());
    Json::Object(JsonObject::from_iter(["id", "componentId", "function"].map(shown)))
}

impl Recorded for Execution {
    const KIND: ObjectKind = ObjectKind::Execution;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            workspace_id: _,
            workflow_id,
            user_id,
            ordered_by: _,
            state,
            trigger_kind,
            trigger: _,
            depth: _,
            counters: _,
            error: _,
            due_at: _,
            last_step: _,
            revision: _,
            created_at: _,
            updated_at: _,
            expires_at: _,
            finished_at: _,
        } = self;
        record! {
            "workflowId": workflow_id,
            "externalUserId": user_id,
            "status": state,
            "trigger": trigger_kind,
        }
    }
}
