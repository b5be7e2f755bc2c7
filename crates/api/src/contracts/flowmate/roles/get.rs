//! Reading one role.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Resource, RoleId};
use denizen_persistence::roles;

use super::super::answer::RoleAnswer;
use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanReadRoles};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a role
///
/// It must be global or of the caller's own workspace; others are 403, except for holders of `all`.
#[utoipa::path(get, path = "/roles/{id}", operation_id = "roles.get", tag = "Roles",
    params(("id" = Uuid, Path, description = "The role's id"), Meta),
    responses(
        (status = 200, body = RoleAnswer),
        (status = 404, description = "Role not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["tenant.roles.read"]), ("session_cookie" = ["tenant.roles.read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadRoles>,
    State(state): State<AppState>,
    PathId(id): PathId<RoleId>,
    meta: Meta,
) -> ApiResult<Response> {
    let connection = &mut state.database().read().await?;
    let role = roles::find_within(connection, caller.reach, id).await?;
    let role = role.ok_or_else(|| Error::not_found(Resource::Role, id))?;
    Ok(meta.one(RoleAnswer::from(role)))
}
