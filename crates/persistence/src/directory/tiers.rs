//! Tiers: the plans that external users are on.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, Origin, Resource, Result, SearchText, Slice, Tier, TierChanges, TierId, Window,
    WorkspaceId, fold_for_search,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::directory::external_users::clear_tier;
use crate::queries::dialect::{first_locked, load_locked};
use crate::queries::keyset::load_window;
use crate::queries::{like, locks};
use crate::schema::{external_user_groups, tiers};
use crate::types::{StoredTime, StoredUuid, all_stored, stored};

/// How many groups lose a deleted tier at a time.
const BATCH: i64 = 500;

/// The maximum number of tiers of a workspace. It keeps searches cheap.
pub const MAXIMUM_PER_WORKSPACE: i64 = 1_000;

/// The maximum number of deleted tiers listed at a time.
const LISTED: i64 = 1_000;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = tiers, treat_none_as_null = true, treat_none_as_default_value = false)]
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
    is_deleted: bool,
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
            is_deleted: _,
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

impl From<&Tier> for TierRow {
    fn from(tier: &Tier) -> Self {
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
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            name: name.clone(),
            description: description.clone(),
            prompt: prompt.clone(),
            max_assistant_messages: *max_assistant_messages,
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            search_text: fold_for_search(&format!("{name}\n{description}")),
            is_deleted: false,
        }
    }
}

/// Selects a tier by id, deleted or not.
macro_rules! one {
    ($workspace_id:expr, $id:expr) => {
        tiers::table.filter(tiers::workspace_id.eq(stored($workspace_id))).filter(tiers::id.eq(stored($id)))
    };
}

/// Creates a tier. Fails with [`Conflict::TooManyTiers`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    changes: TierChanges,
) -> Result<Tier> {
    let (name, description) = changes.required()?;
    let now = origin.source.clock.now();
    let mut tier = Tier {
        id: TierId::from_uuid(origin.source.ids.uuid()),
        workspace_id,
        name,
        description,
        prompt: None,
        max_assistant_messages: None,
        created_at: now,
        updated_at: now,
    };
    changes.apply_to(&mut tier);
    in_transaction!(connection, {
        locks::lock_workspace(connection, workspace_id).await?;
        if count(connection, workspace_id, &TierFilter::default()).await? >= MAXIMUM_PER_WORKSPACE {
            return Err(Error::Conflict(Conflict::TooManyTiers));
        }
        let row = TierRow::from(&tier);
        on_backend!(connection, |conn| diesel::insert_into(tiers::table).values(&row).execute(conn).await)
            .or_error("insert a tier")?;
        audit_events::created(connection, origin, workspace_id, &tier).await?;
        Ok(tier.clone())
    })
}

/// Finds a tier by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<Option<Tier>> {
    let query = one!(workspace_id, id).filter(diesel::dsl::not(tiers::is_deleted));
    let row = on_backend!(connection, |conn| query.first::<TierRow>(conn).await.optional());
    Ok(row.or_error("find a tier")?.map(Tier::from))
}

/// Changes a tier. `None` if it does not exist.
#[boxed]
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: TierId,
    changes: TierChanges,
) -> Result<Option<Tier>> {
    in_transaction!(connection, {
        locks::lock_tier(connection, workspace_id, id).await?;
        let Some(before) = find(connection, workspace_id, id).await? else { return Ok(None) };
        let mut tier = before.clone();
        changes.clone().apply_to(&mut tier);
        if tier != before {
            tier.updated_at = origin.source.clock.now();
            let row = TierRow::from(&tier);
            let changed = one!(workspace_id, id);
            on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
                .or_error("change a tier")?;
            audit_events::updated(connection, origin, workspace_id, &before, &tier).await?;
        }
        Ok(Some(tier))
    })
}

/// Deletes a tier: it is no longer found, and accepts no users. [`remove_some`] clears its users. `false` if it does
/// not exist.
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<bool> {
    in_transaction!(connection, {
        locks::lock_tier(connection, workspace_id, id).await?;
        let Some(before) = find(connection, workspace_id, id).await? else { return Ok(false) };
        let gone = one!(workspace_id, id);
        on_backend!(connection, |conn| {
            diesel::update(gone).set(tiers::is_deleted.eq(true)).execute(conn).await
        })
        .or_error("mark a tier as deleted")?;
        audit_events::deleted(connection, origin, workspace_id, &before).await?;
        Ok(true)
    })
}

