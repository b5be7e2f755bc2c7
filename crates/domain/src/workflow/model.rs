//! Workflows and their templates.

use std::collections::BTreeSet;

use super::graph::Graph;
use super::limits::WorkflowLimits;
use super::settings::WorkflowSettings;
use super::trigger::Trigger;
use crate::audit::Actor;
use crate::error::{Conflict, Error};
use crate::fields::WorkflowStatus;
use crate::primitives::text::{line, lines};
use crate::primitives::{
    AccountId, Coded, EventPosition, Json, Position, Reason, SortKey, Timestamp, Violation, Violations,
    WorkflowId, WorkflowTemplateId, WorkspaceId, coded_texts, fold,
};
use crate::rights::Reach;

/// How long a workflow is meant to be at work. The FlowMate contract defines the wire codes; nothing else depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum WorkflowKind {
    /// It does its work and is done.
    #[default]
    Ordinary,
    /// It is at work for long.
    LongRunning,
}

impl Coded for WorkflowKind {
    const ALL: &'static [Self] = &[Self::Ordinary, Self::LongRunning];

    fn code(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::LongRunning => "long_running",
        }
    }
}

coded_texts!(WorkflowKind);

/// What a workflow does, and when. Templates have the same.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowDefinition {
    /// Its name: 1 to 250 characters on one line.
    pub name: String,
    /// What it is for, in up to 2,000 characters. Empty if nobody said.
    pub description: String,
    /// How long it is meant to be at work.
    pub kind: WorkflowKind,
    /// Its steps, as they were given. [`Graph::parse`] has read them.
    pub graph: Json,
    /// What starts it.
    pub trigger: Trigger,
    /// How it runs.
    pub settings: WorkflowSettings,
}

impl WorkflowDefinition {
    /// Checks a name.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        line(text, &(1..=250))
    }

    /// Checks a description.
    pub fn parse_description(text: &str) -> Result<String, Violation> {
        if text.is_empty() { Ok(String::new()) } else { lines(text, &(1..=2_000)) }
    }

    /// Returns the text in which searches look, folded.
    pub fn searchable_text(&self) -> String {
        format!("{}\n{}", fold(&self.name), fold(&self.description))
    }

    /// Returns the ids of the components that its steps use, each once.
    pub fn components(&self) -> BTreeSet<&str> {
        let Json::Object(graph) = &self.graph else { return BTreeSet::new() };
        let Some(Json::Array(nodes)) = graph.get("nodes") else { return BTreeSet::new() };
        nodes.iter().filter_map(component_of).collect()
    }

    /// Returns whether a workflow does the same with another definition: names do not matter.
    pub fn does_the_same_as(&self, other: &Self) -> bool {
        self.graph == other.graph && self.trigger == other.trigger && self.settings == other.settings
    }

    /// Returns the definition without the values of the headers that its steps send, which may be credentials: as it is shown to
    /// those who may not change it.
    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        let Json::Object(graph) = &mut self.graph else { return self };
        let Some(Json::Array(nodes)) = graph.get_mut("nodes") else { return self };
        for node in nodes {
            if let Json::Object(node) = node
                && let Some(Json::Object(fields)) = node.get_mut("fields")
                && let Some(Json::Object(headers)) = fields.get_mut("headers")
            {
                headers.values_mut().for_each(|value| *value = Json::String("********".to_owned()));
            }
        }
        self
    }

    /// Returns the graph in a form that can run.
    pub fn compiled(&self) -> Result<Graph, Violations> {
        // It was within the limits when it was stored, which may have been others.
        let unlimited =
            WorkflowLimits { nodes: usize::MAX, graph_bytes: usize::MAX, ..WorkflowLimits::default() };
        Graph::parse(&self.graph, &unlimited)
    }
}

fn component_of(node: &Json) -> Option<&str> {
    let Json::Object(node) = node else { return None };
    match node.get("componentId") {
        Some(Json::String(id)) => Some(id),
        _ => None,
    }
}

/// Who owns a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkflowOwner {
    /// An account of the workspace.
    Account(AccountId),
    /// The workspace: all of its accounts with the permission.
    Workspace(WorkspaceId),
}

/// Work that follows from what happens to people.
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    /// Its id.
    pub id: WorkflowId,
    /// The workspace in which it works.
    pub workspace_id: WorkspaceId,
    /// What it does, and when.
    pub definition: WorkflowDefinition,
    /// Whether it starts.
    pub status: WorkflowStatus,
    /// Whose rights its steps have: who created it, or last changed what it does.
    pub maker: Actor,
    /// Who may see and change it, beside those who may with every workflow.
    pub owners: Vec<WorkflowOwner>,
    /// The template that it was made of.
    pub template_id: Option<WorkflowTemplateId>,
    /// Events up to this position do not start it: they happened before it was started.
    pub events_after: EventPosition,
    /// When its schedule starts it next.
    pub next_run_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How often it was changed.
    pub version: i64,
}

