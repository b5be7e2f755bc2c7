//! Listing roles.

use axum::extract::State;
use axum::response::Response;
use denizen_persistence::roles;

use super::super::answer::RoleAnswer;
use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanReadRoles};
use crate::state::AppState;
use crate::wire::error::ApiResult;

/// Lists roles
///
/// Returns the global roles and those of the caller's workspace, oldest first, but never those of other workspaces.
#[utoipa::path(get, path = "/roles", operation_id = "roles.list", tag = "Roles", params(Meta),
    responses((status = 200, body = Vec<RoleAnswer>)),
    security(("account_token" = ["tenant.roles.read"]), ("session_cookie" = ["tenant.roles.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadRoles>,
    State(state): State<AppState>,
    meta: Meta,
) -> ApiResult<Response> {
    let connection = &mut state.database().read().await?;
    let roles = roles::list(connection, caller.authority.home).await?;
    let roles: Vec<_> = roles.into_iter().map(RoleAnswer::from).collect();
    Ok(meta.all(&roles))
}
