//! Reading one user.

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

/// Returns the current user
///
/// The credential's owner.
#[utoipa::path(get, path = "/user", operation_id = "people.getCurrent", tag = "People",
    params(IfNoneMatch),
    responses((status = 200, body = User)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn own(caller: Caller<IsPerson>, preconditions: Preconditions) -> Response {
    shown(&preconditions, Profile::from(&caller.account))
}

/// Returns a user
///
/// The caller, or a user who shares an organization with the caller. Others are 404.
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
