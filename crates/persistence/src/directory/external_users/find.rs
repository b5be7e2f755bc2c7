//! Finds single external users.

use denizen_domain::{ChannelId, ExternalUser, ExternalUserId, Identifier, Result, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::ExternalUserRow;
use crate::boxed;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::{channels, external_users};
use crate::types::stored;

/// Finds a user by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<Option<ExternalUser>> {
    let query = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .filter(external_users::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<ExternalUserRow>(conn).await.optional());
    row.or_error("find an external user")?.map(ExternalUser::try_from).transpose()
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
    let condition = external_users::external_id.eq(external_id);
    let row = default_channel_first!(connection, workspace_id, condition);
    row.or_error("find an external user by external id")?.map(ExternalUser::try_from).transpose()
}

/// Finds a user by its username in the Flowra contract: by identifier, ignoring case and blanks around it, or else by
/// external id, or else by id if it has neither.
#[boxed]
pub async fn find_by_username(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    username: &str,
) -> Result<Option<ExternalUser>> {
    let condition = external_users::identifier_folded.eq(Identifier::folded_of(username));
    let row = default_channel_first!(connection, workspace_id, condition);
    if let Some(row) = row.or_error("find an external user by identifier")? {
        return ExternalUser::try_from(row).map(Some);
    }
    // An external id may have blanks around it: it is compared exactly first.
    let trimmed = Some(username.trim()).filter(|trimmed| *trimmed != username);
    for external_id in [Some(username), trimmed].into_iter().flatten() {
        if let Some(user) = find_by_external_id(connection, workspace_id, external_id).await? {
            return Ok(Some(user));
        }
    }
    let Ok(id) = username.trim().parse() else { return Ok(None) };
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
    let query = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .filter(external_users::external_id.eq(external_id))
        .filter(external_users::channel_id.eq(stored(channel_id)));
    let row = on_backend!(connection, |conn| query.first::<ExternalUserRow>(conn).await.optional());
    row.or_error("find an external user by external id")?.map(ExternalUser::try_from).transpose()
}

/// Finds a user by folded identifier within a channel.
pub(super) async fn find_identifier_in_channel(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    channel_id: ChannelId,
    identifier_folded: &str,
) -> Result<Option<ExternalUser>> {
    let query = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .filter(external_users::identifier_folded.eq(identifier_folded))
        .filter(external_users::channel_id.eq(stored(channel_id)));
    let row = on_backend!(connection, |conn| query.first::<ExternalUserRow>(conn).await.optional());
    row.or_error("find an external user by identifier")?.map(ExternalUser::try_from).transpose()
}