/// Lists the deleted tiers of all workspaces that are not yet removed.
#[boxed]
pub async fn deleted(connection: &mut DbConnection) -> Result<Vec<(WorkspaceId, TierId)>> {
    let query = tiers::table.filter(tiers::is_deleted).select((tiers::workspace_id, tiers::id)).limit(LISTED);
    let keys = on_backend!(connection, |conn| query.load::<(StoredUuid, StoredUuid)>(conn).await);
    let keys = keys.or_error("list deleted tiers")?.into_iter();
    Ok(keys.map(|(workspace_id, id)| (workspace_id.into(), id.into())).collect())
}

/// Clears a batch of the users and groups of a deleted tier; in the end, removes the tier. Returns whether more is
/// left. Several servers may call it at once.
#[boxed]
pub async fn remove_some(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<bool> {
    in_transaction!(connection, {
        let gone = one!(workspace_id, id).filter(tiers::is_deleted);
        let found = gone.select(tiers::id);
        let found = on_backend!(connection, |conn| found.first::<StoredUuid>(conn).await.optional());
        if found.or_error("look for a deleted tier")?.is_none() {
            return Ok(false);
        }
        if clear_tier(connection, workspace_id, id).await?
            || take_off_groups(connection, workspace_id, id).await?
        {
            return Ok(true);
        }
        on_backend!(connection, |conn| diesel::delete(gone).execute(conn).await).or_error("delete a tier")?;
        Ok(false)
    })
}

/// Which tiers to list.
#[derive(Debug, Clone, Default)]
pub struct TierFilter {
    /// One of these; empty is no condition.
    pub ids: Vec<TierId>,
    /// With this text in the name or description.
    pub search: Option<SearchText>,
}

macro_rules! filtered {
    ($workspace_id:expr, $filter:expr) => {{
        let mut query = tiers::table
            .filter(tiers::workspace_id.eq(stored($workspace_id)))
            .filter(diesel::dsl::not(tiers::is_deleted))
            .into_boxed();
        if !$filter.ids.is_empty() {
            query = query.filter(tiers::id.eq_any(all_stored(&$filter.ids)));
        }
        if let Some(search) = &$filter.search {
            query = query
                .filter(tiers::search_text.like(like::contains(&search.folded_for_search())).escape('\\'));
        }
        query
    }};
}

/// Lists a page of tiers by creation time.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &TierFilter,
    window: &Window,
) -> Result<Slice<Tier>> {
    let rows = load_window!(
        connection,
        filtered!(workspace_id, filter),
        tiers::created_at,
        tiers::id,
        window,
        StoredTime,
        TierRow
    );
    let tiers = rows.or_error("list tiers")?.into_iter().map(Tier::from).collect();
    Ok(Slice::cut(tiers, window))
}

/// Counts the tiers that match a filter.
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &TierFilter,
) -> Result<i64> {
    on_backend!(connection, |conn| filtered!(workspace_id, filter).count().get_result(conn).await)
        .or_error("count tiers")
}

/// Fails with not found if a tier does not exist, otherwise locks it against deletion until the transaction ends.
pub(crate) async fn require(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<()> {
    let kept = kept(connection, workspace_id, Some(id)).await?;
    kept.map(|_| ()).ok_or_else(|| Error::not_found(Resource::Tier, id))
}

/// Returns a tier if it exists, and locks it against deletion until the transaction ends.
pub(crate) async fn kept(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: Option<TierId>,
) -> Result<Option<TierId>> {
    let Some(id) = id else { return Ok(None) };
    let there = one!(workspace_id, id).filter(diesel::dsl::not(tiers::is_deleted)).select(tiers::id);
    let there = first_locked!(connection, there, for_share, StoredUuid);
    Ok(there.or_error("find and keep a tier")?.map(Into::into))
}

/// Clears the deleted tier of a batch of groups. Returns whether there were any.
async fn take_off_groups(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<bool> {
    let on_tier = external_user_groups::table
        .filter(external_user_groups::workspace_id.eq(stored(workspace_id)))
        .filter(external_user_groups::tier_id.eq(Some(stored(id))));
    // In a fixed order, which prevents deadlocks between servers that do the same.
    let some = on_tier.order(external_user_groups::id.asc()).select(external_user_groups::id).limit(BATCH);
    let some = load_locked!(connection, some, StoredUuid);
    let some = some.or_error("look for the groups of a deleted tier")?;
    if some.is_empty() {
        return Ok(false);
    }
    let some = on_tier.filter(external_user_groups::id.eq_any(some));
    let nothing = external_user_groups::tier_id.eq(None::<StoredUuid>);
    on_backend!(connection, |conn| diesel::update(some).set(nothing).execute(conn).await)
        .or_error("take groups off a deleted tier")?;
    Ok(true)
}
