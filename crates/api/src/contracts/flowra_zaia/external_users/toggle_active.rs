//! Blocking and unblocking in one call.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccessChange, Error, ExternalUser, ExternalUserChanges, ExternalUserId, Resource};
use denizen_persistence::external_users;

use crate::contracts::external_users::{ExternalUserAnswer, answer};
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::{IfMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Blocks or unblocks an external user
///
/// Inverts `blocked`. Blocking invalidates the user's access tokens.
#[utoipa::path(put, path = "/api/v1/external-users/{id}/toggle-active", operation_id = "externalUsers.toggleActive", tag = "External users",
    params(("id" = Uuid, Path, description = "The user's directory id"), IfMatch),
    responses(
        (status = 200, body = ExternalUserAnswer),
        (status = 404, description = "External user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["external_users:write"]), ("bearer" = ["external_users:write"]), ("authorization" = ["external_users:write"])))]
pub(crate) async fn toggle_active(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserId>,
    preconditions: Preconditions,
) -> ApiResult<Response> {
    let connection = &mut state.database().write_by_key().await?;
    let toggled = |user: &ExternalUser| {
        let now = state.source().clock.now();
        preconditions.require(Some(&user.entity_tag(now)))?;
        let access = if user.is_blocked(now) { AccessChange::Unblock } else { AccessChange::Block };
        Ok(ExternalUserChanges { access: Some(access), ..ExternalUserChanges::default() })
    };
    let user = external_users::change(connection, caller.origin(), caller.workspace_id, id, toggled).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, id))?;
    Ok(answer(&state, &preconditions, user, caller.contract))
}
