//! Workflows, executions and steps in responses.

use denizen_domain::{
    Execution, ExecutionState, Json, Step, StepCounters, StepState, Workflow, WorkflowDefinition,
    WorkflowKind, WorkflowOwner, WorkflowStatus,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// Work that follows from what happens to people. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Workflow, example = samples::workflow)]
pub(crate) struct WorkflowAnswer {
    /// Its id, a UUID v4.
    id: Uuid,
    /// Same as `id`.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// Its name.
    name: String,
    /// What it is for; may be empty.
    description: String,
    /// How long it is meant to be at work: `ordinary` or `long_running`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "ordinary")]
    kind: WorkflowKind,
    /// Whether it starts: `inactive`, `starting`, `active` or `stopping`.
    #[schema(value_type = String, example = "inactive")]
    status: WorkflowStatus,
    /// Its steps, `nodes`, and the ways between them, `edges`, as they were given. Those who may not change it see no values of
    /// `headers`.
    #[schema(value_type = HashMap<String, Value>)]
    graph: Json,
    /// The pattern of its schedule; null if it has none.
    #[schema(required)]
    cron: Option<String>,
    /// What starts it.
    #[schema(value_type = HashMap<String, Value>)]
    trigger: Json,
    /// Who may see and change it, beside those who may with every workflow.
    owners: Vec<OwnerAnswer>,
    /// The workspace in which it works.
    tenant: Uuid,
    /// The template that it was made of, or null.
    #[schema(required)]
    from_template: Option<Uuid>,
    /// How it runs, without the secret of signatures.
    #[schema(value_type = HashMap<String, Value>)]
    flow_settings: Json,
    /// When its schedule starts it next; null if nothing does.
    #[schema(required, format = "date-time")]
    next_run_at: Option<String>,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl WorkflowAnswer {
    /// Shows a workflow, to those who may not change it without the credentials in its steps.
    pub(crate) fn shown(workflow: Workflow, may_change: bool) -> Self {
        if may_change {
            return Self::from(workflow);
        }
        let definition = workflow.definition.clone().without_credentials();
        Self::from(Workflow { definition, ..workflow })
    }
}

impl From<Workflow> for WorkflowAnswer {
    fn from(workflow: Workflow) -> Self {
        let Workflow {
            id,
            workspace_id,
            definition,
            status,
            maker: _,
            owners,
            template_id,
            events_after: _,
            next_run_at,
            created_at,
            updated_at,
            version: _,
        } = workflow;
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
            owners: owners.into_iter().map(OwnerAnswer::from).collect(),
            tenant: workspace_id.as_uuid(),
            from_template: template_id.map(denizen_domain::WorkflowTemplateId::as_uuid),
            flow_settings: settings.to_json(),
            next_run_at: next_run_at.map(|moment| moment.to_string()),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

/// An owner of a workflow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowOwner)]
pub(crate) struct OwnerAnswer {
    /// Id of the account or the workspace.
    id: Uuid,
    /// `user` for an account; `tenant` for all accounts of the workspace that have the permission.
    #[serde(rename = "type")]
    #[schema(example = "user")]
    kind: &'static str,
}

impl OwnerAnswer {
    /// The type of an owner that is an account.
    pub(super) const USER: &str = "user";

    /// The type of an owner that is a workspace.
    pub(super) const TENANT: &str = "tenant";
}

impl From<WorkflowOwner> for OwnerAnswer {
    fn from(owner: WorkflowOwner) -> Self {
        match owner {
            WorkflowOwner::Account(id) => Self { id: id.as_uuid(), kind: Self::USER },
            WorkflowOwner::Workspace(id) => Self { id: id.as_uuid(), kind: Self::TENANT },
        }
    }
}

/// One run of a workflow. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Execution, example = samples::execution)]
pub(crate) struct ExecutionAnswer {
    /// Its id, a UUID v4.
    id: Uuid,
    /// Same as `id`.
    flow_exec_id: Uuid,
    /// Id of the workflow.
    flow_id: Uuid,
    /// The workspace in which it works.
    tenant: Uuid,
    /// Id of the external user in whose name it runs, or null.
    #[schema(required)]
    user: Option<Uuid>,
    /// How far it is: `running`, `succeeded`, `failed` or `cancelled`.
    #[schema(value_type = String, example = "succeeded")]
    status: ExecutionState,
    /// What started it: its `type`, the time as `at`, and what came with it.
    #[schema(value_type = HashMap<String, Value>)]
    trigger: Json,
    /// How many steps have begun.
    started: u64,
    /// How many steps are done.
    succeeded: u64,
    /// How many steps have failed for good.
    errors: u64,
    /// Why it failed or was cancelled; null if it did and was not.
    #[schema(required)]
    error: Option<String>,
    /// The same counts for each step of the graph, by its id: `in`, `out` and `errors`.
    #[schema(value_type = HashMap<String, Value>)]
    step_counters: StepCounters,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
    /// When it ended; null while it runs.
    #[schema(required, format = "date-time")]
    finished_at: Option<String>,
}

impl From<Execution> for ExecutionAnswer {
    fn from(execution: Execution) -> Self {
        let total = execution.total();
        let Execution {
            id,
            workspace_id,
            workflow_id,
            user_id,
            ordered_by: _,
            state,
            trigger_kind: _,
            trigger,
            depth: _,
            counters,
            error,
            due_at: _,
            last_step: _,
            revision: _,
            created_at,
            updated_at,
            expires_at: _,
            finished_at,
        } = execution;
        Self {
            id: id.as_uuid(),
            flow_exec_id: id.as_uuid(),
            flow_id: workflow_id.as_uuid(),
            tenant: workspace_id.as_uuid(),
            user: user_id.map(denizen_domain::ExternalUserId::as_uuid),
            status: state,
            trigger,
            started: total.incoming,
            succeeded: total.outgoing,
            errors: total.errors,
            error,
            step_counters: counters,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
            finished_at: finished_at.map(|moment| moment.to_string()),
        }
    }
}

/// A step of an execution: a node of the graph, with what came to it on one way. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExecutionStep, example = samples::execution_step)]
pub(crate) struct StepAnswer {
    /// Its number within the execution, from 1, in the order in which they came up.
    number: i64,
    /// Id of the node.
    step_id: String,
    /// How far it is: `pending`, `waiting` for its time, `gathered` with others, `succeeded`, `failed` or `cancelled`.
    #[schema(value_type = String, example = "succeeded")]
    status: StepState,
    /// How often it was tried.
    attempts: u32,
    /// When it is done, or tried again; null if it is not.
    #[schema(required, format = "date-time")]
    due_at: Option<String>,
    /// What came to it.
    #[schema(value_type = Value)]
    data: Json,
    /// What came of it; null if nothing did yet.
    #[schema(value_type = Value, required)]
    result: Option<Json>,
    /// Why the last attempt failed, or the line that it wrote into the log; null if neither.
    #[schema(required)]
    message: Option<String>,
    /// When it came up.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<Step> for StepAnswer {
    fn from(step: Step) -> Self {
        let Step {
            number,
            node_id,
            state,
            attempts,
            due_at,
            lineage: _,
            data,
            result,
            message,
            created_at,
            updated_at,
        } = step;
        Self {
            number,
            step_id: node_id,
            status: state,
            attempts,
            due_at: due_at.map(|moment| moment.to_string()),
            data,
            result,
            message,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

/// Returns a workflow as the API shows it.
pub fn workflow_json(workflow: Workflow) -> impl Serialize {
    WorkflowAnswer::from(workflow)
}

/// Returns an execution as the API shows it.
pub fn execution_json(execution: Execution) -> impl Serialize {
    ExecutionAnswer::from(execution)
}

/// Returns a step of an execution as the API shows it.
pub fn step_json(step: Step) -> impl Serialize {
    StepAnswer::from(step)
}
