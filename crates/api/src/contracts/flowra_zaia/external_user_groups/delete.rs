//! Deleting groups of external users.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, ExternalUserGroupId, Resource};
use denizen_persistence::external_user_groups;

use crate::guards::caller::{Caller, CanWriteSettings};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes a group
///
/// Its users stay, without a group: from the response on, or a little later if there are very many. Their `updatedAt`
/// stays unchanged.
#[utoipa::path(delete, path = "/api/v1/external-user-groups/{id}", operation_id = "externalUserGroups.delete", tag = "External user groups",
    params(("id" = Uuid, Path, description = "The group's id")),
    responses(
        (status = 200, description = "The group was deleted", body = Done),
        (status = 404, description = "External user group not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:write"]), ("api_key" = ["settings:write"]), ("bearer" = ["settings:write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteSettings>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserGroupId>,
) -> ApiResult<Json<Done>> {
    let workspace_id = caller.workspace_id;
    let deleted =
        external_user_groups::delete(&mut state.database().write().await?, caller.origin(), workspace_id, id)
            .await?;
    if !deleted {
        return Err(Error::not_found(Resource::ExternalUserGroup, id).into());
    }
    state.sweep().remove_deleted_group(workspace_id, id).await;
    Ok(Json(Done { message: "External user group deleted." }))
}
