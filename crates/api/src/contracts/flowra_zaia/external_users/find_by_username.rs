//! Finding external users by username.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use denizen_persistence::ExternalUserName;

use crate::contracts::external_users::{ExternalUserAnswer, answer};
use crate::guards::caller::{Caller, CanReadExternalUsers};
use crate::guards::entity_tags::{IfNoneMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathText;

/// Returns an external user by username
///
/// Matches the identifier, ignoring case and blanks around it, or else the external id. Prefers the default channel, then the oldest user of
/// the others. Returns `null` if there is none, never 404.
#[utoipa::path(get, path = "/api/v1/external-users/username/{username}", operation_id = "externalUsers.findByUsername", tag = "External users",
    params(("username" = String, Path, description = "The username, percent-encoded"), IfNoneMatch),
    responses((status = 200, description = "The user, or null", body = Option<ExternalUserAnswer>)),
    security(("api_key" = ["external_users:read"]), ("bearer" = ["external_users:read"]), ("authorization" = ["external_users:read"])))]
pub(crate) async fn find_by_username(
    caller: Caller<CanReadExternalUsers>,
    State(state): State<AppState>,
    PathText(username): PathText,
    preconditions: Preconditions,
) -> ApiResult<Response> {
    let name = ExternalUserName::Username(username);
    let user = state.cache().external_user(caller.workspace_id, name).await?;
    Ok(match user {
        Some(user) => answer(&state, &preconditions, Arc::unwrap_or_clone(user), caller.contract),
        None => Json(None::<ExternalUserAnswer>).into_response(),
    })
}
