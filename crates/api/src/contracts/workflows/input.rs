//! Fields of workflows and templates in bodies. Everything that is wrong with them is reported at once.
//!
//! Keys that only responses have are ignored, so that a response can be sent back. Null resets a field to what a new workflow has.

use std::str::FromStr;

use denizen_domain::{
    BadRequest, Coded as _, Error, Graph, InvalidId, Json, JsonObject, Patch, Reach, Reason, Result, Trigger,
    Violation, Violations, Workflow, WorkflowChanges, WorkflowDefinition, WorkflowKind, WorkflowLimits,
    WorkflowOwner, WorkflowSettings, WorkflowStatus, WorkspaceId,
};
use denizen_persistence::workflows::NewWorkflow;

use super::answer::OwnerAnswer;
use crate::wire::query::invalid_id;

/// Where a caller may create workflows and templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Only in this workspace.
    Only(WorkspaceId),
    /// In every workspace; if the body names none, in this one.
    Any(Option<WorkspaceId>),
}

impl Place {
    /// Returns where a right of this reach allows it to a caller with this home.
    pub(crate) const fn of(reach: Reach, home: Option<WorkspaceId>) -> Self {
        match reach {
            Reach::Workspace(workspace_id) => Self::Only(workspace_id),
            Reach::Everywhere => Self::Any(home),
        }
    }
}

/// Returns the object that a body is.
pub(crate) fn object(body: &Json) -> Result<&JsonObject> {
    if let Json::Object(object) = body {
        return Ok(object);
    }
    let problem = "The body must be a JSON object.".to_owned();
    Err(Error::BadRequest(BadRequest::InvalidJson(problem)))
}

/// Reads a new workflow. `violations` are those of its fields that are unknown.
pub(crate) fn new_workflow(
    mut violations: Violations,
    body: &JsonObject,
    place: Place,
    limits: &WorkflowLimits,
) -> Result<NewWorkflow> {
    let definition = definition(&mut violations, body, limits);
    placed(violations, definition, body, place)
}

/// Reads what a new workflow has beside its definition. `violations` are those of the definition, which is `None` if it is
/// incomplete.
pub(crate) fn placed(
    mut violations: Violations,
    definition: Option<WorkflowDefinition>,
    body: &JsonObject,
    place: Place,
) -> Result<NewWorkflow> {
    check_status(&mut violations, body, WorkflowStatus::Inactive);
    let workspace_id = workspace(&mut violations, body, place);
    let given = body.get("owners").filter(|owners| **owners != Json::Null);
    let owners = given.and_then(|given| owners(&mut violations, given, workspace_id));
    let both = definition.zip(workspace_id);
    let (definition, workspace_id) = violations.into_value(both)?;
    Ok(NewWorkflow { workspace_id, definition, owners, template_id: None })
}

/// Reads changes to a workflow. `violations` are those of its fields that are unknown.
pub(crate) fn workflow_changes(
    mut violations: Violations,
    body: &JsonObject,
    before: &Workflow,
    limits: &WorkflowLimits,
) -> Result<WorkflowChanges> {
    let changes = definition_changes(&mut violations, body, &before.definition, limits);
    check_status(&mut violations, body, before.status);
    check_workspace(&mut violations, body, before.workspace_id);
    let given = body.get("owners");
    let owners = given.and_then(|given| owners(&mut violations, given, Some(before.workspace_id)));
    // Settings keep a secret that may have another successor by now.
    let for_version = changes.settings.is_some().then_some(before.version);
    violations.into_result(WorkflowChanges { owners, for_version, ..changes })
}

/// Reads the definition of a new workflow or template.
pub(crate) fn definition(
    violations: &mut Violations,
    body: &JsonObject,
    limits: &WorkflowLimits,
) -> Option<WorkflowDefinition> {
    let name = match body.get("name") {
        None | Some(Json::Null) => {
            violations.add("name", required());
            None
        }
        Some(_) => text(violations, body, "name", WorkflowDefinition::parse_name).value(),
    };
    let description = text(violations, body, "description", WorkflowDefinition::parse_description);
    let kind = text(violations, body, "type", WorkflowKind::from_code);
    let graph = match body.get("graph") {
        None | Some(Json::Null) => {
            violations.add("graph", required());
            None
        }
        Some(graph) => checked_graph(violations, graph, limits),
    };
    let trigger = Trigger::parse(body.get("trigger"), body.get("cron"));
    let trigger = kept(violations, trigger);
    let settings = kept(violations, WorkflowSettings::parse(body.get("flowSettings"), None));
    Some(WorkflowDefinition {
        name: name?,
        description: description.value().unwrap_or_default(),
        kind: kind.value().unwrap_or_default(),
        graph: graph?,
        trigger: trigger?,
        settings: settings?,
    })
}

