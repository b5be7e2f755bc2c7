//! The members of a workspace.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountId, Error, Reach, Resource, WorkspaceId};
use denizen_persistence::memberships::{self, Removal};

use super::super::answer::User;
use super::super::meta::Meta;
use super::super::users::UserList;
use super::get::find;
use crate::guards::caller::{Caller, CanReadAccounts, CanRemoveMembers};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::{PathId, PathIds};
use crate::wire::stream;

/// Lists a workspace's members
///
/// Streams the full list in the order in which members joined. Callers limited to their own workspace get 404 for
/// others.
#[utoipa::path(get, path = "/tenants/{id}/users", operation_id = "tenants.listUsers", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, body = Vec<User>),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.account.read", "tenant.account.read"]), ("session_cookie" = ["iam.account.read", "tenant.account.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadAccounts>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
) -> ApiResult<Response> {
    let workspace = find(&state, caller.reach, id).await?;
    let members = UserList::of(Reach::Workspace(workspace.id));
    let total = if meta.meta { Some(members.count(&state).await?) } else { None };
    Ok(stream::json_array(&state, members, total).await?)
}

/// Removes a member from a workspace
///
/// An account without another workspace or rights beyond workspaces is deleted. Other accounts stay. If this was their
/// home, their new home is the workspace they have been members of longest, if any, without the roles and permissions
/// that applied here. Callers cannot remove themselves or an account that has more rights.
#[utoipa::path(delete, path = "/tenants/{id}/user/{userId}", operation_id = "tenants.removeUser", tag = "Tenants",
    params(
        ("id" = Uuid, Path, description = "The workspace's id"),
        ("userId" = Uuid, Path, description = "The account's id"), Meta),
    responses(
        (status = 200, description = "The account is no longer a member", body = Done),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "An account cannot remove itself, and the last one that holds `all` is not deleted (`last_admin`)", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.account.delete", "tenant.account.delete"]), ("session_cookie" = ["iam.account.delete", "tenant.account.delete"])))]
pub(crate) async fn remove(
    caller: Caller<CanRemoveMembers>,
    State(state): State<AppState>,
    PathIds(id, account_id): PathIds<WorkspaceId, AccountId>,
    meta: Meta,
) -> ApiResult<Response> {
    find(&state, caller.reach, id).await?;
    let connection = &mut state.database().write().await?;
    let removal = memberships::remove(connection, caller.origin(), caller.asker(), id, account_id).await?;
    let message = match removal.ok_or_else(|| Error::not_found(Resource::Account, account_id))? {
        Removal::Left => "User removed from the tenant.",
        Removal::Deleted => "User deleted.",
    };
    Ok(meta.one(Done { message }))
}
