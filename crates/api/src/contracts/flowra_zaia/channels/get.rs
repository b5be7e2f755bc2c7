//! Reading one channel.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ChannelId, Error, Resource};
use denizen_persistence::channels;

use super::answer::ChannelAnswer;
use crate::guards::caller::{Caller, CanReadSettings};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a channel
///
/// Also returns removed channels.
#[utoipa::path(get, path = "/api/v1/channels/{id}", operation_id = "channels.get", tag = "Channels",
    params(("id" = Uuid, Path, description = "The channel's id")),
    responses(
        (status = 200, body = ChannelAnswer),
        (status = 404, description = "Channel not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:read"]), ("api_key" = ["settings:read"]), ("bearer" = ["settings:read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadSettings>,
    State(state): State<AppState>,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<Json<ChannelAnswer>> {
    let connection = &mut state.database().read().await?;
    let channel = channels::find(connection, caller.workspace_id, id).await?;
    let channel = channel.ok_or_else(|| Error::not_found(Resource::Channel, id))?;
    Ok(Json(ChannelAnswer::from(channel)))
}
