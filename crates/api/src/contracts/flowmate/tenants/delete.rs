//! Deleting workspaces.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Resource, WorkspaceId};
use denizen_persistence::workspaces;

use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanDeleteWorkspaces};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Delete a workspace
///
/// Nobody gets in with its keys or its accounts from then on. What is in it is removed at once, or bit by bit where it is
/// much: its roles, its external users, and its accounts that are members of no other workspace. Those that are find
/// their home in the one that they have been members of for longest. Not the workspace of accounts that may do more
/// beyond workspaces than the caller, and not the caller's own.
#[utoipa::path(delete, path = "/tenants/{id}", operation_id = "tenants.delete", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, description = "The workspace was deleted", body = Done),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "An account cannot delete its own workspace", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.tenant.delete"]), ("session_cookie" = ["iam.tenant.delete"])))]
pub(crate) async fn delete(
    caller: Caller<CanDeleteWorkspaces>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
) -> ApiResult<Response> {
    let asker = caller.asker();
    if !workspaces::delete(&mut state.database().write().await?, caller.origin(), asker, id).await? {
        return Err(Error::not_found(Resource::Workspace, id).into());
    }
    state.sweep().remove_deleted_workspace(id).await;
    Ok(meta.one(Done { message: "Tenant deleted." }))
}
