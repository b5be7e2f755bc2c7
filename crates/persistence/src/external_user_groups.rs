//! Groups of external users.

use denizen_domain::{
    Error, ExternalId, ExternalUserGroup, ExternalUserGroupId, Resource, Result, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::error::OrError as _;
use crate::schema::external_user_groups;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{DbConnection, dialect, on_backend};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = external_user_groups, treat_none_as_null = true)]
struct ExternalUserGroupRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    external_id: Option<String>,
    name: Option<String>,
    tier_id: Option<StoredUuid>,
    created_at: StoredTime,
    updated_at: StoredTime,
    search_text: String,
}

impl From<ExternalUserGroupRow> for ExternalUserGroup {
    fn from(row: ExternalUserGroupRow) -> Self {
        let ExternalUserGroupRow {
            workspace_id,
            id,
            external_id,
            name,
            tier_id,
            created_at,
            updated_at,
            search_text: _,
        } = row;
        Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            external_id: external_id.map(ExternalId::from_stored),
            name,
            tier_id: tier_id.map(Into::into),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

/// The group of this id.
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<Option<ExternalUserGroup>> {
    let query = external_user_groups::table
        .filter(external_user_groups::workspace_id.eq(stored(workspace_id)))
        .filter(external_user_groups::id.eq(stored(id)))
        .filter(diesel::dsl::not(external_user_groups::is_deleted));
    let row = on_backend!(connection, |conn| {
        query.select(ExternalUserGroupRow::as_select()).first(conn).await.optional()
    });
    Ok(row.or_error("find a group")?.map(ExternalUserGroup::from))
}

/// Fails with not found where there is no group of this id; otherwise it stays until the transaction ends.
pub(crate) async fn require(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<()> {
    let kept = kept(connection, workspace_id, Some(id)).await?;
    kept.map(|_| ()).ok_or_else(|| Error::not_found(Resource::ExternalUserGroup, id))
}

/// A group where it is still there, and then it stays until the transaction ends.
pub(crate) async fn kept(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: Option<ExternalUserGroupId>,
) -> Result<Option<ExternalUserGroupId>> {
    let Some(id) = id else { return Ok(None) };
    dialect::keep_external_user_group(connection, workspace_id, id).await?;
    Ok(find(connection, workspace_id, id).await?.map(|group| group.id))
}