/// Who looks for workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkflowViewer {
    /// How far the right to the operation reaches.
    pub reach: Reach,
    /// The account that looks; `None` for a key.
    pub account_id: Option<AccountId>,
}

impl Workflow {
    /// Returns whether someone with the right to an operation may perform it on this workflow: with a right everywhere, always;
    /// within the workspace, if the account or the workspace owns it.
    pub fn is_within(&self, viewer: WorkflowViewer) -> bool {
        match viewer.reach {
            Reach::Everywhere => true,
            Reach::Workspace(own) => {
                own == self.workspace_id
                    && self.owners.iter().any(|owner| match owner {
                        WorkflowOwner::Account(account) => viewer.account_id == Some(*account),
                        WorkflowOwner::Workspace(workspace) => *workspace == own,
                    })
            }
        }
    }

    /// Fails with [`Conflict::WorkflowNotActive`] unless it is active.
    pub fn require_active(&self) -> Result<(), Error> {
        match self.status {
            WorkflowStatus::Active => Ok(()),
            status => Err(Error::Conflict(Conflict::WorkflowNotActive(status))),
        }
    }

    /// Checks that a workflow has an owner, and that none is another workspace.
    pub fn check_owners(owners: &[WorkflowOwner], workspace_id: WorkspaceId) -> Result<(), Violation> {
        let is_foreign =
            |owner: &WorkflowOwner| matches!(owner, WorkflowOwner::Workspace(id) if *id != workspace_id);
        if owners.is_empty() {
            return Err(Violation::new(Reason::Required, "must name an owner"));
        }
        if owners.iter().any(is_foreign) {
            return Err(Violation::new(Reason::Mismatch, "must not name another tenant"));
        }
        if owners.len() > Self::MAXIMUM_OWNERS {
            let message = format!("must name at most {} owners", Self::MAXIMUM_OWNERS);
            return Err(Violation::new(Reason::TooLarge, message));
        }
        Ok(())
    }

    /// The most owners of a workflow.
    pub const MAXIMUM_OWNERS: usize = 100;

    /// Returns its place in a list.
    pub fn position_in(&self, order: WorkflowOrder) -> Position {
        let key = match order {
            WorkflowOrder::CreatedAt => SortKey::Time(self.created_at),
            WorkflowOrder::UpdatedAt => SortKey::Time(self.updated_at),
            WorkflowOrder::Name => SortKey::Text(fold(&self.definition.name)),
        };
        Position { key, id: self.id.as_uuid() }
    }
}

/// The orders of lists of workflows and of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum WorkflowOrder {
    /// By creation time.
    #[default]
    CreatedAt,
    /// By the time of the last change.
    UpdatedAt,
    /// By name, without case.
    Name,
}

impl Coded for WorkflowOrder {
    const ALL: &'static [Self] = &[Self::CreatedAt, Self::UpdatedAt, Self::Name];

    fn code(self) -> &'static str {
        match self {
            Self::CreatedAt => "createdAt",
            Self::UpdatedAt => "updatedAt",
            Self::Name => "name",
        }
    }
}

coded_texts!(WorkflowOrder);

/// Which workflows to list. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkflowFilter {
    /// With this status.
    pub status: Option<WorkflowStatus>,
    /// Of this kind.
    pub kind: Option<WorkflowKind>,
    /// Owned by this account.
    pub account_id: Option<AccountId>,
    /// Made of this template.
    pub template_id: Option<WorkflowTemplateId>,
    /// With this text in the name or the description, whatever the case.
    pub search: Option<String>,
}

/// A request's changes to a workflow, already checked. What is absent stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorkflowChanges {
    /// The name.
    pub name: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The kind.
    pub kind: Option<WorkflowKind>,
    /// The graph.
    pub graph: Option<Json>,
    /// The trigger.
    pub trigger: Option<Trigger>,
    /// The settings.
    pub settings: Option<WorkflowSettings>,
    /// The owners.
    pub owners: Option<Vec<WorkflowOwner>>,
    /// The version that the changes were made for; `None` if they suit any.
    pub for_version: Option<i64>,
}

impl WorkflowChanges {
    /// Applies the changes to a definition, and returns the new owners.
    pub fn apply_to(self, definition: &mut WorkflowDefinition) -> Option<Vec<WorkflowOwner>> {
        let Self { name, description, kind, graph, trigger, settings, owners, for_version: _ } = self;
        set(&mut definition.name, name);
        set(&mut definition.description, description);
        set(&mut definition.kind, kind);
        set(&mut definition.graph, graph);
        set(&mut definition.trigger, trigger);
        set(&mut definition.settings, settings);
        owners
    }
}

fn set<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}

/// Whether a template is meant for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum TemplateStatus {
    /// It is being written.
    #[default]
    Draft,
    /// It is.
    Published,
}

impl Coded for TemplateStatus {
    const ALL: &'static [Self] = &[Self::Draft, Self::Published];

    fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
        }
    }
}

coded_texts!(TemplateStatus);

