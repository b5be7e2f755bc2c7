//! Channels: the sources of external users.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Channel, ChannelChanges, ChannelId, Conflict, Error, Origin, Resource, Result, SearchText, Slice, Window,
    WorkspaceId, fold_for_search,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::queries::dialect::first_locked;
use crate::queries::keyset::load_window;
use crate::queries::{like, locks};
use crate::schema::{channels, deleted_external_users, external_users};
use crate::types::{StoredTime, StoredUuid, all_stored, stored};

/// The maximum number of channels of a workspace, removed ones included. It keeps searches cheap.
pub const MAXIMUM_PER_WORKSPACE: i64 = 1_000;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = channels, treat_none_as_null = true, treat_none_as_default_value = false)]
struct ChannelRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    name: String,
    description: Option<String>,
    prompt: Option<String>,
    search_text: String,
    is_default: bool,
    is_removed: bool,
    created_at: StoredTime,
    updated_at: StoredTime,
}

impl From<ChannelRow> for Channel {
    fn from(row: ChannelRow) -> Self {
        let ChannelRow {
            workspace_id,
            id,
            name,
            description,
            prompt,
            search_text: _,
            is_default,
            is_removed,
            created_at,
            updated_at,
        } = row;
        Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            name,
            description,
            prompt,
            is_default,
            is_removed,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

impl From<&Channel> for ChannelRow {
    fn from(channel: &Channel) -> Self {
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
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            name: name.clone(),
            description: description.clone(),
            prompt: prompt.clone(),
            search_text: fold_for_search(&format!("{name}\n{}", description.as_deref().unwrap_or_default())),
            is_default: *is_default,
            is_removed: *is_removed,
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

/// Selects a channel by id.
macro_rules! one {
    ($workspace_id:expr, $id:expr) => {
        channels::table
            .filter(channels::workspace_id.eq(stored($workspace_id)))
            .filter(channels::id.eq(stored($id)))
    };
}

/// The outcome of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The channel had no users and is deleted.
    Deleted,
    /// The channel has users. It keeps them, and accepts no new ones.
    Closed,
}

/// Creates a channel. Fails with [`Conflict::TooManyChannels`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    changes: ChannelChanges,
) -> Result<Channel> {
    let name = changes.required_name()?;
    let mut channel = blank(origin, workspace_id, &name, false);
    changes.apply_to(&mut channel)?;
    in_transaction!(connection, {
        locks::lock_workspace(connection, workspace_id).await?;
        let existing = channels::table.filter(channels::workspace_id.eq(stored(workspace_id))).count();
        let existing: i64 =
            on_backend!(connection, |conn| existing.get_result(conn).await).or_error("count channels")?;
        if existing >= MAXIMUM_PER_WORKSPACE {
            return Err(Error::Conflict(Conflict::TooManyChannels));
        }
        insert(connection, &channel).await?;
        audit_events::created(connection, origin, workspace_id, &channel).await?;
        Ok(channel.clone())
    })
}

/// Creates a new workspace's channel, in the transaction that creates the workspace.
pub(crate) async fn insert_default(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
) -> Result<Channel> {
    let channel = blank(origin, workspace_id, Channel::DEFAULT_NAME, true);
    insert(connection, &channel).await?;
    audit_events::created(connection, origin, workspace_id, &channel).await?;
    Ok(channel)
}

/// Finds a channel by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ChannelId,
) -> Result<Option<Channel>> {
    let query = one!(workspace_id, id);
    let row = on_backend!(connection, |conn| query.first::<ChannelRow>(conn).await.optional());
    Ok(row.or_error("find a channel")?.map(Channel::from))
}

/// Finds the channel for contracts without channels. Every workspace has one, which stays the same and is never removed.
#[boxed]
pub async fn find_default(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<Channel> {
    let query = channels::table
        .filter(channels::workspace_id.eq(stored(workspace_id)))
        .filter(channels::is_default.eq(true));
    let row = on_backend!(connection, |conn| query.first::<ChannelRow>(conn).await);
    row.or_error("find the default channel").map(Channel::from)
}

/// Changes a channel. `None` if it does not exist.
#[boxed]
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ChannelId,
    changes: ChannelChanges,
) -> Result<Option<Channel>> {
    in_transaction!(connection, {
        locks::lock_channel(connection, workspace_id, id).await?;
        let Some(before) = find(connection, workspace_id, id).await? else { return Ok(None) };
        let mut channel = before.clone();
        changes.clone().apply_to(&mut channel)?;
        if channel != before {
            channel.updated_at = origin.source.clock.now();
            update(connection, &channel).await?;
            audit_events::updated(connection, origin, workspace_id, &before, &channel).await?;
        }
        Ok(Some(channel))
    })
}

/// Deletes a channel without users; closes one with users. `None` if it does not exist.
#[boxed]
pub async fn remove(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ChannelId,
) -> Result<Option<Removal>> {
    in_transaction!(connection, {
        locks::lock_channel(connection, workspace_id, id).await?;
        let Some(before) = find(connection, workspace_id, id).await? else { return Ok(None) };
        before.require_removable()?;
        if has_users(connection, workspace_id, id).await? {
            let channel =
                Channel { is_removed: true, updated_at: origin.source.clock.now(), ..before.clone() };
            update(connection, &channel).await?;
            audit_events::updated(connection, origin, workspace_id, &before, &channel).await?;
            return Ok(Some(Removal::Closed));
        }
        let gone = one!(workspace_id, id);
        on_backend!(connection, |conn| diesel::delete(gone).execute(conn).await)
            .or_error("delete a channel")?;
        audit_events::deleted(connection, origin, workspace_id, &before).await?;
        Ok(Some(Removal::Deleted))
    })
}

/// Which channels to list.
#[derive(Debug, Clone, Default)]
pub struct ChannelFilter {
    /// One of these; empty is no condition.
    pub ids: Vec<ChannelId>,
    /// With this text in the name or description.
    pub search: Option<SearchText>,
}

macro_rules! filtered {
    ($workspace_id:expr, $filter:expr) => {{
        let mut query = channels::table.filter(channels::workspace_id.eq(stored($workspace_id))).into_boxed();
        if !$filter.ids.is_empty() {
            query = query.filter(channels::id.eq_any(all_stored(&$filter.ids)));
        }
        if let Some(search) = &$filter.search {
            query = query
                .filter(channels::search_text.like(like::contains(&search.folded_for_search())).escape('\\'));
        }
        query
    }};
}

/// Lists a page of channels by creation time.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ChannelFilter,
    window: &Window,
) -> Result<Slice<Channel>> {
    let rows = load_window!(
        connection,
        filtered!(workspace_id, filter),
        channels::created_at,
        channels::id,
        window,
        StoredTime,
        ChannelRow
    );
    let channels = rows.or_error("list channels")?.into_iter().map(Channel::from).collect();
    Ok(Slice::cut(channels, window))
}

