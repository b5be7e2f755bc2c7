//! The steps of an execution as this contract wraps them.

use denizen_domain::Step;
use serde::Serialize;
use utoipa::ToSchema;

use crate::contracts::workflows::answer::StepAnswer;

/// Some steps of an execution.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionStepPage {
    /// The steps.
    data: Vec<StepAnswer>,
    meta: ExecutionStepPageMeta,
}

/// Where the list goes on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionStepPageMeta {
    /// `after` for the next steps; null if there are no more for now.
    #[schema(required)]
    next: Option<i64>,
}

impl ExecutionStepPage {
    /// Shows steps.
    pub(super) fn of(steps: Vec<Step>, has_more: bool) -> Self {
        let next = steps.last().filter(|_| has_more).map(|step| step.number);
        let data = steps.into_iter().map(StepAnswer::from).collect();
        Self { data, meta: ExecutionStepPageMeta { next } }
    }
}
