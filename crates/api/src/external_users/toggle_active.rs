//! Blocking and unblocking in one call.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, ExternalUser, ExternalUserChanges, ExternalUserId, Resource};
use denizen_persistence::external_users;

use super::answer::ExternalUserAnswer;
use crate::app::App;
use crate::caller::{Caller, CanWriteExternalUsers};
use crate::error::ApiResult;
use crate::path::PathId;

/// Block or unblock an external user
///
/// Turns `blocked` to what it is not. Blocking voids the user's access tokens.
#[utoipa::path(put, path = "/api/v1/external-users/{id}/toggle-active", operation_id = "toggleExternalUserActive", tag = "external users",
    params(("id" = Uuid, Path, description = "The directory's id of the user")),
    responses(
        (status = 200, body = ExternalUserAnswer),
        (status = 404, description = "External user not found.", body = crate::error::ErrorEnvelope)),
    security(("api_key" = ["external_users:write"]), ("bearer" = ["external_users:write"]), ("authorization" = ["external_users:write"])))]
pub(crate) async fn toggle_active(
    caller: Caller<CanWriteExternalUsers>,
    State(app): State<App>,
    PathId(id): PathId<ExternalUserId>,
) -> ApiResult<Json<ExternalUserAnswer>> {
    let connection = &mut app.database().write().await?;
    let toggled = |user: &ExternalUser| {
        Ok(ExternalUserChanges { blocked: Some(!user.blocked), ..ExternalUserChanges::default() })
    };
    let user = external_users::change(connection, app.source(), caller.workspace_id, id, toggled).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, id))?;
    Ok(Json(ExternalUserAnswer::new(user, caller.contract)))
}