/// A definition of which workflows are made.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowTemplate {
    /// Its id.
    pub id: WorkflowTemplateId,
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// What workflows of it do.
    pub definition: WorkflowDefinition,
    /// Whether it is meant for others.
    pub status: TemplateStatus,
    /// Words by which it is found: at most 20, each of 1 to 50 characters.
    pub tags: Vec<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How often it was changed.
    pub version: i64,
}

impl WorkflowTemplate {
    /// The most tags.
    pub const MAXIMUM_TAGS: usize = 20;

    /// Checks a tag.
    pub fn parse_tag(text: &str) -> Result<String, Violation> {
        line(text, &(1..=50))
    }
}

/// Which templates to list. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateFilter {
    /// With this status.
    pub status: Option<TemplateStatus>,
    /// Of this kind.
    pub kind: Option<WorkflowKind>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// With this text in the name or the description, whatever the case.
    pub search: Option<String>,
}

/// Lays changes over JSON: objects key by key, lists by index.
pub fn laid_over(base: &Json, changes: &Json) -> Json {
    match (base, changes) {
        (Json::Object(base), Json::Object(changes)) => {
            let mut laid = base.clone();
            for (key, change) in changes {
                let new = base.get(key).map_or_else(|| change.clone(), |old| laid_over(old, change));
                laid.insert(key.clone(), new);
            }
            Json::Object(laid)
        }
        (Json::Array(base), Json::Array(changes)) => {
            let mut laid = base.clone();
            for (index, change) in changes.iter().enumerate() {
                match laid.get_mut(index) {
                    Some(item) => *item = laid_over(item, change),
                    None => laid.push(change.clone()),
                }
            }
            Json::Array(laid)
        }
        (_, changes) => changes.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn changes_are_laid_over_objects_by_key_and_over_lists_by_index() {
        for (base, changes, laid) in [
            (
                json!({ "a": 1, "b": { "c": 2, "d": 3 } }),
                json!({ "b": { "c": 4 } }),
                json!({ "a": 1, "b": { "c": 4, "d": 3 } }),
            ),
            (json!([{ "a": 1, "b": 2 }, 2]), json!([{ "a": 3 }]), json!([{ "a": 3, "b": 2 }, 2])),
            (json!([1]), json!([2, 3]), json!([2, 3])),
            (json!({ "a": [1] }), json!({ "a": null }), json!({ "a": null })),
            (json!({ "a": [1] }), json!({ "a": { "b": 1 } }), json!({ "a": { "b": 1 } })),
            (json!({}), json!({}), json!({})),
        ] {
            let (base, changes) = (Json::from(base), Json::from(changes));
            assert_eq!(laid_over(&base, &changes), Json::from(laid), "{base} {changes}");
        }
    }

    #[test]
    fn owners_and_those_with_a_right_everywhere_have_a_workflow() {
        let workspace = |number| WorkspaceId::from_uuid(Uuid::from_u128(number));
        let account = |number| AccountId::from_uuid(Uuid::from_u128(number));
        let moment = Timestamp::from_unix_microseconds(0).unwrap();
        let with_owners = |owners: &[WorkflowOwner]| Workflow {
            id: WorkflowId::from_uuid(Uuid::nil()),
            workspace_id: workspace(1),
            definition: WorkflowDefinition {
                name: "Welcome".to_owned(),
                description: String::new(),
                kind: WorkflowKind::Ordinary,
                graph: Json::from(Value::Null),
                trigger: Trigger::Manual,
                settings: WorkflowSettings::default(),
            },
            status: WorkflowStatus::Inactive,
            maker: Actor::Operator,
            owners: owners.to_vec(),
            template_id: None,
            events_after: EventPosition::from_stored(0),
            next_run_at: None,
            created_at: moment,
            updated_at: moment,
            version: 1,
        };
        let (of_account, of_workspace) =
            (WorkflowOwner::Account(account(7)), WorkflowOwner::Workspace(workspace(1)));
        let (here, there) = (Reach::Workspace(workspace(1)), Reach::Workspace(workspace(2)));
        for (owners, reach, viewer, is_within) in [
            (&[of_account][..], here, Some(account(7)), true),
            (&[of_account], here, Some(account(8)), false),
            (&[of_account], here, None, false),
            (&[of_account], there, Some(account(7)), false),
            (&[of_workspace], here, Some(account(8)), true),
            (&[of_workspace], here, None, true),
            (&[of_workspace], there, Some(account(8)), false),
            (&[of_account, of_workspace], here, Some(account(8)), true),
            (&[], here, Some(account(7)), false),
            (&[], Reach::Everywhere, None, true),
        ] {
            let viewer = WorkflowViewer { reach, account_id: viewer };
            assert_eq!(with_owners(owners).is_within(viewer), is_within, "{owners:?} {viewer:?}");
        }
        assert!(Workflow::check_owners(&[of_account, of_workspace], workspace(1)).is_ok());
        assert!(Workflow::check_owners(&[], workspace(1)).is_err());
        assert!(Workflow::check_owners(&[of_workspace], workspace(2)).is_err());
    }
}
