//! Reading one auth config.

use axum::Json;
use axum::extract::State;
use denizen_domain::{AuthConfig, AuthConfigId, Error, Resource, Result, WorkspaceId};
use denizen_persistence::connected_accounts;

use super::answer::AuthConfigAnswer;
use crate::guards::caller::{Caller, CanReadAuthConfigs};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns an auth config
#[utoipa::path(get, path = "/api/v1/auth_configs/{id}", operation_id = "authConfigs.get", tag = "Auth configs",
    params(("id" = Uuid, Path, description = "The auth config's id")),
    responses(
        (status = 200, body = AuthConfigAnswer),
        (status = 404, description = "Auth config not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["auth_configs:read"]), ("bearer" = ["auth_configs:read"]), ("authorization" = ["auth_configs:read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadAuthConfigs>,
    State(state): State<AppState>,
    Context(context): Context,
    PathId(id): PathId<AuthConfigId>,
) -> ApiResult<Json<AuthConfigAnswer>> {
    let config = find(&state, caller.workspace_id, id).await?;
    Ok(Json(AuthConfigAnswer::new(config, context.base_url())))
}

/// Finds an auth config, or fails with 404.
pub(crate) async fn find(
    state: &AppState,
    workspace_id: WorkspaceId,
    id: AuthConfigId,
) -> Result<AuthConfig> {
    let connection = &mut state.database().read_by_key().await?;
    let config = connected_accounts::find_auth_config(connection, workspace_id, id).await?;
    config.ok_or_else(|| Error::not_found(Resource::AuthConfig, id))
}
