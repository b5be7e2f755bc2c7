//! Creating keys.

use axum::Json;
use axum::extract::State;
use denizen_persistence::api_keys::{self, KeyAsker};

use crate::contracts::api_keys::{CreateApiKey, NewApiKeyAnswer};
use crate::guards::caller::{Caller, CanManageApiKeys};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Creates a key
///
/// Only this response contains the secret. The key cannot have scopes that the caller lacks, or outlive the secret that
/// authenticates the request. A workspace has at most 1,000 active keys and keeps the last 1,000 revoked or expired
/// ones.
#[utoipa::path(post, path = "/api/v1/api-keys", operation_id = "apiKeys.create", tag = "API keys", request_body = CreateApiKey,
    responses(
        (status = 200, description = "The key was created", body = NewApiKeyAnswer),
        (status = 403, description = "The caller lacks `api_keys:manage` or a requested scope", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The workspace has the maximum number of keys", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["api_keys:manage"]), ("api_key" = ["api_keys:manage"]), ("bearer" = ["api_keys:manage"])))]
pub(crate) async fn create(
    caller: Caller<CanManageApiKeys>,
    State(state): State<AppState>,
    JsonBody(body, unknown): JsonBody<CreateApiKey>,
) -> ApiResult<Json<NewApiKeyAnswer>> {
    let request = body.check(unknown, Some(&caller), state.source().clock.now())?;
    let connection = &mut state.database().write().await?;
    let asker = KeyAsker::Key(caller.secret_hash);
    let made = api_keys::create(connection, caller.origin(), caller.workspace_id, asker, &request).await?;
    Ok(Json(NewApiKeyAnswer::from(made)))
}
