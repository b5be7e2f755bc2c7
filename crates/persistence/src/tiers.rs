//! Tiers: the plans that external users are on.

use denizen_domain::{Error, Resource, Result, Tier, TierId, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::error::OrError as _;
use crate::schema::tiers;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{DbConnection, dialect, on_backend};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tiers, treat_none_as_null = true)]
struct TierRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    name: String,
    description: String,
    prompt: Option<String>,
    max_assistant_messages: Option<i64>,
    created_at: StoredTime,
    updated_at: StoredTime,
    search_text: String,
}

impl From<TierRow> for Tier {
    fn from(row: TierRow) -> Self {
        let TierRow {
            workspace_id,
            id,
            name,
            description,
            prompt,
            max_assistant_messages,
            created_at,
            updated_at,
            search_text: _,
        } = row;
        Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            name,
            description,
            prompt,
            max_assistant_messages,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

/// The tier of this id.
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<Option<Tier>> {
    let query = tiers::table
        .filter(tiers::workspace_id.eq(stored(workspace_id)))
        .filter(tiers::id.eq(stored(id)))
        .filter(diesel::dsl::not(tiers::is_deleted));
    let row = on_backend!(connection, |conn| query.select(TierRow::as_select()).first(conn).await.optional());
    Ok(row.or_error("find a tier")?.map(Tier::from))
}

/// Fails with not found where there is no tier of this id; otherwise it stays until the transaction ends.
pub(crate) async fn require(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<()> {
    let kept = kept(connection, workspace_id, Some(id)).await?;
    kept.map(|_| ()).ok_or_else(|| Error::not_found(Resource::Tier, id))
}

/// A tier where it is still there, and then it stays until the transaction ends.
pub(crate) async fn kept(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: Option<TierId>,
) -> Result<Option<TierId>> {
    let Some(id) = id else { return Ok(None) };
    dialect::keep_tier(connection, workspace_id, id).await?;
    Ok(find(connection, workspace_id, id).await?.map(|tier| tier.id))
}
