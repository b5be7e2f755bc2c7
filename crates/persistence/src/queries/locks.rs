//! Locks on single rows, which end with the transaction. SQLite has none and needs none: its transactions that write
//! exclude each other from the beginning.

use std::collections::HashMap;

use denizen_domain::{
    AccountId, ChannelId, ExternalUserGroupId, ExternalUserId, FlowId, Result, RoleId, SuperIdentityId,
    TierId, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _};
use crate::schema as tables;
use crate::types::{StoredUuid, stored};

/// Locks a row of a workspace until the transaction ends.
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

/// Locks a row of a table that belongs to no workspace until the transaction ends.
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

/// Keeps others from changing an account, its tokens and its memberships until the transaction ends.
pub(crate) async fn lock_account(connection: &mut DbConnection, id: AccountId) -> Result<()> {
    lock_row_by_id!(connection, accounts, id, for_update)
}

/// Keeps others from changing these accounts, their tokens and their memberships until the transaction ends. In the order
/// of their ids, so that two that want some of the same do not wait for each other.
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

/// Keeps others from changing a role until the transaction ends.
pub(crate) async fn lock_role(connection: &mut DbConnection, id: RoleId) -> Result<()> {
    lock_row_by_id!(connection, roles, id, for_update)
}

/// Keeps others from changing or deleting a workspace, and from [keeping](keep_workspace) it, until the transaction ends.
/// Whatever does not ask to keep it is put into it meanwhile.
pub(crate) async fn lock_workspace(connection: &mut DbConnection, id: WorkspaceId) -> Result<()> {
    lock_row_by_id!(connection, workspaces, id, for_no_key_update)
}

/// Keeps a workspace from being changed or deleted until the transaction ends.
pub(crate) async fn keep_workspace(connection: &mut DbConnection, id: WorkspaceId) -> Result<()> {
    lock_row_by_id!(connection, workspaces, id, for_share)
}

/// Keeps others from changing a person, and users from joining or leaving it, until the transaction ends.
pub(crate) async fn lock_super_identity(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: SuperIdentityId,
) -> Result<()> {
    lock_row!(connection, super_identities, workspace_id, id, for_update)
}

/// Keeps others from changing a flow until the transaction ends.
pub(crate) async fn lock_flow(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: FlowId,
) -> Result<()> {
    lock_row!(connection, flows, workspace_id, id, for_no_key_update)
}

/// Keeps others from changing a channel, and new users from coming into it, until the transaction ends.
pub(crate) async fn lock_channel(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ChannelId,
) -> Result<()> {
    lock_row!(connection, channels, workspace_id, id, for_update)
}

/// Keeps a channel from being changed or removed until the transaction ends, and lets other new users come into it at
/// the same time.
pub(crate) async fn keep_channel(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ChannelId,
) -> Result<()> {
    lock_row!(connection, channels, workspace_id, id, for_key_share)
}

/// Keeps others from changing or deleting a group, and users from coming into it, until the transaction ends.
pub(crate) async fn lock_external_user_group(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<()> {
    lock_row!(connection, external_user_groups, workspace_id, id, for_update)
}

/// Keeps a group from being deleted until the transaction ends.
pub(crate) async fn keep_external_user_group(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<()> {
    lock_row!(connection, external_user_groups, workspace_id, id, for_share)
}

/// Keeps others from changing or deleting a tier, and users and groups from being put on it, until the transaction ends.
pub(crate) async fn lock_tier(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<()> {
    lock_row!(connection, tiers, workspace_id, id, for_update)
}

/// Keeps a tier from being deleted until the transaction ends.
pub(crate) async fn keep_tier(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<()> {
    lock_row!(connection, tiers, workspace_id, id, for_share)
}

/// Keeps others from bringing a deleted user back, or erasing it, until the transaction ends.
pub(crate) async fn lock_deleted_external_user(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<()> {
    lock_row!(connection, deleted_external_users, workspace_id, id, for_update)
}

/// The person with an external id, who keeps it until the transaction ends.
pub(crate) async fn find_kept_super_identity(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    external_id: &str,
) -> Result<Option<SuperIdentityId>> {
    let query = tables::super_identities::table
        .filter(tables::super_identities::workspace_id.eq(stored(workspace_id)))
        .filter(tables::super_identities::external_id.eq(external_id))
        .select(tables::super_identities::id);
    let found = match connection {
        DbConnection::Postgres(object) => query.for_key_share().first::<StoredUuid>(&mut ***object).await,
        DbConnection::Sqlite(object) => query.first::<StoredUuid>(&mut **object).await,
    };
    Ok(found.optional().or_error("find a super identity")?.map(Into::into))
}

/// The people with these external ids, by them, who keep them until the transaction ends.
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
    let found = match connection {
        DbConnection::Postgres(object) => {
            query.for_key_share().load::<(String, StoredUuid)>(&mut ***object).await
        }
        DbConnection::Sqlite(object) => query.load::<(String, StoredUuid)>(&mut **object).await,
    };
    let found = found.or_error("find super identities")?;
    Ok(found.into_iter().map(|(external_id, id)| (external_id, id.into())).collect())
}
