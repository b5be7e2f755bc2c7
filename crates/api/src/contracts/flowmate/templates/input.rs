//! Fields of templates in bodies.

use denizen_domain::{
    Coded as _, Json, JsonObject, Reason, Result, TemplateStatus, Violation, Violations, WorkflowChanges,
    WorkflowDefinition, WorkflowLimits, WorkflowTemplate, laid_over,
};
use denizen_persistence::workflows::{NewTemplate, NewWorkflow, TemplateChanges};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::TemplateAnswer;
use crate::contracts::samples;
use crate::contracts::workflows::body::FlowFields;
use crate::contracts::workflows::input::{
    Place, check_workspace, definition, definition_changes, or_default, placed, text, workspace,
};
use crate::wire::fields::Body;

/// A new template. Keys that only responses have, such as `id`, are ignored, and so are unknown ones, which `x-ignored-fields`
/// names.
#[derive(ToSchema)]
#[schema(as = NewTemplate, example = samples::create_template)]
#[expect(dead_code, reason = "documents the body, which is read as JSON")]
pub(crate) struct NewTemplateBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 250)]
    name: String,
    /// The steps of its flows, as in a new flow.
    #[schema(value_type = HashMap<String, Value>)]
    graph: Value,
    /// The tenant that it belongs to; that of the caller if absent.
    #[schema(required = false)]
    tenant: Uuid,
    #[serde(flatten)]
    own: TemplateFields,
    #[serde(flatten)]
    others: FlowFields,
}

impl Body for NewTemplateBody {
    type Record = TemplateAnswer;
}

/// Changes to a template. Absent keys stay unchanged.
#[derive(ToSchema)]
#[schema(as = TemplateChanges, example = samples::change_template)]
#[expect(dead_code, reason = "documents the body, which is read as JSON")]
pub(crate) struct TemplateChangesBody {
    /// Its name.
    #[schema(required = false, min_length = 1, max_length = 250)]
    name: String,
    /// All steps of its flows.
    #[schema(required = false, value_type = HashMap<String, Value>)]
    graph: Value,
    #[serde(flatten)]
    own: TemplateFields,
    #[serde(flatten)]
    others: FlowFields,
}

impl Body for TemplateChangesBody {
    type Record = TemplateAnswer;
}

/// What a template has beside a flow. Null resets a key to what a new template has.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body, which is read as JSON")]
pub(crate) struct TemplateFields {
    /// Whether it is meant for others: `draft`, also if absent, or `published`.
    status: Option<String>,
    /// Words by which it is found, each of 1 to 50 characters.
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
}

/// Reads a new template. `violations` are those of its fields that are unknown.
pub(super) fn new_template(
    mut violations: Violations,
    body: &JsonObject,
    place: Place,
    limits: &WorkflowLimits,
) -> Result<NewTemplate> {
    let definition = definition(&mut violations, body, limits);
    let status = text(&mut violations, body, "status", TemplateStatus::from_code);
    let tags = tags(&mut violations, body).unwrap_or_default();
    let workspace_id = workspace(&mut violations, body, place);
    let both = definition.zip(workspace_id);
    let (definition, workspace_id) = violations.into_value(both)?;
    Ok(NewTemplate { workspace_id, definition, status: status.value().unwrap_or_default(), tags })
}

/// Reads changes to a template. `violations` are those of its fields that are unknown.
pub(super) fn template_changes(
    mut violations: Violations,
    body: &JsonObject,
    before: &WorkflowTemplate,
    limits: &WorkflowLimits,
) -> Result<TemplateChanges> {
    let definition = definition_changes(&mut violations, body, &before.definition, limits);
    // See `workflow_changes`.
    let for_version = definition.settings.is_some().then_some(before.version);
    let definition = WorkflowChanges { for_version, ..definition };
    let status = or_default(text(&mut violations, body, "status", TemplateStatus::from_code));
    let tags = tags(&mut violations, body);
    check_workspace(&mut violations, body, before.workspace_id);
    violations.into_result(TemplateChanges { definition, status, tags })
}

/// Reads a new flow of a template. `violations` are those of its fields that are unknown.
pub(super) fn generated_workflow(
    mut violations: Violations,
    template: &WorkflowTemplate,
    body: &JsonObject,
    place: Place,
    limits: &WorkflowLimits,
) -> Result<NewWorkflow> {
    let definition = generated(&mut violations, &template.definition, body, limits);
    let new = placed(violations, Some(definition), body, place)?;
    Ok(NewWorkflow { template_id: Some(template.id), ..new })
}

