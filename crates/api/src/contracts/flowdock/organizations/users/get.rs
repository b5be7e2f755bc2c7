//! Reading one person.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use denizen_domain::{AccountNumber, Profile};

use super::super::answer::User;
use super::super::find;
use crate::guards::caller::{Caller, IsPerson};
use crate::guards::entity_tags::{IfNoneMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Get oneself
///
/// Whose credential it is.
#[utoipa::path(get, path = "/user", operation_id = "people.getCurrent", tag = "People",
    params(IfNoneMatch),
    responses((status = 200, body = User)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn own(caller: Caller<IsPerson>, preconditions: Preconditions) -> Response {
    shown(&preconditions, Profile::from(&caller.account))
}

/// Get a user
///
/// Oneself, or whoever is a member of an organization that the caller is a member of, too. Others are not there.
#[utoipa::path(get, path = "/users/{id}", operation_id = "people.get", tag = "People",
    params(("id" = i64, Path, description = "The user's number"), IfNoneMatch),
    responses(
        (status = 200, body = User),
        (status = 404, description = "User not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn get(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathId(number): PathId<AccountNumber>,
    preconditions: Preconditions,
) -> ApiResult<Response> {
    Ok(shown(&preconditions, find::user(&state, &caller, number).await?))
}

fn shown(preconditions: &Preconditions, profile: Profile) -> Response {
    preconditions.answer(&profile.entity_tag(), StatusCode::OK, User::from(profile))
}
