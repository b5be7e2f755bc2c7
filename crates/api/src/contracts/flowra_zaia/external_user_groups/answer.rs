//! Groups in responses.

use denizen_domain::{ExternalId, ExternalUserGroup, TierId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// A group of external users. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExternalUserGroup, example = samples::external_user_group)]
pub(crate) struct ExternalUserGroupAnswer {
    /// Its id.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// The customer's own id, unique in the workspace.
    #[schema(required, min_length = 3, max_length = 250)]
    external_id: Option<String>,
    /// Display name.
    #[schema(required, min_length = 3, max_length = 50)]
    name: Option<String>,
    /// Id of the group's tier, or null.
    #[schema(required)]
    tier_id: Option<Uuid>,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<ExternalUserGroup> for ExternalUserGroupAnswer {
    fn from(group: ExternalUserGroup) -> Self {
        let ExternalUserGroup { id, workspace_id, external_id, name, tier_id, created_at, updated_at } =
            group;
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            external_id: external_id.map(ExternalId::into_string),
            name,
            tier_id: tier_id.map(TierId::as_uuid),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}
