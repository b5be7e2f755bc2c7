//! Changing templates.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, WorkflowTemplateId};
use denizen_persistence::workflows;

use super::super::pages::WithMeta;
use super::answer::TemplateAnswer;
use super::get::find;
use super::input::{TemplateChangesBody, template_changes};
use crate::contracts::workflows::input::object;
use crate::guards::caller::{Caller, CanWriteTemplates};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a template
///
/// Replaces the keys that are given. Flows that were made of it stay as they are.
#[utoipa::path(patch, path = "/templates/{id}", operation_id = "templates.update", tag = "Templates", request_body = TemplateChangesBody,
    params(("id" = Uuid, Path, description = "The template's id")),
    responses(
        (status = 200, description = "The template was changed", body = WithMeta<TemplateAnswer>),
        (status = 404, description = "Template not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["templates.write"]), ("session_cookie" = ["templates.write"])))]
pub(crate) async fn update(
    caller: Caller<CanWriteTemplates>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowTemplateId>,
    AnyJson(body, unknown, _): AnyJson<TemplateChangesBody>,
) -> ApiResult<Json<WithMeta<TemplateAnswer>>> {
    let body = object(&body)?;
    let connection = &mut state.database().write().await?;
    let template = find(connection, caller.reach, id).await?;
    let changes = template_changes(unknown, body, &template, &state.options().workflow_limits)?;
    let (origin, key) = (caller.origin(), (template.workspace_id, id));
    let changed = workflows::change_template(connection, origin, caller.asker(), key, &changes).await?;
    let changed = changed.ok_or_else(|| Error::not_found(Resource::WorkflowTemplate, id))?;
    Ok(Json(WithMeta::of(TemplateAnswer::from(changed))))
}
