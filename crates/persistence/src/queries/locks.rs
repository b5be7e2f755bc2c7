//! Row locks, held until the transaction ends. SQLite has none and needs none: write transactions exclude each other.

use std::collections::HashMap;

use denizen_domain::{
    AccountId, ChannelId, ExternalUserGroupId, ExternalUserId, FlowId, Result, Role, RoleId, SuperIdentityId,
    TierId, WorkspaceId, fold,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend, on_each_backend};
use crate::queries::dialect::first_locked;
use crate::schema as tables;
use crate::types::{StoredUuid, stored};

/// Locks a row of a workspace.
macro_rules! lock_row {
    ($connection:expr, $table:ident, $workspace_id:expr, $id:expr, $strength:ident) => {{
        let DbConnection::Postgres(object) = $connection else { return Ok(()) };
        let row = tables::$table::table
            .filter(tables::$table::workspace_id.eq(stored($workspace_id)))
            .filter(tables::$table::id.eq(stored($id)))
            .select(tables::$table::id)
            .$strength();
        row.load::<StoredUuid>(&mut ***object).await.or_error("lock a row")?;
        Ok(())
    }};
}

/// Locks a row of a table without workspaces.
macro_rules! lock_row_by_id {
    ($connection:expr, $table:ident, $id:expr, $strength:ident) => {{
        let DbConnection::Postgres(object) = $connection else { return Ok(()) };
        let row = tables::$table::table
            .filter(tables::$table::id.eq(stored($id)))
            .select(tables::$table::id)
            .$strength();
        row.load::<StoredUuid>(&mut ***object).await.or_error("lock a row")?;
        Ok(())
    }};
}

/// Locks an account against changes of itself, its tokens and its memberships.
pub(crate) async fn lock_account(connection: &mut DbConnection, id: AccountId) -> Result<()> {
    lock_row_by_id!(connection, accounts, id, for_update)
}

/// Locks accounts like [`lock_account`], in the order of their ids, which prevents deadlocks.
pub(crate) async fn lock_accounts(connection: &mut DbConnection, ids: &[StoredUuid]) -> Result<()> {
    let DbConnection::Postgres(object) = connection else {
        return Ok(());
    };
    let accounts = tables::accounts::table
        .filter(tables::accounts::id.eq_any(ids.to_vec()))
        .order(tables::accounts::id.asc())
        .select(tables::accounts::id)
        .for_update();
    accounts.load::<StoredUuid>(&mut ***object).await.or_error("lock accounts")?;
    Ok(())
}

/// Locks a role against changes.
pub(crate) async fn lock_role(connection: &mut DbConnection, id: RoleId) -> Result<()> {
    lock_row_by_id!(connection, roles, id, for_update)
}

/// Locks who administers the directory, by the row of the built-in role. Other changes of accounts proceed.
pub(crate) async fn lock_administrators(connection: &mut DbConnection) -> Result<()> {
    let DbConnection::Postgres(object) = connection else {
        return Ok(());
    };
    let role = tables::roles::table
        .filter(tables::roles::workspace_id.is_null())
        .filter(tables::roles::name_folded.eq(fold(Role::ADMIN)))
        .select(tables::roles::id)
        .for_no_key_update();
    role.load::<StoredUuid>(&mut ***object).await.or_error("lock the administrators")?;
    Ok(())
}

/// Locks a workspace against changes, deletion and [`keep_workspace`]. Functions that do not call the latter still add
/// objects to it.
pub(crate) async fn lock_workspace(connection: &mut DbConnection, id: WorkspaceId) -> Result<()> {
    lock_row_by_id!(connection, workspaces, id, for_no_key_update)
}

/// Locks a workspace against changes and deletion, shared with others who do the same.
pub(crate) async fn keep_workspace(connection: &mut DbConnection, id: WorkspaceId) -> Result<()> {
    lock_row_by_id!(connection, workspaces, id, for_share)
}

