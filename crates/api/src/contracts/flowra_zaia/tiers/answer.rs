//! A tier as it is shown.

use denizen_domain::Tier;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// A tier. Every key is always there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tier, example = samples::tier)]
pub(crate) struct TierAnswer {
    /// Its id.
    id: Uuid,
    /// The workspace.
    workspace_id: Uuid,
    /// What people call it.
    #[schema(min_length = 3, max_length = 50)]
    name: String,
    /// What it is for.
    #[schema(min_length = 3, max_length = 250)]
    description: String,
    /// What an assistant should know of its users.
    #[schema(required, min_length = 3, max_length = 500)]
    prompt: Option<String>,
    /// How many messages of an assistant its users may have; null for as many as they like.
    #[schema(required, minimum = 0)]
    max_assistant_messages: Option<i64>,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it was last changed.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<Tier> for TierAnswer {
    fn from(tier: Tier) -> Self {
        let Tier {
            id,
            workspace_id,
            name,
            description,
            prompt,
            max_assistant_messages,
            created_at,
            updated_at,
        } = tier;
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            name,
            description,
            prompt,
            max_assistant_messages,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}
