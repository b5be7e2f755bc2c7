//! Reading one workspace.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Reach, Resource, Workspace, WorkspaceId};
use denizen_persistence::workspaces;

use super::super::answer::Tenant;
use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanReadProfile};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a workspace
///
/// Callers limited to their own get 404 for others.
#[utoipa::path(get, path = "/tenants/{id}", operation_id = "tenants.get", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, body = Tenant),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.tenant.read", "tenant.profile.read"]), ("session_cookie" = ["iam.tenant.read", "tenant.profile.read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadProfile>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
) -> ApiResult<Response> {
    Ok(meta.one(Tenant::from(find(&state, caller.reach, id).await?)))
}

/// Returns a workspace's profile
///
/// Same as getting the workspace.
#[utoipa::path(get, path = "/tenants/{id}/profile", operation_id = "tenants.getProfile", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, body = Tenant),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.tenant.read", "tenant.profile.read"]), ("session_cookie" = ["iam.tenant.read", "tenant.profile.read"])))]
pub(crate) async fn profile(
    caller: Caller<CanReadProfile>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
) -> ApiResult<Response> {
    Ok(meta.one(Tenant::from(find(&state, caller.reach, id).await?)))
}

/// Returns the workspace with this id if within reach.
pub(super) async fn find(state: &AppState, reach: Reach, id: WorkspaceId) -> ApiResult<Workspace> {
    let connection = &mut state.database().read().await?;
    let workspace = workspaces::find_within(connection, reach, id).await?;
    Ok(workspace.ok_or_else(|| Error::not_found(Resource::Workspace, id))?)
}
