//! Revoking keys.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ApiKeyId, Error, Resource};
use denizen_persistence::api_keys::{self, KeyAsker};

use crate::guards::caller::{Caller, CanManageApiKeys};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Revokes a key
///
/// All servers reject the key's secrets from the next request on. A key may revoke itself. Revoking it again changes
/// nothing. A key with a scope that the caller lacks returns 404.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", operation_id = "apiKeys.revoke", tag = "API keys",
    params(("id" = Uuid, Path, description = "The key's id")),
    responses(
        (status = 200, description = "The key is revoked", body = Done),
        (status = 404, description = "API key not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["api_keys:manage"]), ("api_key" = ["api_keys:manage"]), ("bearer" = ["api_keys:manage"])))]
pub(crate) async fn delete(
    caller: Caller<CanManageApiKeys>,
    State(state): State<AppState>,
    PathId(id): PathId<ApiKeyId>,
) -> ApiResult<Json<Done>> {
    let connection = &mut state.database().write().await?;
    let asker = KeyAsker::Key(caller.secret_hash);
    let revoked = api_keys::revoke(connection, caller.origin(), caller.workspace_id, asker, id).await?;
    revoked.ok_or_else(|| Error::not_found(Resource::ApiKey, id))?;
    Ok(Json(Done { message: "API key revoked." }))
}
