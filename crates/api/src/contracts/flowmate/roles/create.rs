//! Creating roles.

use axum::extract::State;
use axum::response::Response;
use denizen_persistence::roles;

use super::super::answer::RoleAnswer;
use super::super::meta::Meta;
use super::input::{CreateRole, NewRole};
use crate::guards::caller::{Caller, CanCreateRoles};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Creates a role
///
/// The role belongs to the caller's workspace, or to all workspaces with `isGlobal`. Callers can include only
/// permissions they hold, and only holders of `all` those that reach beyond one workspace. Names of built-in roles are
/// reserved (403, before any 409). What is no permission, such as null, is 400 for holders of `all`; for others it is
/// 403, whatever else is wrong with the body. A workspace has at most 1,000 roles.
#[utoipa::path(post, path = "/roles", operation_id = "roles.create", tag = "Roles", params(Meta), request_body = CreateRole,
    responses(
        (status = 200, description = "The role was created", body = RoleAnswer),
        (status = 409, description = "A role with this name exists, or the limit of roles is reached", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["tenant.roles.create"]), ("session_cookie" = ["tenant.roles.create"])))]
pub(crate) async fn create(
    caller: Caller<CanCreateRoles>,
    State(state): State<AppState>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<CreateRole>,
) -> ApiResult<Response> {
    let NewRole { workspace_id, name, changes } = body.check(unknown, &caller.authority, caller.reach)?;
    let connection = &mut state.database().write().await?;
    let role =
        roles::create(connection, caller.origin(), caller.asker(), workspace_id, &name, &changes).await?;
    Ok(meta.one(RoleAnswer::from(role)))
}
