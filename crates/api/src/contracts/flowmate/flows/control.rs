//! Starting and stopping flows.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Json as JsonValue, Resource, Result, WorkflowId, WorkflowStatus};
use denizen_persistence::workflows::{self, Control};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::pages::WithMeta;
use super::access::{find, viewer};
use super::outcome::{Failed, entries, id_of, spelled};
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanControlFlows};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;
use crate::wire::path::PathId;

/// The new status of a flow.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlowStatus {
    /// The flow's id.
    id: Uuid,
    /// `starting` or `stopping`.
    #[schema(value_type = String, example = "starting")]
    status: WorkflowStatus,
}

/// What became of one flow of many.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ControlOutcome {
    /// It starts or stops.
    Done(WithMeta<FlowStatus>),
    /// It remains as it is.
    Failed(Failed),
}

/// The ids of flows.
#[derive(ToSchema)]
#[schema(value_type = Vec<Uuid>, example = samples::workflow_ids)]
#[expect(dead_code, reason = "documents the body, which is read as JSON")]
pub(crate) struct FlowIds(Vec<Uuid>);

impl Body for FlowIds {
    type Record = ();
}

/// What to do with a flow.
#[derive(Clone, Copy)]
enum Switch {
    On,
    Off,
}

/// Starts a flow
///
/// It is `starting`, and `active` a moment later. Its trigger starts it from then on.
#[utoipa::path(post, path = "/flows/{id}/start", operation_id = "workflows.start", tag = "Flows (FlowMate)",
    params(("id" = Uuid, Path, description = "The flow's id")),
    responses(
        (status = 200, description = "The flow is starting", body = WithMeta<FlowStatus>),
        (status = 404, description = "Flow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The flow is not inactive, or the tenant has the maximum number of active flows", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.control"]), ("session_cookie" = ["flows.control"])))]
pub(crate) async fn start(
    caller: Caller<CanControlFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
) -> ApiResult<Json<WithMeta<FlowStatus>>> {
    Ok(Json(WithMeta::of(switch(&state, &caller, Switch::On, id).await?)))
}

/// Stops a flow
///
/// It is `stopping`: nothing starts it any more, and its executions are cancelled. It is `inactive` once none is left.
#[utoipa::path(post, path = "/flows/{id}/stop", operation_id = "workflows.stop", tag = "Flows (FlowMate)",
    params(("id" = Uuid, Path, description = "The flow's id")),
    responses(
        (status = 200, description = "The flow is stopping", body = WithMeta<FlowStatus>),
        (status = 404, description = "Flow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The flow is inactive, or stopping already", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.control"]), ("session_cookie" = ["flows.control"])))]
pub(crate) async fn stop(
    caller: Caller<CanControlFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowId>,
) -> ApiResult<Json<WithMeta<FlowStatus>>> {
    Ok(Json(WithMeta::of(switch(&state, &caller, Switch::Off, id).await?)))
}

/// Starts many flows
///
/// Takes the ids of 1 to 100 flows, and starts each as `POST /flows/{id}/start` does, whatever becomes of the others.
#[utoipa::path(post, path = "/flows/multiple/start", operation_id = "workflows.startMany", tag = "Flows (FlowMate)",
    request_body = FlowIds,
    responses((status = 200, description = "What became of each flow, in their order", body = Vec<ControlOutcome>)),
    security(("account_token" = ["flows.control"]), ("session_cookie" = ["flows.control"])))]
pub(crate) async fn start_multiple(
    caller: Caller<CanControlFlows>,
    State(state): State<AppState>,
    Context(context): Context,
    AnyJson(body, unknown, _): AnyJson<FlowIds>,
) -> ApiResult<Json<Vec<ControlOutcome>>> {
    unknown.into_result(())?;
    Ok(Json(switch_all(&state, &context, &caller, Switch::On, &body).await?))
}

/// Stops many flows
///
/// Takes the ids of 1 to 100 flows, and stops each as `POST /flows/{id}/stop` does, whatever becomes of the others.
#[utoipa::path(post, path = "/flows/multiple/stop", operation_id = "workflows.stopMany", tag = "Flows (FlowMate)",
    request_body = FlowIds,
    responses((status = 200, description = "What became of each flow, in their order", body = Vec<ControlOutcome>)),
    security(("account_token" = ["flows.control"]), ("session_cookie" = ["flows.control"])))]
pub(crate) async fn stop_multiple(
    caller: Caller<CanControlFlows>,
    State(state): State<AppState>,
    Context(context): Context,
    AnyJson(body, unknown, _): AnyJson<FlowIds>,
) -> ApiResult<Json<Vec<ControlOutcome>>> {
    unknown.into_result(())?;
    Ok(Json(switch_all(&state, &context, &caller, Switch::Off, &body).await?))
}

async fn switch_all(
    state: &AppState,
    context: &RequestContext,
    caller: &Caller<CanControlFlows>,
    to: Switch,
    body: &JsonValue,
) -> Result<Vec<ControlOutcome>> {
    let mut outcomes = Vec::new();
    for entry in entries(body)? {
        let switched = match id_of(Some(entry)) {
            Ok(id) => switch(state, caller, to, id).await,
            Err(error) => Err(error),
        };
        outcomes.push(match switched {
            Ok(status) => ControlOutcome::Done(WithMeta::of(status)),
            Err(error) => {
                let id = spelled(Some(entry));
                ControlOutcome::Failed(Failed::new(context, &error, id.as_deref()))
            }
        });
    }
    Ok(outcomes)
}

async fn switch(
    state: &AppState,
    caller: &Caller<CanControlFlows>,
    to: Switch,
    id: WorkflowId,
) -> Result<FlowStatus> {
    let connection = &mut state.database().write().await?;
    let key = (find(connection, caller, id).await?.workspace_id, id);
    let control = Control { asker: Some(caller.asker()), viewer: viewer(caller) };
    let (origin, limits) = (caller.origin(), &state.options().workflow_limits);
    let switched = match to {
        Switch::On => workflows::start(connection, origin, control, key, limits).await?,
        Switch::Off => workflows::stop(connection, origin, control, key).await?,
    };
    let flow = switched.ok_or_else(|| Error::not_found(Resource::Workflow, id))?;
    Ok(FlowStatus { id: id.as_uuid(), status: flow.status })
}
