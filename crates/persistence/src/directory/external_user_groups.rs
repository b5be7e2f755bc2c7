//! Groups of external users.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, ExternalId, ExternalUserGroup, ExternalUserGroupChanges, ExternalUserGroupId, Origin,
    Patch, Resource, Result, SearchText, Slice, TierId, Window, WorkspaceId, fold_for_search,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::directory::external_users::clear_group;
use crate::directory::tiers;
use crate::queries::dialect::first_locked;
use crate::queries::keyset::load_window;
use crate::queries::{like, locks};
use crate::schema::external_user_groups;
use crate::types::{StoredTime, StoredUuid, all_stored, stored};

/// The maximum number of groups of a workspace. It keeps searches cheap.
pub const MAXIMUM_PER_WORKSPACE: i64 = 10_000;

/// The maximum number of deleted groups listed at a time.
const LISTED: i64 = 1_000;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = external_user_groups, treat_none_as_null = true, treat_none_as_default_value = false)]
struct ExternalUserGroupRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    external_id: Option<String>,
    name: Option<String>,
    tier_id: Option<StoredUuid>,
    created_at: StoredTime,
    updated_at: StoredTime,
    search_text: String,
    is_deleted: bool,
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
            is_deleted: _,
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

impl From<&ExternalUserGroup> for ExternalUserGroupRow {
    fn from(group: &ExternalUserGroup) -> Self {
        let ExternalUserGroup { id, workspace_id, external_id, name, tier_id, created_at, updated_at } =
            group;
        let external_id = external_id.as_ref().map(ToString::to_string);
        let texts = [name.as_deref().unwrap_or_default(), external_id.as_deref().unwrap_or_default()];
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            search_text: fold_for_search(&texts.join("\n")),
            external_id,
            name: name.clone(),
            tier_id: tier_id.map(Into::into),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            is_deleted: false,
        }
    }
}

/// Selects a group by id, deleted or not.
macro_rules! one {
    ($workspace_id:expr, $id:expr) => {
        external_user_groups::table
            .filter(external_user_groups::workspace_id.eq(stored($workspace_id)))
            .filter(external_user_groups::id.eq(stored($id)))
    };
}

/// Creates a group. Fails with not found for an unknown tier, and with [`Conflict::GroupExternalIdTaken`] or
/// [`Conflict::TooManyGroups`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    changes: ExternalUserGroupChanges,
) -> Result<ExternalUserGroup> {
    let now = origin.source.clock.now();
    let mut group = ExternalUserGroup {
        id: ExternalUserGroupId::from_uuid(origin.source.ids.uuid()),
        workspace_id,
        external_id: None,
        name: None,
        tier_id: None,
        created_at: now,
        updated_at: now,
    };
    changes.clone().apply_to(&mut group);
    in_transaction!(connection, {
        locks::lock_workspace(connection, workspace_id).await?;
        let everything = ExternalUserGroupFilter::default();
        if count(connection, workspace_id, &everything).await? >= MAXIMUM_PER_WORKSPACE {
            return Err(Error::Conflict(Conflict::TooManyGroups));
        }
        require_possible(connection, &group, &changes).await?;
        let row = ExternalUserGroupRow::from(&group);
        on_backend!(connection, |conn| {
            diesel::insert_into(external_user_groups::table).values(&row).execute(conn).await
        })
        .or_error("insert a group")?;
        audit_events::created(connection, origin, workspace_id, &group).await?;
        Ok(group.clone())
    })
}

/// Finds a group by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<Option<ExternalUserGroup>> {
    let query = one!(workspace_id, id).filter(diesel::dsl::not(external_user_groups::is_deleted));
    let row = on_backend!(connection, |conn| query.first::<ExternalUserGroupRow>(conn).await.optional());
    Ok(row.or_error("find a group")?.map(ExternalUserGroup::from))
}

/// Changes a group. `None` if it does not exist. Fails like [`create`], except for the number of groups.
#[boxed]
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
    changes: ExternalUserGroupChanges,
) -> Result<Option<ExternalUserGroup>> {
    in_transaction!(connection, {
        locks::lock_external_user_group(connection, workspace_id, id).await?;
        let Some(before) = find(connection, workspace_id, id).await? else { return Ok(None) };
        require_possible(connection, &before, &changes).await?;
        let mut group = before.clone();
        changes.clone().apply_to(&mut group);
        if group != before {
            group.updated_at = origin.source.clock.now();
            let row = ExternalUserGroupRow::from(&group);
            let changed = one!(workspace_id, id);
            on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
                .or_error("change a group")?;
            audit_events::updated(connection, origin, workspace_id, &before, &group).await?;
        }
        Ok(Some(group))
    })
}

/// Deletes a group: it is no longer found, accepts no users, and frees its external id. [`remove_some`] clears its
/// users. `false` if it does not exist.
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<bool> {
    in_transaction!(connection, {
        locks::lock_external_user_group(connection, workspace_id, id).await?;
        let Some(before) = find(connection, workspace_id, id).await? else { return Ok(false) };
        let gone = one!(workspace_id, id);
        let changes =
            (external_user_groups::is_deleted.eq(true), external_user_groups::external_id.eq(None::<String>));
        on_backend!(connection, |conn| diesel::update(gone).set(changes).execute(conn).await)
            .or_error("mark a group as deleted")?;
        audit_events::deleted(connection, origin, workspace_id, &before).await?;
        Ok(true)
    })
}