/// Reads changes to the definition of a workflow or template.
pub(crate) fn definition_changes(
    violations: &mut Violations,
    body: &JsonObject,
    before: &WorkflowDefinition,
    limits: &WorkflowLimits,
) -> WorkflowChanges {
    let name = match text(violations, body, "name", WorkflowDefinition::parse_name) {
        Patch::Null => {
            violations.add("name", required());
            None
        }
        name => name.value(),
    };
    let description = text(violations, body, "description", WorkflowDefinition::parse_description);
    let kind = text(violations, body, "type", WorkflowKind::from_code);
    let graph = body.get("graph").and_then(|graph| checked_graph(violations, graph, limits));
    let trigger = changed_trigger(violations, body, &before.trigger);
    let settings = body.get("flowSettings").and_then(|settings| {
        kept(violations, WorkflowSettings::parse(Some(settings), Some(&before.settings)))
    });
    WorkflowChanges {
        name,
        description: or_default(description),
        kind: or_default(kind),
        graph,
        trigger,
        settings,
        owners: None,
        for_version: None,
    }
}

/// Returns the workspace of a new workflow or template.
pub(crate) fn workspace(violations: &mut Violations, body: &JsonObject, place: Place) -> Option<WorkspaceId> {
    let is_given = !matches!(body.get("tenant"), None | Some(Json::Null));
    if is_given {
        let given = text(violations, body, "tenant", id).value()?;
        if let Place::Only(own) = place
            && given != own
        {
            let message = "must be a tenant that the caller may change";
            violations.add("tenant", Violation::new(Reason::Unknown, message));
        }
        return Some(given);
    }
    match place {
        Place::Only(own) | Place::Any(Some(own)) => Some(own),
        Place::Any(None) => {
            let message = "is required, since the caller has no tenant";
            violations.add("tenant", Violation::new(Reason::Required, message));
            None
        }
    }
}

/// Checks that a body does not move a workflow or template into another workspace.
pub(crate) fn check_workspace(violations: &mut Violations, body: &JsonObject, present: WorkspaceId) {
    let is_same = |tenant: &Json| matches!(tenant, Json::String(text) if text.parse() == Ok(present));
    if body.get("tenant").is_some_and(|tenant| !is_same(tenant)) {
        violations.add("tenant", Violation::new(Reason::Immutable, "cannot be changed"));
    }
}

/// Reads a text by a rule.
pub(crate) fn text<T>(
    violations: &mut Violations,
    body: &JsonObject,
    key: &str,
    rule: impl FnOnce(&str) -> Result<T, Violation>,
) -> Patch<T> {
    match body.get(key) {
        None => Patch::Absent,
        Some(Json::Null) => Patch::Null,
        Some(Json::String(text)) => violations.check(key, rule(text)).map_or(Patch::Absent, Patch::Value),
        Some(_) => {
            violations.add(key, wrong_type("a string"));
            Patch::Absent
        }
    }
}

/// A status that a client sends back unchanged is fine.
fn check_status(violations: &mut Violations, body: &JsonObject, present: WorkflowStatus) {
    let is_set = match body.get("status") {
        None | Some(Json::Null) => false,
        Some(Json::String(text)) => text != present.code(),
        Some(_) => true,
    };
    if is_set {
        let message = "cannot be set by hand: start and stop the flow";
        violations.add("status", Violation::new(Reason::Immutable, message));
    }
}

fn checked_graph(violations: &mut Violations, graph: &Json, limits: &WorkflowLimits) -> Option<Json> {
    kept(violations, Graph::parse(graph, limits)).map(|_| graph.clone())
}

