//! Creating flows.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{Error, Forbidden, Json as JsonValue, Permission, Result, Violations};
use denizen_persistence::workflows;
use utoipa::ToSchema;

use super::super::pages::WithMeta;
use super::access::viewer;
use super::outcome::{Failed, FlowOutcome, entries};
use crate::contracts::workflows::answer::WorkflowAnswer;
use crate::contracts::workflows::body::NewFlow;
use crate::contracts::workflows::input::{Place, new_workflow, object};
use crate::guards::caller::{Caller, CanWriteFlows};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;

/// A flow, or up to 100.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, clippy::large_enum_variant, reason = "documents the body, which is read as JSON")]
pub(crate) enum NewFlows {
    /// One.
    One(NewFlow),
    /// Many. The caller also needs `flows.bulk`.
    Many(Vec<NewFlow>),
}

impl Body for NewFlows {
    type Record = WorkflowAnswer;
}

/// The flow that was created, or what became of each entry.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    clippy::large_enum_variant,
    reason = "documents the response, whose forms are written apart"
)]
pub(crate) enum CreatedFlows {
    /// To an object.
    One(WithMeta<WorkflowAnswer>),
    /// To an array: in its order.
    Many(WithMeta<Vec<FlowOutcome>>),
}

/// Creates flows
///
/// A new flow is inactive. Its steps have the rights of the caller at the moment at which they are done, and work within its
/// tenant. Everything that is wrong with it is reported at once, in `errors`. An array of up to 100 flows also needs
/// `flows.bulk`; each of its flows is created or not, whatever becomes of the others. Callers with rights beyond one tenant
/// name the `tenant`, or create the flow in their own.
#[utoipa::path(post, path = "/flows", operation_id = "workflows.create", tag = "Flows (FlowMate)", request_body = NewFlows,
    responses(
        (status = 201, description = "The flow was created, or each of the array that could be", body = CreatedFlows),
        (status = 409, description = "The tenant has the maximum number of flows", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.write"]), ("session_cookie" = ["flows.write"])))]
pub(crate) async fn create(
    caller: Caller<CanWriteFlows>,
    State(state): State<AppState>,
    Context(context): Context,
    AnyJson(body, unknown, _): AnyJson<NewFlows>,
) -> ApiResult<Response> {
    if !matches!(body, JsonValue::Array(_)) {
        let flow = create_one(&state, &caller, unknown, &body).await?;
        return Ok((StatusCode::CREATED, Json(WithMeta::of(flow))).into_response());
    }
    if !caller.authority.holds(Permission::FlowsBulk) {
        return Err(Error::Forbidden(Forbidden::MissingPermission(Permission::FlowsBulk)).into());
    }
    unknown.into_result(())?;
    let mut outcomes = Vec::new();
    for entry in entries(&body)? {
        outcomes.push(match create_one(&state, &caller, Violations::new(), entry).await {
            Ok(flow) => FlowOutcome::Done(Box::new(flow)),
            Err(error) => FlowOutcome::Failed(Failed::new(&context, &error, None)),
        });
    }
    Ok((StatusCode::CREATED, Json(WithMeta::of(outcomes))).into_response())
}

async fn create_one(
    state: &AppState,
    caller: &Caller<CanWriteFlows>,
    unknown: Violations,
    body: &JsonValue,
) -> Result<WorkflowAnswer> {
    let place = Place::of(caller.reach, caller.authority.home);
    let new = new_workflow(unknown, object(body)?, place, &state.options().workflow_limits)?;
    let connection = &mut state.database().write().await?;
    let asker = Some(caller.asker());
    let flow = workflows::create(connection, caller.origin(), asker, viewer(caller), &new).await?;
    Ok(WorkflowAnswer::from(flow))
}
