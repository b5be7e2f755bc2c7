//! The members of a workspace.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountId, Error, Reach, Resource, WorkspaceId};
use denizen_persistence::memberships;

use super::super::answer::{Done, User};
use super::super::meta::Meta;
use super::super::users::UserList;
use super::get::find;
use crate::app::App;
use crate::caller::{Caller, CanReadAccounts, CanRemoveMembers};
use crate::error::ApiResult;
use crate::path::{PathId, PathIds};
use crate::stream;

/// List a workspace's members
///
/// In the order in which they came. All of the list is sent, while it is read. For whoever sees only their own workspace,
/// any other is not there.
#[utoipa::path(get, path = "/tenants/{id}/users", operation_id = "listTenantUsers", tag = "tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, body = Vec<User>),
        (status = 404, description = "Tenant not found.", body = crate::error::ErrorEnvelope)),
    security(("account_token" = ["iam.account.read", "tenant.account.read"]), ("session_cookie" = ["iam.account.read", "tenant.account.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadAccounts>,
    State(app): State<App>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
) -> ApiResult<Response> {
    let workspace = find(&app, caller.reach, id).await?;
    let members = UserList::of(Reach::Workspace(workspace.id));
    let total = if meta.meta { Some(members.count(&app).await?) } else { None };
    Ok(stream::json_array(&app, members, total).await?)
}

/// Take a member out of a workspace
///
/// The account itself stays. Where this was its home, it is at home from now on in the workspace that it has been a member
/// of for longest, if there is any, without the roles and permissions that counted here only. An account that may do more
/// than the caller is left alone, and so is the caller's own.
#[utoipa::path(delete, path = "/tenants/{id}/user/{userId}", operation_id = "removeTenantUser", tag = "tenants",
    params(
        ("id" = Uuid, Path, description = "The workspace's id"),
        ("userId" = Uuid, Path, description = "The account's id"), Meta),
    responses(
        (status = 200, description = "The account is no longer a member", body = Done),
        (status = 404, description = "Tenant not found.", body = crate::error::ErrorEnvelope),
        (status = 409, description = "An account cannot take itself out", body = crate::error::ErrorEnvelope)),
    security(("account_token" = ["iam.account.delete", "tenant.account.delete"]), ("session_cookie" = ["iam.account.delete", "tenant.account.delete"])))]
pub(crate) async fn remove(
    caller: Caller<CanRemoveMembers>,
    State(app): State<App>,
    PathIds(id, account_id): PathIds<WorkspaceId, AccountId>,
    meta: Meta,
) -> ApiResult<Response> {
    find(&app, caller.reach, id).await?;
    let (authority, reach) = (&caller.authority, caller.reach);
    let connection = &mut app.database().write().await?;
    if !memberships::remove(connection, app.source(), authority, reach, id, account_id).await? {
        return Err(Error::not_found(Resource::Account, account_id).into());
    }
    Ok(meta.one(Done { message: "User removed from the tenant." }))
}
