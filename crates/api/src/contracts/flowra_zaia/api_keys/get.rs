//! Reading one key.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ApiKeyId, Error, Resource};
use denizen_persistence::api_keys;

use crate::contracts::api_keys::ApiKeyAnswer;
use crate::guards::caller::{Caller, CanManageApiKeys};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a key
///
/// Also returns revoked keys. A key with a scope that the caller lacks returns 404.
#[utoipa::path(get, path = "/api/v1/api-keys/{id}", operation_id = "apiKeys.get", tag = "API keys",
    params(("id" = Uuid, Path, description = "The key's id")),
    responses(
        (status = 200, body = ApiKeyAnswer),
        (status = 404, description = "API key not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["api_keys:manage"]), ("api_key" = ["api_keys:manage"]), ("bearer" = ["api_keys:manage"])))]
pub(crate) async fn get(
    caller: Caller<CanManageApiKeys>,
    State(state): State<AppState>,
    PathId(id): PathId<ApiKeyId>,
) -> ApiResult<Json<ApiKeyAnswer>> {
    let connection = &mut state.database().read().await?;
    let key = api_keys::find(connection, caller.workspace_id, id).await?;
    let key = key.filter(|key| caller.may_see(key));
    let key = key.ok_or_else(|| Error::not_found(Resource::ApiKey, id))?;
    Ok(Json(ApiKeyAnswer::from(key)))
}
