//! A channel as it is shown.

use denizen_domain::Channel;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// A channel. Every key is always there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Channel, example = samples::channel)]
pub(crate) struct ChannelAnswer {
    /// Its id.
    id: Uuid,
    /// The workspace.
    workspace_id: Uuid,
    /// What people call it.
    #[schema(min_length = 3, max_length = 50)]
    name: String,
    /// What it is for.
    #[schema(required, min_length = 3, max_length = 250)]
    description: Option<String>,
    /// What an assistant should know of its users.
    #[schema(required, min_length = 3, max_length = 500)]
    prompt: Option<String>,
    /// Whether contracts that know no channel write to it.
    is_default: bool,
    /// Whether it was removed: its users stay, and no new ones come.
    is_removed: bool,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it was last changed.
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