/// Counts the channels that match a filter.
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ChannelFilter,
) -> Result<i64> {
    on_backend!(connection, |conn| filtered!(workspace_id, filter).count().get_result(conn).await)
        .or_error("count channels")
}

/// Finds a channel and locks it against removal until the transaction ends. Fails if it does not exist.
pub(crate) async fn keep(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ChannelId,
) -> Result<Channel> {
    let row = first_locked!(connection, one!(workspace_id, id), for_key_share, ChannelRow);
    let row =
        row.or_error("find and keep a channel")?.ok_or_else(|| Error::not_found(Resource::Channel, id))?;
    Ok(row.into())
}

fn blank(origin: &Origin, workspace_id: WorkspaceId, name: &str, is_default: bool) -> Channel {
    let now = origin.source.clock.now();
    Channel {
        id: ChannelId::from_uuid(origin.source.ids.uuid()),
        workspace_id,
        name: name.to_owned(),
        description: None,
        prompt: None,
        is_default,
        is_removed: false,
        created_at: now,
        updated_at: now,
    }
}

async fn insert(connection: &mut DbConnection, channel: &Channel) -> Result<()> {
    let row = ChannelRow::from(channel);
    on_backend!(connection, |conn| diesel::insert_into(channels::table).values(&row).execute(conn).await)
        .or_error("insert a channel")?;
    Ok(())
}

async fn update(connection: &mut DbConnection, channel: &Channel) -> Result<()> {
    let row = ChannelRow::from(channel);
    let changed = one!(channel.workspace_id, channel.id);
    on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
        .or_error("change a channel")?;
    Ok(())
}

/// Returns whether a channel has users, including deleted ones that can be restored.
async fn has_users(connection: &mut DbConnection, workspace_id: WorkspaceId, id: ChannelId) -> Result<bool> {
    let users = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .filter(external_users::channel_id.eq(stored(id)))
        .select(external_users::id)
        .limit(1);
    let users = on_backend!(connection, |conn| users.load::<StoredUuid>(conn).await);
    if !users.or_error("look for users of a channel")?.is_empty() {
        return Ok(true);
    }
    let deleted = deleted_external_users::table
        .filter(deleted_external_users::workspace_id.eq(stored(workspace_id)))
        .filter(deleted_external_users::channel_id.eq(Some(stored(id))))
        .select(deleted_external_users::id)
        .limit(1);
    let deleted = on_backend!(connection, |conn| deleted.load::<StoredUuid>(conn).await);
    Ok(!deleted.or_error("look for deleted users of a channel")?.is_empty())
}
