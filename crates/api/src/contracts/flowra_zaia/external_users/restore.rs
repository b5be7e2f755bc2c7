//! Restoring deleted external users.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, ExternalUserId, Resource};
use denizen_persistence::external_users;

use crate::contracts::external_users::{ExternalUserAnswer, answer};
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::Preconditions;
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Restores a deleted external user
///
/// The list of external users shows which ones, with `deleted=true`. Works within 30 days of deletion, or the period that the server sets, whichever contract deleted the user. Restores
/// the user as it was, except for a deleted group or tier. Earlier access tokens stay invalid. Returns a user that was
/// not deleted as it is.
#[utoipa::path(post, path = "/api/v1/external-users/{id}/restore", operation_id = "externalUsers.restore", tag = "External users",
    params(("id" = Uuid, Path, description = "The user's directory id")),
    responses(
        (status = 200, body = ExternalUserAnswer),
        (status = 404, description = "External user not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "Another user now has its external id or identifier, or it was erased", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["external_users:write"]), ("api_key" = ["external_users:write"]), ("bearer" = ["external_users:write"])))]
pub(crate) async fn restore(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserId>,
    preconditions: Preconditions,
) -> ApiResult<Response> {
    let restorable_from = state.source().clock.now().minus(state.options().restore_period);
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let connection = &mut state.database().write().await?;
    let user = external_users::restore(connection, origin, workspace_id, id, restorable_from).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, id))?;
    Ok(answer(&state, &preconditions, user, caller.contract))
}
