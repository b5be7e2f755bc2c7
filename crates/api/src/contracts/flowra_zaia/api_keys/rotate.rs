//! Rotating the secrets of keys.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ApiKeyId, Error, Resource};
use denizen_persistence::api_keys::{self, KeyAsker};

use crate::contracts::api_keys::NewApiKeyAnswer;
use crate::contracts::flowra_zaia::rotation::RotateSecret;
use crate::guards::caller::{Caller, CanManageApiKeys};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Rotates a key's secret
///
/// Only this response contains the new secret. Earlier secrets remain valid for `overlapSeconds`, so that clients can
/// switch, but never beyond their own expiry. With 0, they are rejected from the next request on. The public key, the
/// expiry and all other fields stay unchanged. A key has at most 10 valid secrets. A key with a scope that the caller
/// lacks returns 404. A key that outlives the secret that authenticates the request returns 403, so that an expiring
/// secret cannot obtain a new one. A client that rotates its own secret should leave an overlap: without one, a lost
/// response cannot be recovered, not even with an idempotency key.
#[utoipa::path(post, path = "/api/v1/api-keys/{id}/rotate", operation_id = "apiKeys.rotate", tag = "API keys", request_body = RotateSecret,
    params(("id" = Uuid, Path, description = "The key's id")),
    responses(
        (status = 200, description = "The key, with its new secret", body = NewApiKeyAnswer),
        (status = 403, description = "The caller lacks `api_keys:manage`, or its secret expires before the key", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "API key not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The key is revoked or expired, or has the maximum number of secrets", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["api_keys:manage"]), ("api_key" = ["api_keys:manage"]), ("bearer" = ["api_keys:manage"])))]
pub(crate) async fn rotate(
    caller: Caller<CanManageApiKeys>,
    State(state): State<AppState>,
    PathId(id): PathId<ApiKeyId>,
    JsonBody(body, unknown): JsonBody<RotateSecret>,
) -> ApiResult<Json<NewApiKeyAnswer>> {
    let overlap = body.check(unknown)?;
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let connection = &mut state.database().write().await?;
    let asker = KeyAsker::Key(caller.secret_hash);
    let rotated = api_keys::rotate(connection, origin, workspace_id, asker, id, overlap).await?;
    let rotated = rotated.ok_or_else(|| Error::not_found(Resource::ApiKey, id))?;
    Ok(Json(NewApiKeyAnswer::from(rotated)))
}
