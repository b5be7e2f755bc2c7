//! Channels in responses.

use denizen_domain::Channel;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// A channel. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Channel, example = samples::channel)]
pub(crate) struct ChannelAnswer {
    /// Its id.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// Display name.
    #[schema(min_length = 3, max_length = 50)]
    name: String,
    /// Its purpose.
    #[schema(required, min_length = 3, max_length = 250)]
    description: Option<String>,
    /// Assistant prompt about the channel's users.
    #[schema(required, min_length = 3, max_length = 500)]
    prompt: Option<String>,
    /// Whether contracts without channels write to it.
    is_default: bool,
    /// Whether it was removed: it keeps its users but takes no new ones.
    is_removed: bool,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<Channel> for ChannelAnswer {
    fn from(channel: Channel) -> Self {
        let Channel {
            id,
            workspace_id,
            name,
            description,
            prompt,
            is_default,
            is_removed,
            created_at,
            updated_at,
        } = channel;
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            name,
            description,
            prompt,
            is_default,
            is_removed,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}
