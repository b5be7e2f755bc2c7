//! Samples of workflows and their templates.

use denizen_domain::{
    Actor, EventPosition, Expression, Json, TemplateStatus, Trigger, WebhookAccess, Workflow,
    WorkflowDefinition, WorkflowKind, WorkflowOwner, WorkflowSettings, WorkflowStatus, WorkflowTemplate,
};
use serde_json::json;

use super::{ACCOUNT, Sampled, TEMPLATE, WORKFLOW, WORKSPACE, before, later, now};

/// Returns a definition with every optional field.
fn definition() -> WorkflowDefinition {
    let graph = json!({
        "nodes": [{
            "id": "tell", "componentId": "http", "function": "request",
            "fields": { "method": "POST", "url": "https://crm.example.com/people", "body": "=event.data" },
        }],
        "edges": [],
    });
    WorkflowDefinition {
        name: "Tell the CRM".to_owned(),
        description: "Tells the CRM of new users.".to_owned(),
        kind: WorkflowKind::Ordinary,
        graph: Json::from(graph),
        trigger: Trigger::Event {
            events: vec!["external_user.created".to_owned()],
            filter: Expression::parse("event.data.email != null").ok(),
        },
        settings: WorkflowSettings {
            concurrency: 10,
            is_ordered_by_user: true,
            webhook: WebhookAccess {
                header: WorkflowSettings::DEFAULT_HEADER.to_owned(),
                ..Default::default()
            },
        },
    }
}

impl Sampled for Workflow {
    fn full() -> Self {
        Self {
            id: WORKFLOW,
            workspace_id: WORKSPACE,
            definition: definition(),
            status: WorkflowStatus::Active,
            maker: Actor::Account(ACCOUNT),
            owners: vec![WorkflowOwner::Account(ACCOUNT), WorkflowOwner::Workspace(WORKSPACE)],
            template_id: Some(TEMPLATE),
            events_after: EventPosition::from_stored(4_700),
            next_run_at: Some(later()),
            created_at: before(),
            updated_at: now(),
            version: 3,
        }
    }

    fn empty() -> Self {
        let definition = WorkflowDefinition {
            description: String::new(),
            trigger: Trigger::Manual,
            settings: WorkflowSettings::default(),
            ..definition()
        };
        Self { definition, owners: Vec::new(), template_id: None, next_run_at: None, ..Self::full() }
    }

    fn earlier() -> Self {
        Self { status: WorkflowStatus::Starting, version: 2, ..Self::usual() }
    }
}

impl Sampled for WorkflowTemplate {
    fn full() -> Self {
        Self {
            id: TEMPLATE,
            workspace_id: WORKSPACE,
            definition: definition(),
            status: TemplateStatus::Published,
            tags: vec!["crm".to_owned()],
            created_at: before(),
            updated_at: now(),
            version: 2,
        }
    }

    fn empty() -> Self {
        Self { definition: Workflow::empty().definition, tags: Vec::new(), ..Self::full() }
    }

    fn earlier() -> Self {
        Self { status: TemplateStatus::Draft, version: 1, ..Self::usual() }
    }
}