/// Reads changes to what starts a workflow. What a client sends back unchanged is no change, so that changing either `cron`
/// or `trigger` of a response works.
fn changed_trigger(violations: &mut Violations, body: &JsonObject, before: &Trigger) -> Option<Trigger> {
    let old = before.to_json();
    let old_cron = before.cron().map_or(Json::Null, |cron| Json::String(cron.to_owned()));
    let cron = body.get("cron");
    let new_cron = cron.filter(|cron| **cron != old_cron);
    let parsed = match (body.get("trigger").filter(|trigger| **trigger != old), new_cron) {
        (None, None) => return None,
        (Some(trigger), _) => {
            Trigger::parse(Some(trigger), if is_schedule(trigger) { cron } else { new_cron })
        }
        (None, Some(cron)) if is_nothing(cron) => return before.cron().map(|_| Trigger::Webhook),
        (None, Some(cron)) => {
            let Json::Object(mut trigger) = Json::from(serde_json::json!({ "type": "schedule" })) else {
                return None;
            };
            if let Trigger::Schedule { timezone, .. } = before {
                trigger.insert("timezone".to_owned(), Json::String(timezone.clone()));
            }
            Trigger::parse(Some(&Json::Object(trigger)), Some(cron))
        }
    };
    kept(violations, parsed)
}

/// Whether a trigger is a schedule if a `cron` stands beside it.
fn is_schedule(trigger: &Json) -> bool {
    let Json::Object(trigger) = trigger else { return true };
    match trigger.get("type") {
        None | Some(Json::Null) => true,
        Some(kind) => *kind == Json::String("schedule".to_owned()),
    }
}

fn is_nothing(cron: &Json) -> bool {
    matches!(cron, Json::Null) || matches!(cron, Json::String(text) if text.is_empty())
}

fn owners(
    violations: &mut Violations,
    given: &Json,
    workspace_id: Option<WorkspaceId>,
) -> Option<Vec<WorkflowOwner>> {
    let Json::Array(items) = given else {
        violations.add("owners", wrong_type("an array of owners, each with id and type"));
        return None;
    };
    let read: Vec<_> = items.iter().enumerate().map(|(index, item)| owner(violations, index, item)).collect();
    let owners: Vec<_> = read.into_iter().collect::<Option<_>>()?;
    if let Some(workspace_id) = workspace_id {
        violations.check("owners", Workflow::check_owners(&owners, workspace_id))?;
    }
    Some(owners)
}

fn owner(violations: &mut Violations, index: usize, item: &Json) -> Option<WorkflowOwner> {
    let path = format!("owners[{index}]");
    let Json::Object(item) = item else {
        violations.add(&path, wrong_type("an object with id and type"));
        return None;
    };
    let mut required_text = |key: &str| match item.get(key) {
        None | Some(Json::Null) => {
            violations.add(&format!("{path}.{key}"), required());
            None
        }
        Some(Json::String(text)) => Some(text.as_str()),
        Some(_) => {
            violations.add(&format!("{path}.{key}"), wrong_type("a string"));
            None
        }
    };
    let (given, kind) = (required_text("id"), required_text("type"));
    let kind = kind.filter(|kind| {
        let is_known = [OwnerAnswer::USER, OwnerAnswer::TENANT].contains(kind);
        if !is_known {
            let message = format!("must be one of {}, {}", OwnerAnswer::USER, OwnerAnswer::TENANT);
            violations.add(&format!("{path}.type"), Violation::new(Reason::Unknown, message));
        }
        is_known
    });
    let field = format!("{path}.id");
    match (given, kind?) {
        (Some(given), OwnerAnswer::TENANT) => {
            violations.check(&field, id(given)).map(WorkflowOwner::Workspace)
        }
        (Some(given), _) => violations.check(&field, id(given)).map(WorkflowOwner::Account),
        (None, _) => None,
    }
}

fn id<I: FromStr<Err = InvalidId>>(text: &str) -> Result<I, Violation> {
    text.parse().map_err(|InvalidId| invalid_id())
}

/// Returns the new value of a field that null resets.
pub(crate) fn or_default<T: Default>(patch: Patch<T>) -> Option<T> {
    match patch {
        Patch::Absent => None,
        Patch::Null => Some(T::default()),
        Patch::Value(value) => Some(value),
    }
}

/// Returns a valid value, or keeps what is wrong with it.
fn kept<T>(violations: &mut Violations, parsed: Result<T, Violations>) -> Option<T> {
    parsed.map_err(|broken| violations.append(broken)).ok()
}

fn required() -> Violation {
    Violation::new(Reason::Required, "is required")
}

fn wrong_type(expected: &str) -> Violation {
    Violation::new(Reason::InvalidType, format!("must be {expected}"))
}
