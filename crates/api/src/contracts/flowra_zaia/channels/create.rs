//! Creating channels.

use axum::Json;
use axum::extract::State;
use denizen_persistence::channels;

use super::answer::ChannelAnswer;
use super::input::CreateChannel;
use crate::guards::caller::{Caller, CanWriteSettings};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Creates a channel
///
/// A workspace has at most 1,000, including removed ones.
#[utoipa::path(post, path = "/api/v1/channels", operation_id = "channels.create", tag = "Channels", request_body = CreateChannel,
    responses(
        (status = 200, description = "The channel was created", body = ChannelAnswer),
        (status = 409, description = "The workspace has the maximum number of channels", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:write"]), ("api_key" = ["settings:write"]), ("bearer" = ["settings:write"])))]
pub(crate) async fn create(
    caller: Caller<CanWriteSettings>,
    State(state): State<AppState>,
    JsonBody(body, unknown): JsonBody<CreateChannel>,
) -> ApiResult<Json<ChannelAnswer>> {
    let changes = body.check(unknown)?;
    let connection = &mut state.database().write().await?;
    let channel = channels::create(connection, caller.origin(), caller.workspace_id, changes).await?;
    Ok(Json(ChannelAnswer::from(channel)))
}
