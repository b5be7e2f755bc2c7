//! Deleting a user.

use axum::extract::State;
use axum::http::StatusCode;
use denizen_domain::{Error, ExternalUser, Resource};
use denizen_persistence::external_users;

use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::{IfMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathText;

/// Deletes a user by external id
///
/// Deletes the default channel's user, or else the oldest of the others.
#[utoipa::path(delete, path = "/users/{id}", operation_id = "users.delete", tag = "Users",
    params(("id" = String, Path, description = "The external id, percent-encoded"), IfMatch),
    responses(
        (status = 204, description = "The user was deleted"),
        (status = 404, description = "User not found", body = crate::wire::envelope::ErrorEnvelope)),
    security(("notiflows_api_key" = ["external_users:write"], "notiflows_secret_key" = ["external_users:write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    PathText(external_id): PathText,
    preconditions: Preconditions,
) -> ApiResult<StatusCode> {
    let guard =
        |user: &ExternalUser| preconditions.require(Some(&user.entity_tag(state.source().clock.now())));
    let connection = &mut state.database().write_by_key().await?;
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    if external_users::delete_by_external_id(connection, origin, workspace_id, &external_id, guard).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::not_found(Resource::ExternalUser, external_id).into())
    }
}
