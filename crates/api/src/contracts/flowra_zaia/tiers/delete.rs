//! Deleting tiers.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, Resource, TierId};
use denizen_persistence::tiers;

use crate::guards::caller::{Caller, CanWriteSettings};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes a tier
///
/// Its users and groups stay, without a tier: from the response on, or a little later if there are very many. Their
/// `updatedAt` stays unchanged.
#[utoipa::path(delete, path = "/api/v1/tiers/{id}", operation_id = "tiers.delete", tag = "Tiers",
    params(("id" = Uuid, Path, description = "The tier's id")),
    responses(
        (status = 200, description = "The tier was deleted", body = Done),
        (status = 404, description = "Tier not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:write"]), ("api_key" = ["settings:write"]), ("bearer" = ["settings:write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteSettings>,
    State(state): State<AppState>,
    PathId(id): PathId<TierId>,
) -> ApiResult<Json<Done>> {
    let workspace_id = caller.workspace_id;
    let deleted =
        tiers::delete(&mut state.database().write().await?, caller.origin(), workspace_id, id).await?;
    if !deleted {
        return Err(Error::not_found(Resource::Tier, id).into());
    }
    state.sweep().remove_deleted_tier(workspace_id, id).await;
    Ok(Json(Done { message: "Tier deleted." }))
}
