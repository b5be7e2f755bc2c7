//! Reading one group.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, ExternalUserGroupId, Resource};
use denizen_persistence::external_user_groups;

use super::answer::ExternalUserGroupAnswer;
use crate::guards::caller::{Caller, CanReadSettings};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a group
///
/// Groups of other workspaces return 404.
#[utoipa::path(get, path = "/api/v1/external-user-groups/{id}", operation_id = "externalUserGroups.get", tag = "External user groups",
    params(("id" = Uuid, Path, description = "The group's id")),
    responses(
        (status = 200, body = ExternalUserGroupAnswer),
        (status = 404, description = "External user group not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:read"]), ("api_key" = ["settings:read"]), ("bearer" = ["settings:read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadSettings>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserGroupId>,
) -> ApiResult<Json<ExternalUserGroupAnswer>> {
    let connection = &mut state.database().read().await?;
    let group = external_user_groups::find(connection, caller.workspace_id, id).await?;
    let group = group.ok_or_else(|| Error::not_found(Resource::ExternalUserGroup, id))?;
    Ok(Json(ExternalUserGroupAnswer::from(group)))
}
