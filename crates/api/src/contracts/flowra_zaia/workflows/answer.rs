//! Flowra's envelope: `success`, `message` and `data`.

use axum::Json;
use denizen_domain::{Execution, Json as AnyJson, Slice, Workflow};
use serde::Serialize;
use utoipa::ToSchema;

use super::page::{PageParameters, Place};
use crate::contracts::workflows::answer::{ExecutionAnswer, WorkflowAnswer};

/// A workflow in the envelope.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkflowEnvelope {
    /// Always true; errors have another form.
    success: bool,
    /// What was done.
    message: &'static str,
    data: WorkflowAnswer,
}

/// Answers with a workflow.
pub(super) fn workflow(message: &'static str, workflow: Workflow) -> Json<WorkflowEnvelope> {
    Json(WorkflowEnvelope { success: true, message, data: WorkflowAnswer::from(workflow) })
}

/// Answers with a workflow that was only looked up.
pub(super) fn found(workflow: Workflow, may_change: bool) -> Json<WorkflowEnvelope> {
    let data = WorkflowAnswer::shown(workflow, may_change);
    Json(WorkflowEnvelope { success: true, message: "Workflow found.", data })
}

/// Nothing in the envelope.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmptyEnvelope {
    /// Always true; errors have another form.
    success: bool,
    /// What was done.
    message: &'static str,
    /// Always null.
    #[schema(value_type = Option<Object>, required)]
    data: (),
}

/// Answers with nothing.
pub(super) fn nothing(message: &'static str) -> Json<EmptyEnvelope> {
    Json(EmptyEnvelope { success: true, message, data: () })
}

/// A page of workflows in the envelope.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkflowPageEnvelope {
    /// Always true; errors have another form.
    success: bool,
    /// What was done.
    message: &'static str,
    data: Vec<WorkflowAnswer>,
    /// How many workflows the list has.
    total: i64,
    /// The page number.
    page: u32,
    /// The page size.
    limit: u32,
    /// How many pages the list has.
    total_pages: i64,
    /// Whether a page follows.
    has_next_page: bool,
    /// Whether a page comes before.
    has_previous_page: bool,
}

/// Answers with a page of workflows.
pub(super) fn workflows(
    parameters: PageParameters,
    slice: Slice<Workflow>,
    total: i64,
    may_change: bool,
) -> Json<WorkflowPageEnvelope> {
    let Place { total, page, limit, total_pages, has_next_page, has_previous_page } =
        Place::of(parameters, &slice, total);
    Json(WorkflowPageEnvelope {
        success: true,
        message: "Workflows found.",
        data: slice.items.into_iter().map(|workflow| WorkflowAnswer::shown(workflow, may_change)).collect(),
        total,
        page,
        limit,
        total_pages,
        has_next_page,
        has_previous_page,
    })
}

/// An execution, with what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunAnswer {
    #[serde(flatten)]
    execution: ExecutionAnswer,
    /// The result of its last step once it has ended; null before, and if that step has none.
    #[schema(value_type = Value, required)]
    output: Option<AnyJson>,
}

/// An execution in the envelope.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionEnvelope {
    /// Always true, also for an execution that failed; errors have another form.
    success: bool,
    /// What was done.
    message: &'static str,
    data: RunAnswer,
}

/// Answers with an execution.
pub(super) fn execution(
    message: &'static str,
    execution: Execution,
    output: Option<AnyJson>,
) -> Json<ExecutionEnvelope> {
    let data = RunAnswer { execution: ExecutionAnswer::from(execution), output };
    Json(ExecutionEnvelope { success: true, message, data })
}

/// A page of executions in the envelope.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecutionPageEnvelope {
    /// Always true; errors have another form.
    success: bool,
    /// What was done.
    message: &'static str,
    data: Vec<ExecutionAnswer>,
    /// How many executions the list has; 10,000 if there are more.
    total: i64,
    /// The page number.
    page: u32,
    /// The page size.
    limit: u32,
    /// How many pages the list has, by `total`.
    total_pages: i64,
    /// Whether a page follows.
    has_next_page: bool,
    /// Whether a page comes before.
    has_previous_page: bool,
}

/// Answers with a page of executions.
pub(super) fn executions(
    parameters: PageParameters,
    slice: Slice<Execution>,
    total: i64,
) -> Json<ExecutionPageEnvelope> {
    let Place { total, page, limit, total_pages, has_next_page, has_previous_page } =
        Place::of(parameters, &slice, total);
    Json(ExecutionPageEnvelope {
        success: true,
        message: "Executions found.",
        data: slice.items.into_iter().map(ExecutionAnswer::from).collect(),
        total,
        page,
        limit,
        total_pages,
        has_next_page,
        has_previous_page,
    })
}
