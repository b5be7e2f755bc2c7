//! Deleting external users.

use axum::extract::State;
use axum::http::StatusCode;
use denizen_domain::{Error, ExternalUser, ExternalUserId, Resource};
use denizen_persistence::external_users;

use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::{IfMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes an external user
///
/// Hides the user, frees its external id and identifier, and invalidates its tokens. It can be restored within 30 days,
/// or the period that the server sets.
#[utoipa::path(delete, path = "/api/v1/external-users/{id}", operation_id = "externalUsers.delete", tag = "External users",
    params(("id" = Uuid, Path, description = "The user's directory id"), IfMatch),
    responses(
        (status = 204, description = "The user was deleted"),
        (status = 404, description = "External user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["external_users:write"]), ("api_key" = ["external_users:write"]), ("bearer" = ["external_users:write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserId>,
    preconditions: Preconditions,
) -> ApiResult<StatusCode> {
    let guard =
        |user: &ExternalUser| preconditions.require(Some(&user.entity_tag(state.source().clock.now())));
    let connection = &mut state.database().write_by_key().await?;
    if external_users::delete(connection, caller.origin(), caller.workspace_id, id, guard).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::not_found(Resource::ExternalUser, id).into())
    }
}
