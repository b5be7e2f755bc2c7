//! Changing groups of external users.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, ExternalUserGroupId, Resource};
use denizen_persistence::external_user_groups;

use super::answer::ExternalUserGroupAnswer;
use super::input::UpdateExternalUserGroup;
use crate::guards::caller::{Caller, CanWriteSettings};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a group
///
/// Absent fields stay unchanged; null clears a field.
#[utoipa::path(patch, path = "/api/v1/external-user-groups/{id}", operation_id = "externalUserGroups.update", tag = "External user groups", request_body = UpdateExternalUserGroup,
    params(("id" = Uuid, Path, description = "The group's id")),
    responses(
        (status = 200, description = "The group was changed", body = ExternalUserGroupAnswer),
        (status = 404, description = "Group or tier not found in the workspace", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "Another group has the external id", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:write"]), ("api_key" = ["settings:write"]), ("bearer" = ["settings:write"])))]
pub(crate) async fn update(
    caller: Caller<CanWriteSettings>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserGroupId>,
    JsonBody(body, unknown): JsonBody<UpdateExternalUserGroup>,
) -> ApiResult<Json<ExternalUserGroupAnswer>> {
    let changes = body.check(unknown)?;
    let connection = &mut state.database().write().await?;
    let group =
        external_user_groups::change(connection, caller.origin(), caller.workspace_id, id, changes).await?;
    let group = group.ok_or_else(|| Error::not_found(Resource::ExternalUserGroup, id))?;
    Ok(Json(ExternalUserGroupAnswer::from(group)))
}
