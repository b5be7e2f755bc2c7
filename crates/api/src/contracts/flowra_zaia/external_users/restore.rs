//! Bringing deleted external users back.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, ExternalUserId, Resource};
use denizen_persistence::external_users;

use super::answer::{ExternalUserAnswer, answer};
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::Preconditions;
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Restore a deleted external user
///
/// Within 30 days after it was deleted, unless the server is set up otherwise; by any contract. The user comes back as it
/// was, but for a group or tier that is gone, and access tokens that were out: those stay void. A user that was not deleted
/// is answered as it is.
#[utoipa::path(post, path = "/api/v1/external-users/{id}/restore", operation_id = "externalUsers.restore", tag = "External users",
    params(("id" = Uuid, Path, description = "The directory's id of the user")),
    responses(
        (status = 200, body = ExternalUserAnswer),
        (status = 404, description = "External user not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "Another user has its external id or identifier by now, or it was erased", body = crate::wire::envelope::ErrorEnvelope)),
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
