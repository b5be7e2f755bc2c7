//! Workflows: what follows from what happens to people, step by step; who may see and start them, and in whose name they act.

mod action;
mod execution;
mod expression;
mod function;
mod graph;
mod limits;
mod maker;
mod model;
mod progress;
mod schedule;
mod settings;
mod template;
mod trigger;
mod unstored;

pub use action::{
    AccountAction, AccountReference, Action, RoleReference, StepRequest, UserAction, UserReference,
    WaitUntil, account_as_json, user_as_json,
};
pub use execution::{
    Execution, ExecutionFilter, ExecutionState, NewStep, Step, StepCounter, StepCounters, StepState,
};
pub use expression::{Budget, Expression, ExpressionError, Variables};
pub use function::{Function, StepRight};
pub use graph::{Edge, Graph, Node};
pub use limits::WorkflowLimits;
pub use maker::{MakerStanding, chained};
pub use model::{
    TemplateFilter, TemplateStatus, Workflow, WorkflowChanges, WorkflowDefinition, WorkflowFilter,
    WorkflowKind, WorkflowOrder, WorkflowOwner, WorkflowTemplate, WorkflowViewer, laid_over,
};
pub use progress::{ExecutionScope, StepOutcome, gathered, next_steps};
pub use schedule::Schedule;
pub use settings::{WebhookAccess, WorkflowSettings};
pub use template::{Template, TemplateError};
pub use trigger::{Trigger, TriggerKind};
pub use unstored::{Conclusion, ExecutionProgress};
