//! Removing channels.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ChannelId, Error, Resource};
use denizen_persistence::channels::{self, Removal};

use crate::guards::caller::{Caller, CanWriteSettings};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Removes a channel
///
/// Deletes a channel without users. Sets `isRemoved` on one with users: it keeps them but takes no new ones. The
/// default channel cannot be removed.
#[utoipa::path(delete, path = "/api/v1/channels/{id}", operation_id = "channels.delete", tag = "Channels",
    params(("id" = Uuid, Path, description = "The channel's id")),
    responses(
        (status = 200, description = "The channel was deleted or removed", body = Done),
        (status = 404, description = "Channel not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The default channel cannot be removed", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:write"]), ("api_key" = ["settings:write"]), ("bearer" = ["settings:write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteSettings>,
    State(state): State<AppState>,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<Json<Done>> {
    let connection = &mut state.database().write().await?;
    let removal = channels::remove(connection, caller.origin(), caller.workspace_id, id).await?;
    let message = match removal.ok_or_else(|| Error::not_found(Resource::Channel, id))? {
        Removal::Deleted => "Channel deleted.",
        Removal::Closed => "Channel removed. Its external users stay, and it takes no new ones.",
    };
    Ok(Json(Done { message }))
}
