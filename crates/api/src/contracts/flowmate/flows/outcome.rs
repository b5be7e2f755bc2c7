//! Requests about many flows: their entries, and what became of each.

use denizen_domain::{BadRequest, Error, Json, Reason, Result, Violation, Violations, WorkflowId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::contracts::workflows::answer::WorkflowAnswer;
use crate::wire::context::RequestContext;
use crate::wire::envelope::{ErrorEntry, listed};
use crate::wire::query::invalid_id;

/// The most entries of a request.
const MAXIMUM: usize = 100;

/// Returns the entries of a body: 1 to 100.
pub(super) fn entries(body: &Json) -> Result<&[Json]> {
    let Json::Array(entries) = body else {
        let problem = "The body must be a JSON array.".to_owned();
        return Err(Error::BadRequest(BadRequest::InvalidJson(problem)));
    };
    if (1..=MAXIMUM).contains(&entries.len()) {
        return Ok(entries);
    }
    let count = Violation::new(Reason::OutOfRange, format!("must have 1 to {MAXIMUM} entries"));
    Err(Error::Invalid(Violations::of("body", count)))
}

/// Parses the id of a flow in a body.
pub(super) fn id_of(given: Option<&Json>) -> Result<WorkflowId> {
    let violation = match given {
        None | Some(Json::Null) => Violation::new(Reason::Required, "is required"),
        Some(Json::String(text)) => match text.parse() {
            Ok(id) => return Ok(id),
            Err(_) => invalid_id(),
        },
        Some(_) => invalid_id(),
    };
    Err(Error::Invalid(Violations::of("id", violation)))
}

/// Returns an id as the request spells it.
pub(super) fn spelled(given: Option<&Json>) -> Option<String> {
    match given? {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// What became of an entry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum FlowOutcome {
    /// The flow, as it is now.
    Done(Box<WorkflowAnswer>),
    /// The entry has changed nothing.
    Failed(Failed),
}

/// Why an entry has changed nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failed {
    /// Everything that is wrong with it.
    errors: Vec<ErrorEntry>,
}

impl Failed {
    /// Describes an error of the entry about a flow, if it names one.
    pub(super) fn new(context: &RequestContext, error: &Error, flow_id: Option<&str>) -> Self {
        context.set_cause(error.context());
        let named = |entry: ErrorEntry| match flow_id {
            Some(id) => entry.of_flow(id),
            None => entry,
        };
        Self { errors: listed(error, context.contract).into_iter().map(named).collect() }
    }
}
