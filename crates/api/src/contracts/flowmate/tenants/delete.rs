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

/// Deletes a workspace
///
/// Its keys and accounts are refused from then on. Its contents are removed at once, or in batches if they are many:
/// its roles, its external users, and the accounts that are members of no other workspace. Other accounts get as home
/// the one they have been members of longest. The caller's own workspace, and one with an account that has more rights
/// beyond workspaces than the caller, cannot be deleted.
#[utoipa::path(delete, path = "/tenants/{id}", operation_id = "tenants.delete", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, description = "The workspace was deleted", body = Done),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "An account cannot delete its own workspace, nor that of the last one that holds `all` (`last_admin`)", body = crate::wire::envelope::ErrorEnvelope)),
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
