//! Changing workspaces.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Resource, WorkspaceChanges, WorkspaceId};
use denizen_persistence::workspaces;

use super::super::answer::Tenant;
use super::super::meta::Meta;
use super::input::{UpdateTenant, WholeTenant};
use crate::guards::caller::{Caller, CanUpdateProfile};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a workspace
///
/// Callers limited to their own workspace can change only its name, but may send `status` and `confirmed` unchanged. A
/// workspace that is not active refuses its accounts and keys. Callers cannot deactivate their own workspace, or one
/// with an account that has more rights beyond workspaces than they do. The slug never changes.
#[utoipa::path(patch, path = "/tenants/{id}", operation_id = "tenants.update", tag = "Tenants", request_body = UpdateTenant,
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, description = "The workspace was changed", body = Tenant),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "An account cannot deactivate its own workspace, nor that of the last one that holds `all` (`last_admin`)", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.tenant.update", "tenant.profile.update"]), ("session_cookie" = ["iam.tenant.update", "tenant.profile.update"])))]
pub(crate) async fn update(
    caller: Caller<CanUpdateProfile>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<UpdateTenant>,
) -> ApiResult<Response> {
    Ok(meta.one(change(&state, &caller, id, &body.check(unknown)?).await?))
}

/// Replaces a workspace
///
/// Like changing it, but requires a name. `status` and `confirmed` stay unchanged if absent.
#[utoipa::path(put, path = "/tenants/{id}", operation_id = "tenants.replace", tag = "Tenants", request_body = WholeTenant,
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, description = "The workspace was changed", body = Tenant),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "An account cannot deactivate its own workspace, nor that of the last one that holds `all` (`last_admin`)", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.tenant.update", "tenant.profile.update"]), ("session_cookie" = ["iam.tenant.update", "tenant.profile.update"])))]
pub(crate) async fn replace(
    caller: Caller<CanUpdateProfile>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<WholeTenant>,
) -> ApiResult<Response> {
    Ok(meta.one(change(&state, &caller, id, &body.check(unknown)?).await?))
}

async fn change(
    state: &AppState,
    caller: &Caller<CanUpdateProfile>,
    id: WorkspaceId,
    changes: &WorkspaceChanges,
) -> ApiResult<Tenant> {
    let connection = &mut state.database().write().await?;
    let changed = workspaces::change(connection, caller.origin(), caller.asker(), id, changes).await?;
    Ok(Tenant::from(changed.ok_or_else(|| Error::not_found(Resource::Workspace, id))?))
}
