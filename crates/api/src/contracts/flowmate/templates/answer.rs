//! Templates in responses.

use denizen_domain::{Json, TemplateStatus, WorkflowDefinition, WorkflowKind, WorkflowTemplate};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// A definition of which flows are made. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Template, example = samples::template)]
pub(crate) struct TemplateAnswer {
    /// Its id, a UUID v4.
    id: Uuid,
    /// Same as `id`.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// Its name.
    name: String,
    /// What it is for; may be empty.
    description: String,
    /// How long its flows are meant to be at work: `ordinary` or `long_running`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "ordinary")]
    kind: WorkflowKind,
    /// Whether it is meant for others: `published` or `draft`.
    #[schema(value_type = String, example = "published")]
    status: TemplateStatus,
    /// The steps of its flows, as they were given.
    #[schema(value_type = HashMap<String, Value>)]
    graph: Json,
    /// The pattern of its schedule; null if it has none.
    #[schema(required)]
    cron: Option<String>,
    /// What starts its flows.
    #[schema(value_type = HashMap<String, Value>)]
    trigger: Json,
    /// How its flows run, without the secret of signatures.
    #[schema(value_type = HashMap<String, Value>)]
    flow_settings: Json,
    /// Words by which it is found.
    tags: Vec<String>,
    /// The workspace that it belongs to.
    tenant: Uuid,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl TemplateAnswer {
    /// Shows a template, to those who may not change it without the credentials in its steps.
    pub(super) fn shown(template: WorkflowTemplate, may_change: bool) -> Self {
        if may_change {
            return Self::from(template);
        }
        let definition = template.definition.clone().without_credentials();
        Self::from(WorkflowTemplate { definition, ..template })
    }
}

impl From<WorkflowTemplate> for TemplateAnswer {
    fn from(template: WorkflowTemplate) -> Self {
        let WorkflowTemplate {
            id,
            workspace_id,
            definition,
            status,
            tags,
            created_at,
            updated_at,
            version: _,
        } = template;
        let WorkflowDefinition { name, description, kind, graph, trigger, settings } = definition;
        Self {
            id: id.as_uuid(),
            same_id: id.as_uuid(),
            name,
            description,
            kind,
            status,
            graph,
            cron: trigger.cron().map(str::to_owned),
            trigger: trigger.to_json(),
            flow_settings: settings.to_json(),
            tags,
            tenant: workspace_id.as_uuid(),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}
