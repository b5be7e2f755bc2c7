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

/// Change a workspace
///
/// Whoever changes only their own says what it is called; `status` and `confirmed` they may send as they are. A workspace
/// that is taken out of use shuts out its accounts and keys until it is in use again: not that of accounts that may do
/// more beyond workspaces than the caller, and not the caller's own. The slug stays, whatever the name.
#[utoipa::path(patch, path = "/tenants/{id}", operation_id = "tenants.update", tag = "Tenants", request_body = UpdateTenant,
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, description = "The workspace was changed", body = Tenant),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "An account cannot take its own workspace out of use", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.tenant.update", "tenant.profile.update"]), ("session_cookie" = ["iam.tenant.update", "tenant.profile.update"])))]
pub(crate) async fn update(
    caller: Caller<CanUpdateProfile>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
    JsonBody(body): JsonBody<UpdateTenant>,
) -> ApiResult<Response> {
    Ok(meta.one(change(&state, &caller, id, &body.check()?).await?))
}

/// Replace a workspace
///
/// Like changing it, with a name. Where `status` and `confirmed` are not sent, they stay as they are.
#[utoipa::path(put, path = "/tenants/{id}", operation_id = "tenants.replace", tag = "Tenants", request_body = WholeTenant,
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, description = "The workspace was changed", body = Tenant),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "An account cannot take its own workspace out of use", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.tenant.update", "tenant.profile.update"]), ("session_cookie" = ["iam.tenant.update", "tenant.profile.update"])))]
pub(crate) async fn replace(
    caller: Caller<CanUpdateProfile>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
    JsonBody(body): JsonBody<WholeTenant>,
) -> ApiResult<Response> {
    let (_, changes) = body.check()?;
    Ok(meta.one(change(&state, &caller, id, &changes).await?))
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
