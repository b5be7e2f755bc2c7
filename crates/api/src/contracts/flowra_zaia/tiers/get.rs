//! Reading one tier.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, TierId};
use denizen_persistence::tiers;

use super::answer::TierAnswer;
use crate::guards::caller::{Caller, CanReadSettings};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a tier
///
/// Tiers of other workspaces return 404.
#[utoipa::path(get, path = "/api/v1/tiers/{id}", operation_id = "tiers.get", tag = "Tiers",
    params(("id" = Uuid, Path, description = "The tier's id")),
    responses(
        (status = 200, body = TierAnswer),
        (status = 404, description = "Tier not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:read"]), ("api_key" = ["settings:read"]), ("bearer" = ["settings:read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadSettings>,
    State(state): State<AppState>,
    PathId(id): PathId<TierId>,
) -> ApiResult<Json<TierAnswer>> {
    let connection = &mut state.database().read().await?;
    let tier = tiers::find(connection, caller.workspace_id, id).await?;
    let tier = tier.ok_or_else(|| Error::not_found(Resource::Tier, id))?;
    Ok(Json(TierAnswer::from(tier)))
}
