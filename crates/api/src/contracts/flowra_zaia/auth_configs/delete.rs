//! Deleting auth configs.

use axum::Json;
use axum::extract::State;
use denizen_domain::{AuthConfigId, Error, Resource};
use denizen_persistence::connected_accounts;

use crate::guards::caller::{Caller, CanWriteAuthConfigs};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes an auth config
///
/// Fails as long as connected accounts use it.
#[utoipa::path(delete, path = "/api/v1/auth_configs/{id}", operation_id = "authConfigs.delete", tag = "Auth configs",
    params(("id" = Uuid, Path, description = "The auth config's id")),
    responses(
        (status = 200, description = "The auth config was deleted", body = Done),
        (status = 404, description = "Auth config not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "Connected accounts use the auth config", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["auth_configs:write"]), ("bearer" = ["auth_configs:write"]), ("authorization" = ["auth_configs:write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteAuthConfigs>,
    State(state): State<AppState>,
    PathId(id): PathId<AuthConfigId>,
) -> ApiResult<Json<Done>> {
    let connection = &mut state.database().write().await?;
    let workspace_id = caller.workspace_id;
    if !connected_accounts::delete_auth_config(connection, caller.origin(), workspace_id, id).await? {
        return Err(Error::not_found(Resource::AuthConfig, id).into());
    }
    Ok(Json(Done { message: "Auth config deleted." }))
}
