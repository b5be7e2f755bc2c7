//! Deleting templates.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, WorkflowTemplateId};
use denizen_persistence::workflows;

use super::super::pages::Deleted;
use super::get::find;
use crate::guards::caller::{Caller, CanWriteTemplates};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes a template
///
/// Flows that were made of it stay.
#[utoipa::path(delete, path = "/templates/{id}", operation_id = "templates.delete", tag = "Templates",
    params(("id" = Uuid, Path, description = "The template's id")),
    responses(
        (status = 200, description = "The template was deleted", body = Deleted),
        (status = 404, description = "Template not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["templates.write"]), ("session_cookie" = ["templates.write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteTemplates>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowTemplateId>,
) -> ApiResult<Json<Deleted>> {
    let connection = &mut state.database().write().await?;
    let template = find(connection, caller.reach, id).await?;
    let key = (template.workspace_id, id);
    if !workflows::delete_template(connection, caller.origin(), caller.asker(), key).await? {
        return Err(Error::not_found(Resource::WorkflowTemplate, id).into());
    }
    Ok(Json(Deleted { msg: "Template was successfully deleted." }))
}