/// Lists the deleted groups of all workspaces that are not yet removed.
#[boxed]
pub async fn deleted(connection: &mut DbConnection) -> Result<Vec<(WorkspaceId, ExternalUserGroupId)>> {
    let query = external_user_groups::table
        .filter(external_user_groups::is_deleted)
        .select((external_user_groups::workspace_id, external_user_groups::id))
        .limit(LISTED);
    let keys = on_backend!(connection, |conn| query.load::<(StoredUuid, StoredUuid)>(conn).await);
    let keys = keys.or_error("list deleted groups")?.into_iter();
    Ok(keys.map(|(workspace_id, id)| (workspace_id.into(), id.into())).collect())
}

/// Clears a batch of the users of a deleted group; in the end, removes the group. Returns whether more is left.
/// Several servers may call it at once.
#[boxed]
pub async fn remove_some(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<bool> {
    in_transaction!(connection, {
        let gone = one!(workspace_id, id).filter(external_user_groups::is_deleted);
        let found = gone.select(external_user_groups::id);
        let found = on_backend!(connection, |conn| found.first::<StoredUuid>(conn).await.optional());
        if found.or_error("look for a deleted group")?.is_none() {
            return Ok(false);
        }
        if clear_group(connection, workspace_id, id).await? {
            return Ok(true);
        }
        on_backend!(connection, |conn| diesel::delete(gone).execute(conn).await)
            .or_error("delete a group")?;
        Ok(false)
    })
}

/// Which groups to list. All conditions apply; an empty list or `None` is no condition.
#[derive(Debug, Clone, Default)]
pub struct ExternalUserGroupFilter {
    /// With this external id.
    pub external_id: Option<ExternalId>,
    /// One of these.
    pub ids: Vec<ExternalUserGroupId>,
    /// On one of these tiers.
    pub tier_ids: Vec<TierId>,
    /// With this text in the name or external id.
    pub search: Option<SearchText>,
}

macro_rules! filtered {
    ($workspace_id:expr, $filter:expr) => {{
        let mut query = external_user_groups::table
            .filter(external_user_groups::workspace_id.eq(stored($workspace_id)))
            .filter(diesel::dsl::not(external_user_groups::is_deleted))
            .into_boxed();
        if let Some(external_id) = &$filter.external_id {
            query = query.filter(external_user_groups::external_id.eq(external_id.to_string()));
        }
        if !$filter.ids.is_empty() {
            query = query.filter(external_user_groups::id.eq_any(all_stored(&$filter.ids)));
        }
        if !$filter.tier_ids.is_empty() {
            let ids = all_stored(&$filter.tier_ids).into_iter().map(Some).collect::<Vec<_>>();
            query = query.filter(external_user_groups::tier_id.eq_any(ids));
        }
        if let Some(search) = &$filter.search {
            let pattern = like::contains(&search.folded_for_search());
            query = query.filter(external_user_groups::search_text.like(pattern).escape('\\'));
        }
        query
    }};
}

/// Lists a page of groups by creation time.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ExternalUserGroupFilter,
    window: &Window,
) -> Result<Slice<ExternalUserGroup>> {
    let rows = load_window!(
        connection,
        filtered!(workspace_id, filter),
        external_user_groups::created_at,
        external_user_groups::id,
        window,
        StoredTime,
        ExternalUserGroupRow
    );
    let groups = rows.or_error("list groups")?.into_iter().map(ExternalUserGroup::from).collect();
    Ok(Slice::cut(groups, window))
}

/// Counts the groups that match a filter.
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ExternalUserGroupFilter,
) -> Result<i64> {
    on_backend!(connection, |conn| filtered!(workspace_id, filter).count().get_result(conn).await)
        .or_error("count groups")
}

/// Fails with not found if a group does not exist, otherwise locks it against deletion until the transaction ends.
pub(crate) async fn require(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<()> {
    let kept = kept(connection, workspace_id, Some(id)).await?;
    kept.map(|_| ()).ok_or_else(|| Error::not_found(Resource::ExternalUserGroup, id))
}

/// Returns a group if it exists, and locks it against deletion until the transaction ends.
pub(crate) async fn kept(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: Option<ExternalUserGroupId>,
) -> Result<Option<ExternalUserGroupId>> {
    let Some(id) = id else { return Ok(None) };
    let there = one!(workspace_id, id)
        .filter(diesel::dsl::not(external_user_groups::is_deleted))
        .select(external_user_groups::id);
    let there = first_locked!(connection, there, for_share, StoredUuid);
    Ok(there.or_error("find and keep a group")?.map(Into::into))
}

/// Fails if a change names an unknown tier, or another group has the external id.
async fn require_possible(
    connection: &mut DbConnection,
    group: &ExternalUserGroup,
    changes: &ExternalUserGroupChanges,
) -> Result<()> {
    if let Patch::Value(tier_id) = changes.tier_id {
        tiers::require(connection, group.workspace_id, tier_id).await?;
    }
    let Patch::Value(external_id) = &changes.external_id else { return Ok(()) };
    let other = external_user_groups::table
        .filter(external_user_groups::workspace_id.eq(stored(group.workspace_id)))
        .filter(external_user_groups::external_id.eq(external_id.as_str()))
        .filter(external_user_groups::id.ne(stored(group.id)))
        .select(external_user_groups::id);
    let other = on_backend!(connection, |conn| other.first::<StoredUuid>(conn).await.optional());
    match other.or_error("look for the holder of a group's external id")? {
        Some(_) => Err(Error::Conflict(Conflict::GroupExternalIdTaken)),
        None => Ok(()),
    }
}
