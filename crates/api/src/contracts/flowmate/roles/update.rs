//! Changing roles.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Resource, RoleId};
use denizen_persistence::roles;

use super::super::answer::RoleAnswer;
use super::super::meta::Meta;
use super::input::UpdateRole;
use crate::guards::caller::{Caller, CanUpdateRoles};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a role
///
/// `permissions` replaces the whole list and applies to every holder from the next request. Callers can include only
/// permissions they hold. What is no permission, such as null, is 400 for holders of `all`; for others it is 403, whatever
/// else is wrong with the body. Only holders of `all` can change global roles and roles with permissions that reach beyond
/// one workspace. Built-in roles cannot be changed.
#[utoipa::path(patch, path = "/roles/{id}", operation_id = "roles.update", tag = "Roles", request_body = UpdateRole,
    params(("id" = Uuid, Path, description = "The role's id"), Meta),
    responses(
        (status = 200, description = "The role was changed", body = RoleAnswer),
        (status = 404, description = "Role not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "Another role has the name, the role is built in, or no active account would hold `all` (`last_admin`)", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["tenant.roles.update"]), ("session_cookie" = ["tenant.roles.update"])))]
pub(crate) async fn update(
    caller: Caller<CanUpdateRoles>,
    State(state): State<AppState>,
    PathId(id): PathId<RoleId>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<UpdateRole>,
) -> ApiResult<Response> {
    let not_found = || Error::not_found(Resource::Role, id);
    let (authority, reach) = (&caller.authority, caller.reach);
    let connection = &mut state.database().write().await?;
    let role = roles::find(connection, id).await?.ok_or_else(not_found)?;
    role.require_may_change(reach)?;
    let changes = body.check(unknown, authority, &role)?;
    let changed = roles::change(connection, caller.origin(), caller.asker(), id, &changes).await?;
    Ok(meta.one(RoleAnswer::from(changed.ok_or_else(not_found)?)))
}
