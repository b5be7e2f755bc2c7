//! Giving keys another secret.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ApiKeyId, Error, Resource};
use denizen_persistence::api_keys;

use super::answer::NewApiKeyAnswer;
use super::input::RotateApiKey;
use crate::guards::caller::{Caller, CanManageApiKeys};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Give a key another secret
///
/// The new one is in this answer and nowhere else. The secrets that the key had before go on for `overlapSeconds`, so that
/// whoever uses them can change over, and no longer than they would have; with 0, they open nothing from the next request
/// on. The public key and the rest stay as they are, and so does the key's end. Up to 10 secrets of a key count at the same
/// time. A key with a scope that the caller lacks is not found; one that lasts longer than the secret that was sent is
/// refused, so that an old secret, which is about to end, gives no new one. Whoever changes the very secret that it sends
/// should leave an overlap: without one, an answer that is lost cannot be had again, not even with an idempotency key.
#[utoipa::path(post, path = "/api/v1/api-keys/{id}/rotate", operation_id = "apiKeys.rotate", tag = "API keys", request_body = RotateApiKey,
    params(("id" = Uuid, Path, description = "The key's id")),
    responses(
        (status = 200, description = "The key, with its new secret", body = NewApiKeyAnswer),
        (status = 403, description = "The caller lacks `api_keys:manage`, or its secret ends before the key", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "API key not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The key is revoked or has ended, or has as many secrets as it may have", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["api_keys:manage"]), ("api_key" = ["api_keys:manage"]), ("bearer" = ["api_keys:manage"])))]
pub(crate) async fn rotate(
    caller: Caller<CanManageApiKeys>,
    State(state): State<AppState>,
    PathId(id): PathId<ApiKeyId>,
    JsonBody(body): JsonBody<RotateApiKey>,
) -> ApiResult<Json<NewApiKeyAnswer>> {
    let overlap = body.check()?;
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let connection = &mut state.database().write().await?;
    let rotated = api_keys::rotate(connection, origin, workspace_id, Some(&caller), id, overlap).await?;
    let rotated = rotated.ok_or_else(|| Error::not_found(Resource::ApiKey, id))?;
    Ok(Json(NewApiKeyAnswer::from(rotated)))
}
