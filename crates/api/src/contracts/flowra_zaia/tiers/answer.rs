//! Tiers in responses.

use denizen_domain::Tier;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// A tier. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tier, example = samples::tier)]
pub(crate) struct TierAnswer {
    /// Its id.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// Display name.
    #[schema(min_length = 3, max_length = 50)]
    name: String,
    /// Its purpose.
    #[schema(min_length = 3, max_length = 250)]
    description: String,
    /// Assistant prompt about the tier's users.
    #[schema(required, min_length = 3, max_length = 500)]
    prompt: Option<String>,
    /// Maximum number of assistant messages for its users; null for no limit.
    #[schema(required, minimum = 0)]
    max_assistant_messages: Option<i64>,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
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
