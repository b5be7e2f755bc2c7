//! The rows of workflows and templates.

use denizen_domain::{
    Error, EventPosition, Json, Result, Trigger, Workflow, WorkflowDefinition, WorkflowOwner,
    WorkflowSettings, WorkflowTemplate, fold,
};
use diesel::prelude::*;

use crate::connection::broken_row;
use crate::schema::{workflow_templates, workflows};
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = workflows, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(primary_key(workspace_id, id))]
pub(super) struct WorkflowRow {
    workspace_id: StoredUuid,
    pub(super) id: StoredUuid,
    name: String,
    name_folded: String,
    searchable: String,
    description: String,
    kind: String,
    status: String,
    graph: String,
    trigger_kind: String,
    trigger: String,
    settings: String,
    maker: String,
    template_id: Option<StoredUuid>,
    events_after: i64,
    next_run_at: Option<StoredTime>,
    created_at: StoredTime,
    updated_at: StoredTime,
    version: i64,
}

impl From<&Workflow> for WorkflowRow {
    fn from(workflow: &Workflow) -> Self {
        let Workflow {
            id,
            workspace_id,
            definition,
            status,
            maker,
            owners: _,
            template_id,
            events_after,
            next_run_at,
            created_at,
            updated_at,
            version,
        } = workflow;
        let WorkflowDefinition { name, description, kind, graph, trigger, settings } = definition;
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            name: name.clone(),
            name_folded: fold(name),
            searchable: definition.searchable_text(),
            description: description.clone(),
            kind: kind.to_string(),
            status: status.to_string(),
            graph: graph.to_string(),
            trigger_kind: trigger.kind().to_string(),
            trigger: trigger.to_json().to_string(),
            settings: settings.to_stored().to_string(),
            maker: maker.to_string(),
            template_id: template_id.map(Into::into),
            events_after: events_after.as_i64(),
            next_run_at: next_run_at.map(Into::into),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            version: *version,
        }
    }
}

impl WorkflowRow {
    /// Returns the workflow of the row, with its owners.
    pub(super) fn with(self, owners: Vec<WorkflowOwner>) -> Result<Workflow> {
        let Self {
            workspace_id,
            id,
            name,
            name_folded: _,
            searchable: _,
            description,
            kind,
            status,
            graph,
            trigger_kind: _,
            trigger,
            settings,
            maker,
            template_id,
            events_after,
            next_run_at,
            created_at,
            updated_at,
            version,
        } = self;
        let broken = |column, problem: String| broken_row("workflows", column, id, problem);
        let kind = kind.parse().map_err(|problem| broken("kind", format!("{problem:?}")))?;
        let texts = StoredDefinition { graph: &graph, trigger: &trigger, settings: &settings };
        Ok(Workflow {
            id: id.into(),
            workspace_id: workspace_id.into(),
            definition: texts.read(name, description, kind, broken)?,
            status: status.parse().map_err(|problem| broken("status", format!("{problem:?}")))?,
            maker: maker.parse().map_err(|problem| broken("maker", format!("{problem:?}")))?,
            owners,
            template_id: template_id.map(Into::into),
            events_after: EventPosition::from_stored(events_after),
            next_run_at: next_run_at.map(Into::into),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            version,
        })
    }
}

/// The parts of a definition that are JSON.
struct StoredDefinition<'a> {
    graph: &'a str,
    trigger: &'a str,
    settings: &'a str,
}

impl StoredDefinition<'_> {
    fn read(
        &self,
        name: String,
        description: String,
        kind: denizen_domain::WorkflowKind,
        broken: impl Fn(&'static str, String) -> Error,
    ) -> Result<WorkflowDefinition> {
        let json = |column, text: &str| {
            Json::parse_stored(text).map_err(|problem| broken(column, problem.to_string()))
        };
        let trigger = Trigger::parse(Some(&json("trigger", self.trigger)?), None);
        let settings = WorkflowSettings::parse(Some(&json("settings", self.settings)?), None);
        Ok(WorkflowDefinition {
            name,
            description,
            kind,
            graph: json("graph", self.graph)?,
            trigger: trigger.map_err(|problem| broken("trigger", problem.to_string()))?,
            settings: settings.map_err(|problem| broken("settings", problem.to_string()))?,
        })
    }
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = workflow_templates, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(primary_key(workspace_id, id))]
pub(super) struct TemplateRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    name: String,
    name_folded: String,
    searchable: String,
    description: String,
    kind: String,
    status: String,
    graph: String,
    trigger: String,
    settings: String,
    tags: String,
    created_at: StoredTime,
    updated_at: StoredTime,
    version: i64,
}

impl From<&WorkflowTemplate> for TemplateRow {
    fn from(template: &WorkflowTemplate) -> Self {
        let WorkflowTemplate { id, workspace_id, definition, status, tags, created_at, updated_at, version } =
            template;
        let WorkflowDefinition { name, description, kind, graph, trigger, settings } = definition;
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            name: name.clone(),
            name_folded: fold(name),
            searchable: definition.searchable_text(),
            description: description.clone(),
            kind: kind.to_string(),
            status: status.to_string(),
            graph: graph.to_string(),
            trigger: trigger.to_json().to_string(),
            settings: settings.to_stored().to_string(),
            tags: tags_as_json(tags),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            version: *version,
        }
    }
}

impl TryFrom<TemplateRow> for WorkflowTemplate {
    type Error = Error;

    fn try_from(row: TemplateRow) -> Result<Self> {
        let TemplateRow {
            workspace_id,
            id,
            name,
            name_folded: _,
            searchable: _,
            description,
            kind,
            status,
            graph,
            trigger,
            settings,
            tags,
            created_at,
            updated_at,
            version,
        } = row;
        let broken = |column, problem: String| broken_row("workflow_templates", column, id, problem);
        let kind = kind.parse().map_err(|problem| broken("kind", format!("{problem:?}")))?;
        let texts = StoredDefinition { graph: &graph, trigger: &trigger, settings: &settings };
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            definition: texts.read(name, description, kind, broken)?,
            status: status.parse().map_err(|problem| broken("status", format!("{problem:?}")))?,
            tags: serde_json::from_str(&tags).map_err(|problem| broken("tags", problem.to_string()))?,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            version,
        })
    }
}

/// Returns tags as JSON. These always serialize.
pub(super) fn tags_as_json(tags: &[String]) -> String {
    serde_json::to_string(tags).unwrap_or_else(|_| "[]".to_owned())
}
