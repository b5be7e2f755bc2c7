//! Making keys.

use axum::Json;
use axum::extract::State;
use denizen_persistence::api_keys;

use super::answer::NewApiKeyAnswer;
use super::input::CreateApiKey;
use crate::guards::caller::{Caller, CanManageApiKeys};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Make a key
///
/// Its secret is in this answer and nowhere else. It can have no scope that the caller lacks, and can last no longer than
/// the secret that was sent. A workspace has at most 1,000 keys in force; of those that were revoked or have ended, it
/// keeps the last 1,000.
#[utoipa::path(post, path = "/api/v1/api-keys", operation_id = "apiKeys.create", tag = "API keys", request_body = CreateApiKey,
    responses(
        (status = 200, description = "The key was made", body = NewApiKeyAnswer),
        (status = 403, description = "The caller lacks `api_keys:manage`, or a scope that it wants to give", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The workspace has as many keys as it may have", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["api_keys:manage"]), ("api_key" = ["api_keys:manage"]), ("bearer" = ["api_keys:manage"])))]
pub(crate) async fn create(
    caller: Caller<CanManageApiKeys>,
    State(state): State<AppState>,
    JsonBody(body): JsonBody<CreateApiKey>,
) -> ApiResult<Json<NewApiKeyAnswer>> {
    let request = body.check(&caller, state.source().clock.now())?;
    let connection = &mut state.database().write().await?;
    let made =
        api_keys::create(connection, caller.origin(), caller.workspace_id, Some(&caller), &request).await?;
    Ok(Json(NewApiKeyAnswer::from(made)))
}