/// Returns the definition of a flow: that of a template with a body laid over it. A trigger of another type takes the place of
/// the template's.
fn generated(
    violations: &mut Violations,
    template: &WorkflowDefinition,
    body: &JsonObject,
    limits: &WorkflowLimits,
) -> WorkflowDefinition {
    let mut laid = body.clone();
    lay(&mut laid, "graph", &template.graph);
    // With the secret, which a change of other settings keeps.
    lay(&mut laid, "flowSettings", &template.settings.to_stored());
    let trigger = template.trigger.to_json();
    let is_of_same_type = |given: &Json| match (given, &trigger) {
        (Json::Object(given), Json::Object(own)) => {
            given.get("type").is_none_or(|kind| own.get("type") == Some(kind))
        }
        _ => false,
    };
    if body.get("trigger").is_some_and(is_of_same_type) {
        lay(&mut laid, "trigger", &trigger);
    }
    let mut definition = template.clone();
    definition_changes(violations, &laid, template, limits).apply_to(&mut definition);
    definition
}

/// Lays a key of a body over what the template has there.
fn lay(body: &mut JsonObject, key: &str, base: &Json) {
    if let Some(given) = body.get_mut(key)
        && *given != Json::Null
    {
        *given = laid_over(base, given);
    }
}

/// Reads all tags; `None` if they are not given.
fn tags(violations: &mut Violations, body: &JsonObject) -> Option<Vec<String>> {
    let items = match body.get("tags")? {
        Json::Null => return Some(Vec::new()),
        Json::Array(items) => items,
        _ => {
            violations.add("tags", Violation::new(Reason::InvalidType, "must be an array of strings"));
            return None;
        }
    };
    if items.len() > WorkflowTemplate::MAXIMUM_TAGS {
        let message = format!("must have at most {} entries", WorkflowTemplate::MAXIMUM_TAGS);
        violations.add("tags", Violation::new(Reason::TooLarge, message));
        return None;
    }
    let mut tags: Vec<String> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let tag = match item {
            Json::String(text) => WorkflowTemplate::parse_tag(text),
            _ => Err(Violation::new(Reason::InvalidType, "must be a string")),
        };
        let tag = violations.check(&format!("tags[{index}]"), tag);
        tags.extend(tag.filter(|tag| !tags.contains(tag)));
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use denizen_domain::{Trigger, TriggerKind, WorkflowKind, WorkflowSettings};
    use serde_json::json;

    use super::*;

    fn template() -> WorkflowDefinition {
        let log = |message: &str| json!({ "id": message, "componentId": "log", "function": "write", "fields": { "message": message } });
        let graph =
            json!({ "nodes": [log("one"), log("two")], "edges": [{ "source": "one", "target": "two" }] });
        let settings = json!({ "webhooks": { "hmacAuthSecret": "0123456789abcdef" } });
        WorkflowDefinition {
            name: "Template".to_owned(),
            description: "What it is for".to_owned(),
            kind: WorkflowKind::Ordinary,
            graph: graph.into(),
            trigger: Trigger::parse(None, Some(&Json::String("0 9 * * *".to_owned()))).unwrap(),
            settings: WorkflowSettings::parse(Some(&settings.into()), None).unwrap(),
        }
    }

    fn generate(body: Value) -> Result<WorkflowDefinition, Violations> {
        let Json::Object(body) = Json::from(body) else { panic!("not an object") };
        let mut violations = Violations::new();
        let definition = generated(&mut violations, &template(), &body, &WorkflowLimits::default());
        if violations.is_empty() { Ok(definition) } else { Err(violations) }
    }

    #[test]
    fn a_body_is_laid_over_a_template() {
        assert_eq!(generate(json!({})).unwrap(), template());

        let body = json!({
            "name": "Mine",
            "graph": { "nodes": [{ "fields": { "message": "hello" } }] },
            "trigger": { "timezone": "Europe/Berlin" },
            "flowSettings": { "concurrency": 2 },
        });
        let flow = generate(body).unwrap();
        assert_eq!((flow.name.as_str(), flow.description.as_str()), ("Mine", "What it is for"));
        let graph: Value = serde_json::from_str(&flow.graph.to_string()).unwrap();
        let messages: Vec<_> =
            graph["nodes"].as_array().unwrap().iter().map(|node| &node["fields"]["message"]).collect();
        assert_eq!(messages, ["hello", "two"]);
        assert_eq!(flow.trigger.cron(), Some("0 9 * * *"));
        assert!(flow.trigger.to_json().to_string().contains("Europe/Berlin"));
        assert_eq!(flow.settings.concurrency, 2);
        assert!(flow.settings.webhook.secret.is_some(), "the secret remains");
    }

    #[test]
    fn a_trigger_of_another_type_replaces_that_of_the_template() {
        let flow = generate(json!({ "trigger": { "type": "manual" } })).unwrap();
        assert_eq!(flow.trigger.kind(), TriggerKind::Manual);
        let flow = generate(json!({ "cron": null })).unwrap();
        assert_eq!(flow.trigger.kind(), TriggerKind::Webhook);
        let broken = generate(json!({ "name": null, "graph": { "edges": [{ "target": "nobody" }] } }));
        let broken = broken.unwrap_err();
        let fields: Vec<_> = broken.fields().iter().map(|field| field.field.as_str()).collect();
        assert!(fields.contains(&"name") && fields.contains(&"graph.edges[0].target"), "{fields:?}");
    }
}
