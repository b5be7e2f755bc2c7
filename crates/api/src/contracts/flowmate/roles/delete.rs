//! Deleting roles.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Resource, RoleId};
use denizen_persistence::roles;

use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanDeleteRoles};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes a role
///
/// All accounts lose the role at once. Only holders of `all` can delete global roles and roles with permissions that
/// reach beyond one workspace. Built-in roles cannot be deleted.
#[utoipa::path(delete, path = "/roles/{id}", operation_id = "roles.delete", tag = "Roles",
    params(("id" = Uuid, Path, description = "The role's id"), Meta),
    responses(
        (status = 200, description = "The role was deleted", body = Done),
        (status = 404, description = "Role not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The role is built in, or no active account would hold `all` (`last_admin`)", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["tenant.roles.delete"]), ("session_cookie" = ["tenant.roles.delete"])))]
pub(crate) async fn delete(
    caller: Caller<CanDeleteRoles>,
    State(state): State<AppState>,
    PathId(id): PathId<RoleId>,
    meta: Meta,
) -> ApiResult<Response> {
    let connection = &mut state.database().write().await?;
    if !roles::delete(connection, caller.origin(), caller.asker(), id).await? {
        return Err(Error::not_found(Resource::Role, id).into());
    }
    Ok(meta.one(Done { message: "Role deleted." }))
}
