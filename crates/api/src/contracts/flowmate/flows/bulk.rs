//! Changing many flows at once.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Json as JsonValue, Result, Violations};

use super::super::pages::WithMeta;
use super::outcome::{Failed, FlowOutcome, entries, id_of, spelled};
use super::update::update_one;
use crate::contracts::workflows::answer::WorkflowAnswer;
use crate::contracts::workflows::body::OneFlowChanges;
use crate::contracts::workflows::input::object;
use crate::guards::caller::{Caller, CanChangeManyFlows};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;

/// Changes many flows
///
/// Takes 1 to 100 entries, each like `PATCH /flows/{id}` with the `id` in the body. Each flow is changed or not, whatever
/// becomes of the others.
#[utoipa::path(patch, path = "/flows/bulk", operation_id = "workflows.updateMany", tag = "Flows (FlowMate)",
    request_body = Vec<OneFlowChanges>,
    responses((status = 200, description = "What became of each entry, in their order", body = WithMeta<Vec<FlowOutcome>>)),
    security(("account_token" = ["flows.bulk"]), ("session_cookie" = ["flows.bulk"])))]
pub(crate) async fn update(
    caller: Caller<CanChangeManyFlows>,
    State(state): State<AppState>,
    Context(context): Context,
    AnyJson(body, unknown, _): AnyJson<Vec<OneFlowChanges>>,
) -> ApiResult<Json<WithMeta<Vec<FlowOutcome>>>> {
    unknown.into_result(())?;
    let mut outcomes = Vec::new();
    for entry in entries(&body)? {
        outcomes.push(match update_entry(&state, &caller, entry).await {
            Ok(flow) => FlowOutcome::Done(Box::new(flow)),
            Err(error) => {
                let id = spelled(given_id(entry));
                FlowOutcome::Failed(Failed::new(&context, &error, id.as_deref()))
            }
        });
    }
    Ok(Json(WithMeta::of(outcomes)))
}

async fn update_entry(
    state: &AppState,
    caller: &Caller<CanChangeManyFlows>,
    entry: &JsonValue,
) -> Result<WorkflowAnswer> {
    object(entry)?;
    update_one(state, caller, id_of(given_id(entry))?, Violations::new(), entry).await
}

fn given_id(entry: &JsonValue) -> Option<&JsonValue> {
    let JsonValue::Object(entry) = entry else { return None };
    entry.get("id").or_else(|| entry.get("_id"))
}
