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

/// List an organization's users
///
/// For its members: all of them, by their numbers. All of the list is sent, while it is read.
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

/// Take a user out of an organization
///
/// For its administrators, who may take themselves out, too; the last of them who can log in stays. Whoever is taken out is
/// in none of its flows any more, and does not come back by a link. The account stays: where this was its home, it is at
/// home from now on in the organization that it has been a member of for longest, of those that have brought it in, if
/// there is any, without the roles and permissions that counted here.
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

/// Make a user of an organization its administrator, or a plain member
///
/// For its administrators, who may step down themselves, too; the last of them stays one. This operation is Denizen's own:
/// the Flowdock API shows who administers an organization, and has nothing to change it.
#[utoipa::path(put, path = "/organizations/{organization}/users/{id}", operation_id = "organizations.updateUser", tag = "Organizations",
    request_body(description = "The parameters, here or in the query string", content(
        (UpdateMember = "application/json"), (UpdateMember = "application/x-www-form-urlencoded"))),
    params(
        ("organization" = String, Path, description = "The organization's `parameterized_name`, or else its number"),
        ("id" = i64, Path, description = "The user's number")),
    responses(
        (status = 200, description = "The user is now what was asked for", body = EmptyObject),
        (status = 404, description = "Organization or user not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The user is its last administrator.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn update(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathTexts([name, user]): PathTexts<2>,
    Parameters(parameters): Parameters<UpdateMember>,
) -> ApiResult<Json<EmptyObject>> {
    let id = find::administered(&state, &caller, &name).await?.workspace.id;
    let is_admin = parameters.check()?;
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
