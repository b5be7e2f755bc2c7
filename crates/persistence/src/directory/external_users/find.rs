//! Finds single external users.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    ChannelId, Conflict, Error, ExternalUser, ExternalUserId, Identifier, Result, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::ExternalUserRow;
use crate::audit_events::{mark_of_name, mark_of_object};
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::dialect::{first_locked, first_row, load_locked, load_rows};
use crate::schema::{channels, external_users};
use crate::types::{all_stored, stored};

/// Selects the users of a workspace.
macro_rules! users_of {
    ($workspace_id:expr) => {
        external_users::table.filter(external_users::workspace_id.eq(stored($workspace_id)))
    };
}

/// Finds a user by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<Option<ExternalUser>> {
    let query = users_of!(workspace_id).filter(external_users::id.eq(stored(id)));
    let row = first_row!(connection, query, ExternalUserRow);
    row.or_error("find an external user")?.map(ExternalUser::try_from).transpose()
}

/// Finds a user by id and locks it until the transaction ends. Whoever learns of it so must not read an older one from
/// memory afterwards, even if nothing changes.
pub(super) async fn find_locked(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<Option<ExternalUser>> {
    connection.mark([mark_of_object(&id.to_string())]);
    let query = users_of!(workspace_id).filter(external_users::id.eq(stored(id)));
    let row = first_locked!(connection, query, for_update, ExternalUserRow);
    row.or_error("find and lock an external user")?.map(ExternalUser::try_from).transpose()
}

/// Finds users by id and locks them until the transaction ends, in the order of their ids, which prevents deadlocks.
pub(super) async fn find_all_locked(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    ids: &[ExternalUserId],
) -> Result<Vec<ExternalUser>> {
    connection.mark(ids.iter().map(|id| mark_of_object(&id.to_string())));
    let query = users_of!(workspace_id)
        .filter(external_users::id.eq_any(all_stored(ids)))
        .order(external_users::id.asc());
    let rows = load_locked!(connection, query, ExternalUserRow);
    rows.or_error("find and lock external users")?.into_iter().map(ExternalUser::try_from).collect()
}

/// Selects the first user that matches a condition: the default channel's before the others', then the oldest.
macro_rules! default_channel_first {
    ($connection:expr, $workspace_id:expr, $condition:expr) => {{
        let channel = channels::table.on(channels::workspace_id
            .eq(external_users::workspace_id)
            .and(channels::id.eq(external_users::channel_id)));
        on_backend!($connection, |conn| {
            external_users::table
                .inner_join(channel)
                .filter(external_users::workspace_id.eq(stored($workspace_id)))
                .filter($condition)
                .order((
                    channels::is_default.desc(),
                    external_users::created_at.asc(),
                    external_users::id.asc(),
                ))
                .select(ExternalUserRow::as_select())
                .first(conn)
                .await
                .optional()
        })
    }};
}

/// Finds a user by external id: the default channel's, or else the oldest of the others.
#[boxed]
pub async fn find_by_external_id(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    external_id: &str,
) -> Result<Option<ExternalUser>> {
    // Hardly ever do several channels share one, so their order is asked for only then.
    let query =
        users_of!(workspace_id).filter(external_users::external_id.eq(external_id.to_owned())).limit(2);
    let rows = load_rows!(connection, query, ExternalUserRow);
    let rows = rows.or_error("find an external user by external id")?;
    if is_ambiguous(&rows) {
        return find_first_by_external_id(connection, workspace_id, external_id).await;
    }
    rows.into_iter().next().map(ExternalUser::try_from).transpose()
}

/// Finds a user like [`find_by_external_id`], and locks it until the transaction ends.
pub(super) async fn find_locked_by_external_id(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    external_id: &str,
) -> Result<Option<ExternalUser>> {
    let query =
        users_of!(workspace_id).filter(external_users::external_id.eq(external_id.to_owned())).limit(2);
    let rows = load_locked!(connection, query, ExternalUserRow);
    let rows = rows.or_error("find and lock an external user by external id")?;
    connection.mark([mark_of_name(workspace_id, external_id)]);
    connection.mark(rows.iter().map(|row| mark_of_object(&row.key().1.to_string())));
    if !is_ambiguous(&rows) {
        return rows.into_iter().next().map(ExternalUser::try_from).transpose();
    }
    let user = find_first_by_external_id(connection, workspace_id, external_id).await?;
    let user = user.ok_or(Error::Conflict(Conflict::ConcurrentChange))?;
    let user = find_locked(connection, workspace_id, user.id).await?;
    // Before the lock, another request may have deleted it or changed its external id.
    let same = user.filter(|user| user.external_id.as_ref().is_some_and(|id| id.as_str() == external_id));
    same.map(Some).ok_or(Error::Conflict(Conflict::ConcurrentChange))
}

/// Returns whether there are several users.
fn is_ambiguous(rows: &[ExternalUserRow]) -> bool {
    rows.windows(2).any(|pair| pair[0].key() != pair[1].key())
}

async fn find_first_by_external_id(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    external_id: &str,
) -> Result<Option<ExternalUser>> {
    let row = default_channel_first!(
        connection,
        workspace_id,
        external_users::external_id.eq(external_id.to_owned())
    );
    row.or_error("find the first external user by external id")?.map(ExternalUser::try_from).transpose()
}

/// Finds a user by its username in the Flowra contract: by identifier, ignoring case and blanks around it, or else by
/// external id, or else by id if it has neither.
#[boxed]
pub async fn find_by_username(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    username: &str,
) -> Result<Option<ExternalUser>> {
    let folded = Identifier::folded_of(username);
    let by_identifier = users_of!(workspace_id).filter(external_users::identifier_folded.eq(folded.clone()));
    let by_external_id = users_of!(workspace_id).filter(external_users::external_id.eq(username.to_owned()));
    let query = by_identifier.union_all(by_external_id);
    let rows = load_rows!(connection, query, ExternalUserRow);
    let rows = rows.or_error("find an external user by username")?;
    let (by_identifier, by_external_id): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.identifier_folded.as_ref() == Some(&folded));
    if is_ambiguous(&by_identifier) {
        let condition = external_users::identifier_folded.eq(folded.clone());
        let row = default_channel_first!(connection, workspace_id, condition);
        return row
            .or_error("find the first external user by identifier")?
            .map(ExternalUser::try_from)
            .transpose();
    }
    if by_identifier.is_empty() && is_ambiguous(&by_external_id) {
        return find_first_by_external_id(connection, workspace_id, username).await;
    }
    if let Some(row) = by_identifier.into_iter().chain(by_external_id).next() {
        return ExternalUser::try_from(row).map(Some);
    }
    // An external id may have blanks around it: it was compared exactly first.
    let trimmed = username.trim();
    if trimmed != username
        && let Some(user) = find_by_external_id(connection, workspace_id, trimmed).await?
    {
        return Ok(Some(user));
    }
    let Ok(id) = trimmed.parse() else { return Ok(None) };
    let user = find(connection, workspace_id, id).await?;
    Ok(user.filter(|user| user.identifier.is_none() && user.external_id.is_none()))
}

/// Finds a user by external id within a channel.
pub(super) async fn find_in_channel(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    channel_id: ChannelId,
    external_id: &str,
) -> Result<Option<ExternalUser>> {
    let query = users_of!(workspace_id)
        .filter(external_users::external_id.eq(external_id.to_owned()))
        .filter(external_users::channel_id.eq(stored(channel_id)));
    let row = first_row!(connection, query, ExternalUserRow);
    row.or_error("find an external user by external id")?.map(ExternalUser::try_from).transpose()
}

/// Finds a user by folded identifier within a channel.
pub(super) async fn find_identifier_in_channel(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    channel_id: ChannelId,
    identifier_folded: &str,
) -> Result<Option<ExternalUser>> {
    let query = users_of!(workspace_id)
        .filter(external_users::identifier_folded.eq(identifier_folded.to_owned()))
        .filter(external_users::channel_id.eq(stored(channel_id)));
    let row = first_row!(connection, query, ExternalUserRow);
    row.or_error("find an external user by identifier")?.map(ExternalUser::try_from).transpose()
}
