//! Changing tiers.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, TierId};
use denizen_persistence::tiers;

use super::answer::TierAnswer;
use super::input::UpdateTier;
use crate::guards::caller::{Caller, CanWriteSettings};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a tier
///
/// Absent fields stay unchanged; null clears `prompt` and `maxAssistantMessages`.
#[utoipa::path(patch, path = "/api/v1/tiers/{id}", operation_id = "tiers.update", tag = "Tiers", request_body = UpdateTier,
    params(("id" = Uuid, Path, description = "The tier's id")),
    responses(
        (status = 200, description = "The tier was changed", body = TierAnswer),
        (status = 404, description = "Tier not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:write"]), ("api_key" = ["settings:write"]), ("bearer" = ["settings:write"])))]
pub(crate) async fn update(
    caller: Caller<CanWriteSettings>,
    State(state): State<AppState>,
    PathId(id): PathId<TierId>,
    JsonBody(body, unknown): JsonBody<UpdateTier>,
) -> ApiResult<Json<TierAnswer>> {
    let changes = body.check(unknown)?;
    let connection = &mut state.database().write().await?;
    let tier = tiers::change(connection, caller.origin(), caller.workspace_id, id, changes).await?;
    let tier = tier.ok_or_else(|| Error::not_found(Resource::Tier, id))?;
    Ok(Json(TierAnswer::from(tier)))
}
