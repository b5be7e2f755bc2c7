//! Changing channels.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ChannelId, Error, Resource};
use denizen_persistence::channels;

use super::answer::ChannelAnswer;
use super::input::UpdateChannel;
use crate::guards::caller::{Caller, CanWriteSettings};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a channel
///
/// Absent fields stay unchanged. `isRemoved` closes the channel to new users or reopens it.
#[utoipa::path(patch, path = "/api/v1/channels/{id}", operation_id = "channels.update", tag = "Channels", request_body = UpdateChannel,
    params(("id" = Uuid, Path, description = "The channel's id")),
    responses(
        (status = 200, description = "The channel was changed", body = ChannelAnswer),
        (status = 404, description = "Channel not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The default channel cannot be removed", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:write"]), ("api_key" = ["settings:write"]), ("bearer" = ["settings:write"])))]
pub(crate) async fn update(
    caller: Caller<CanWriteSettings>,
    State(state): State<AppState>,
    PathId(id): PathId<ChannelId>,
    JsonBody(body, unknown): JsonBody<UpdateChannel>,
) -> ApiResult<Json<ChannelAnswer>> {
    let changes = body.check(unknown)?;
    let connection = &mut state.database().write().await?;
    let channel = channels::change(connection, caller.origin(), caller.workspace_id, id, changes).await?;
    let channel = channel.ok_or_else(|| Error::not_found(Resource::Channel, id))?;
    Ok(Json(ChannelAnswer::from(channel)))
}
