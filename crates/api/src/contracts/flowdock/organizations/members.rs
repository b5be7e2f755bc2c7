//! The members of an organization.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use denizen_domain::{AccountNumber, Error, Resource, Result, WorkspaceId};
use denizen_persistence::organizations;

use super::answer::{EmptyObject, Member};
use super::find;
use super::input::UpdateMember;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::{PathText, PathTexts, addressed};
use crate::wire::stream::{self, Batch, Batches};

/// Lists an organization's users
///
/// Only for its members. Streams the full list, ordered by number.
#[utoipa::path(get, path = "/organizations/{organization}/users", operation_id = "organizations.listUsers", tag = "Organizations",
    params(("organization" = String, Path, description = "The organization's `parameterized_name`, or else its number")),
    responses(
        (status = 200, body = Vec<Member>),
        (status = 404, description = "Organization not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn list(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathText(name): PathText,
) -> ApiResult<Response> {
    let organization = find::organization(&mut state.database().read().await?, &caller, &name).await?;
    Ok(stream::json_array(&state, MemberList(organization.workspace.id), None).await?)
}

/// Removes a user from an organization
///
/// Requires an administrator. Administrators can remove themselves, except the last one who can log in. The user leaves
/// all flows of the organization and cannot come back by a link. The account stays. If this was its home, its new home
/// is the organization it has been a member of longest, among those that added it, if any. It loses the roles and
/// permissions that applied here.
#[utoipa::path(delete, path = "/organizations/{organization}/users/{id}", operation_id = "organizations.removeUser", tag = "Organizations",
    params(
        ("organization" = String, Path, description = "The organization's `parameterized_name`, or else its number"),
        ("id" = i64, Path, description = "The user's number")),
    responses(
        (status = 204, description = "The user is no longer a member"),
        (status = 404, description = "Organization or user not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The user is its last administrator.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn remove(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathTexts([name, user]): PathTexts<2>,
) -> ApiResult<StatusCode> {
    let id = find::administered(&state, &caller, &name).await?.workspace.id;
    let user = find::user(&state, &caller, addressed(&user)?).await?;
    let connection = &mut state.database().write().await?;
    let removed =
        organizations::remove(connection, caller.origin(), caller.asker(), id, user.account_id).await?;
    removed.ok_or_else(|| Error::not_found(Resource::Account, user.number))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a user of an organization an administrator or plain member
///
/// Requires an administrator. Administrators can demote themselves, except the last one. Denizen adds this operation:
/// the Flowdock API shows the administrators of an organization but cannot change them.
#[utoipa::path(put, path = "/organizations/{organization}/users/{id}", operation_id = "organizations.updateUser", tag = "Organizations",
    request_body(description = "Parameters, here or in the query string", content(
        (UpdateMember = "application/json"), (UpdateMember = "application/x-www-form-urlencoded"))),
    params(
        ("organization" = String, Path, description = "The organization's `parameterized_name`, or else its number"),
        ("id" = i64, Path, description = "The user's number")),
    responses(
        (status = 200, description = "The user was changed", body = EmptyObject),
        (status = 404, description = "Organization or user not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The user is its last administrator.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn update(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathTexts([name, user]): PathTexts<2>,
    Parameters(parameters, unknown): Parameters<UpdateMember>,
) -> ApiResult<Json<EmptyObject>> {
    let id = find::administered(&state, &caller, &name).await?.workspace.id;
    let is_admin = parameters.check(unknown)?;
    let user = find::user(&state, &caller, addressed(&user)?).await?;
    let (origin, asker) = (caller.origin(), caller.asker());
    let connection = &mut state.database().write().await?;
    let changed = organizations::set_admin(connection, origin, asker, id, user.account_id, is_admin).await?;
    changed.ok_or_else(|| Error::not_found(Resource::Account, user.number))?;
    Ok(Json(EmptyObject {}))
}

/// The members of an organization.
pub(super) struct MemberList(pub(super) WorkspaceId);

impl Batches for MemberList {
    type Item = Member;
    type Shared = AppState;
    type Place = AccountNumber;

    async fn read(
        &self,
        state: &AppState,
        after: Option<AccountNumber>,
    ) -> Result<Batch<Member, AccountNumber>> {
        let connection = &mut state.database().read().await?;
        let members = organizations::list_members(connection, self.0, after, stream::READ).await?;
        let slice = stream::cut(members);
        Ok(Batch::of(slice, |member| member.profile.number, Member::from))
    }
}
