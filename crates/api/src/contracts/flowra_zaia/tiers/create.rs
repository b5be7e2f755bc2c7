//! Creating tiers.

use axum::Json;
use axum::extract::State;
use denizen_persistence::tiers;

use super::answer::TierAnswer;
use super::input::CreateTier;
use crate::guards::caller::{Caller, CanWriteSettings};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Creates a tier
///
/// A workspace has at most 1,000 tiers.
#[utoipa::path(post, path = "/api/v1/tiers", operation_id = "tiers.create", tag = "Tiers", request_body = CreateTier,
    responses(
        (status = 200, description = "The tier was created", body = TierAnswer),
        (status = 409, description = "The workspace has the maximum number of tiers", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:write"]), ("api_key" = ["settings:write"]), ("bearer" = ["settings:write"])))]
pub(crate) async fn create(
    caller: Caller<CanWriteSettings>,
    State(state): State<AppState>,
    JsonBody(body, unknown): JsonBody<CreateTier>,
) -> ApiResult<Json<TierAnswer>> {
    let changes = body.check(unknown)?;
    let connection = &mut state.database().write().await?;
    let tier = tiers::create(connection, caller.origin(), caller.workspace_id, changes).await?;
    Ok(Json(TierAnswer::from(tier)))
}
