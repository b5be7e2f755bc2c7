//! Reading one template.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Permission, Reach, Resource, Result, WorkflowTemplate, WorkflowTemplateId};
use denizen_persistence::{DbConnection, workflows};

use super::super::pages::WithMeta;
use super::answer::TemplateAnswer;
use crate::guards::caller::{Caller, CanReadTemplates};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a template
///
/// Templates of other tenants are not found, except for holders of `all`.
#[utoipa::path(get, path = "/templates/{id}", operation_id = "templates.get", tag = "Templates",
    params(("id" = Uuid, Path, description = "The template's id")),
    responses(
        (status = 200, body = WithMeta<TemplateAnswer>),
        (status = 404, description = "Template not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["templates.read"]), ("session_cookie" = ["templates.read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadTemplates>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkflowTemplateId>,
) -> ApiResult<Json<WithMeta<TemplateAnswer>>> {
    let connection = &mut state.database().read().await?;
    let template = find(connection, caller.reach, id).await?;
    let may_write = caller.authority.holds(Permission::TemplatesWrite);
    Ok(Json(WithMeta::of(TemplateAnswer::shown(template, may_write))))
}

/// Finds a template within reach. Others are not found.
pub(super) async fn find(
    connection: &mut DbConnection,
    reach: Reach,
    id: WorkflowTemplateId,
) -> Result<WorkflowTemplate> {
    let found = workflows::find_template(connection, reach, id).await?;
    found.ok_or_else(|| Error::not_found(Resource::WorkflowTemplate, id))
}
