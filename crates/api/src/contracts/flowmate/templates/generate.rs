//! Making flows of templates.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use denizen_domain::{Json as JsonValue, JsonObject, Reach, WorkflowTemplateId, WorkflowViewer};
use denizen_persistence::workflows;

use super::super::pages::WithMeta;
use super::get::find;
use super::input::generated_workflow;
use crate::contracts::workflows::answer::WorkflowAnswer;
use crate::contracts::workflows::body::FlowChanges;
use crate::contracts::workflows::input::{Place, object};
use crate::guards::caller::{Caller, CanWriteFlows};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Makes a flow of a template
///
/// The body is laid over the template: objects key by key, arrays by index. A trigger of another type takes the place of the
/// template's. Without a body, the flow does what the template says. Callers with rights beyond one tenant may name another
/// `tenant` than the template's.
#[utoipa::path(post, path = "/templates/{id}/generate", operation_id = "templates.generate", tag = "Templates", request_body = FlowChanges,
    params(("id" = Uuid, Path, description = "The template's id")),
    responses(
        (status = 201, description = "The flow was created", body = WithMeta<WorkflowAnswer>),
        (status = 404, description = "Template not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The tenant has the maximum number of flows", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["flows.write"]), ("session_cookie" = ["flows.write"])))]
pub(crate) async fn generate(
    caller: Caller<CanWriteFlows>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowTemplateId>,
    AnyJson(body, unknown, _): AnyJson<FlowChanges>,
) -> ApiResult<(StatusCode, Json<WithMeta<WorkflowAnswer>>)> {
    let nothing = JsonObject::new();
    let body = if body == JsonValue::Null { &nothing } else { object(&body)? };
    let connection = &mut state.database().write().await?;
    let template = find(connection, caller.reach, id).await?;
    let place = match caller.reach {
        Reach::Workspace(own) => Place::Only(own),
        Reach::Everywhere => Place::Any(Some(template.workspace_id)),
    };
    let new = generated_workflow(unknown, &template, body, place, &state.options().workflow_limits)?;
    let viewer = WorkflowViewer { reach: caller.reach, account_id: Some(caller.account.id) };
    let asker = Some(caller.asker());
    let flow = workflows::create(connection, caller.origin(), asker, viewer, &new).await?;
    Ok((StatusCode::CREATED, Json(WithMeta::of(WorkflowAnswer::from(flow)))))
}
