//! Deleting external users.

use axum::extract::State;
use axum::http::StatusCode;
use denizen_domain::{Error, ExternalUserId, Resource};
use denizen_persistence::external_users;

use crate::app::App;
use crate::caller::{Caller, CanWriteExternalUsers};
use crate::error::ApiResult;
use crate::path::PathId;

/// Delete an external user
///
/// Its external id and identifier are free again, and its tokens count no more.
#[utoipa::path(delete, path = "/api/v1/external-users/{id}", operation_id = "deleteExternalUser", tag = "external users",
    params(("id" = Uuid, Path, description = "The directory's id of the user")),
    responses(
        (status = 204, description = "The user is gone"),
        (status = 404, description = "External user not found.", body = crate::error::ErrorEnvelope)),
    security(("authorization" = ["external_users:write"]), ("api_key" = ["external_users:write"]), ("bearer" = ["external_users:write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteExternalUsers>,
    State(app): State<App>,
    PathId(id): PathId<ExternalUserId>,
) -> ApiResult<StatusCode> {
    let connection = &mut app.database().write().await?;
    if external_users::delete(connection, caller.workspace_id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::not_found(Resource::ExternalUser, id).into())
    }
}
