//! Reading one external user.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, ExternalUserId, Resource};
use denizen_persistence::ExternalUserName;

use crate::contracts::external_users::{ExternalUserAnswer, answer};
use crate::guards::caller::{Caller, CanReadExternalUsers};
use crate::guards::entity_tags::{IfNoneMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns an external user
///
/// Deleted users and users of other workspaces return 404.
#[utoipa::path(get, path = "/api/v1/external-users/{id}", operation_id = "externalUsers.get", tag = "External users",
    params(("id" = Uuid, Path, description = "The user's directory id"), IfNoneMatch),
    responses(
        (status = 200, body = ExternalUserAnswer),
        (status = 404, description = "External user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["external_users:read"]), ("api_key" = ["external_users:read"]), ("bearer" = ["external_users:read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadExternalUsers>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserId>,
    preconditions: Preconditions,
) -> ApiResult<Response> {
    let user = state.cache().external_user(caller.workspace_id, ExternalUserName::Id(id)).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, id))?;
    Ok(answer(&state, &preconditions, Arc::unwrap_or_clone(user), caller.contract))
}
