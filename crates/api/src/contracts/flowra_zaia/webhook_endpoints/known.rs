//! Whether the objects that a filter names are there.

use denizen_domain::{
    Error, Patch, Reason, Result, Violation, Violations, WebhookEndpointChanges, WorkspaceId,
};
use denizen_persistence::{DbConnection, channels, external_user_groups, tiers};

/// Fails unless the workspace has all channels, groups and tiers of a filter: a misspelt one would let no event through.
pub(super) async fn require_known(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    changes: &WebhookEndpointChanges,
) -> Result<()> {
    let mut violations = Violations::new();
    let mut unknown = |field: &str, id: String| {
        violations.add(
            field,
            Violation::new(Reason::Unknown, format!("must be ids of the workspace, unlike {id}")),
        );
    };
    for id in ids(&changes.channel_ids) {
        if channels::find(connection, workspace_id, *id).await?.is_none() {
            unknown("channelIds", id.to_string());
        }
    }
    for id in ids(&changes.group_ids) {
        if external_user_groups::find(connection, workspace_id, *id).await?.is_none() {
            unknown("groupIds", id.to_string());
        }
    }
    for id in ids(&changes.tier_ids) {
        if tiers::find(connection, workspace_id, *id).await?.is_none() {
            unknown("tierIds", id.to_string());
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

fn ids<T>(change: &Patch<Vec<T>>) -> &[T] {
    if let Patch::Value(ids) = change { ids } else { &[] }
}