/// Locks a super identity against changes, and against users joining or leaving it.
pub(crate) async fn lock_super_identity(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: SuperIdentityId,
) -> Result<()> {
    lock_row!(connection, super_identities, workspace_id, id, for_update)
}

/// Locks a flow against changes.
pub(crate) async fn lock_flow(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: FlowId,
) -> Result<()> {
    lock_row!(connection, flows, workspace_id, id, for_no_key_update)
}

/// Locks a channel against changes and new users.
pub(crate) async fn lock_channel(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ChannelId,
) -> Result<()> {
    lock_row!(connection, channels, workspace_id, id, for_update)
}

/// Locks a group against changes, deletion and new members.
pub(crate) async fn lock_external_user_group(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<()> {
    lock_row!(connection, external_user_groups, workspace_id, id, for_update)
}

/// Locks a tier against changes, deletion, and new users and groups.
pub(crate) async fn lock_tier(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<()> {
    lock_row!(connection, tiers, workspace_id, id, for_update)
}

/// Locks an external user against changes and deletion.
pub(crate) async fn lock_external_user(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<()> {
    lock_row!(connection, external_users, workspace_id, id, for_no_key_update)
}

/// Locks the record of a deleted user against restoring and erasing.
pub(crate) async fn lock_deleted_external_user(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<()> {
    lock_row!(connection, deleted_external_users, workspace_id, id, for_update)
}

/// Finds the super identity with an external id, and locks its external id.
pub(crate) async fn find_kept_super_identity(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    external_id: &str,
) -> Result<Option<SuperIdentityId>> {
    let query = tables::super_identities::table
        .filter(tables::super_identities::workspace_id.eq(stored(workspace_id)))
        .filter(tables::super_identities::external_id.eq(external_id.to_owned()))
        .select(tables::super_identities::id);
    let found = first_locked!(connection, query, for_key_share, StoredUuid);
    Ok(found.or_error("find a super identity")?.map(Into::into))
}

/// Finds the super identities with these external ids, by external id, and locks these ids.
pub(crate) async fn find_kept_super_identities(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    external_ids: Vec<String>,
) -> Result<HashMap<String, SuperIdentityId>> {
    let query = tables::super_identities::table
        .filter(tables::super_identities::workspace_id.eq(stored(workspace_id)))
        .filter(tables::super_identities::external_id.eq_any(external_ids))
        .order(tables::super_identities::id.asc())
        .select((tables::super_identities::external_id.assume_not_null(), tables::super_identities::id));
    let found = on_each_backend!(
        connection,
        Postgres | conn | query.for_key_share().load::<(String, StoredUuid)>(conn).await,
        Sqlite | conn | query.load::<(String, StoredUuid)>(conn).await
    );
    let found = found.or_error("find super identities")?;
    Ok(found.into_iter().map(|(external_id, id)| (external_id, id.into())).collect())
}

/// Locks a workspace's feed, and returns its last position. Creates it if there is none.
pub(crate) async fn lock_feed(connection: &mut DbConnection, workspace_id: StoredUuid) -> Result<i64> {
    let feed = tables::event_feeds::table
        .filter(tables::event_feeds::workspace_id.eq(workspace_id))
        .select(tables::event_feeds::last_position);
    let found = first_locked!(connection, feed, for_no_key_update, i64).or_error("lock a feed")?;
    if let Some(last_position) = found {
        return Ok(last_position);
    }
    let row = (
        tables::event_feeds::workspace_id.eq(workspace_id),
        tables::event_feeds::last_position.eq(0),
        tables::event_feeds::removed_through.eq(0),
    );
    on_backend!(connection, |conn| diesel::insert_into(tables::event_feeds::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn)
        .await)
    .or_error("begin a feed")?;
    let found = first_locked!(connection, feed, for_no_key_update, i64).or_error("lock a feed")?;
    Ok(found.unwrap_or(0))
}
