//! Deletes connected accounts: at once for everyone; what they present stays, sealed, until it is revoked.

use async_recursion::async_recursion as boxed;
use denizen_domain::{ConnectedAccount, ConnectedAccountId, ExternalUserId, Origin, Result, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::accounts::{call_job, lock, row_of};
use super::auth_configs::remove_if_unused;
use super::links::remove_links;
use super::row::AccountRow;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::queries::dialect::load_locked;
use crate::schema::connected_accounts;
use crate::types::{StoredTime, StoredUuid, all_stored, stored};

/// Deletes an account. Its job revokes what it presents. `false` if the workspace has no such account.
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
) -> Result<bool> {
    in_transaction!(connection, {
        let Some(account) = lock(connection, workspace_id, id).await? else { return Ok(false) };
        mark_deleted(connection, origin, account).await?;
        Ok(true)
    })
}

/// Deletes all accounts of some external users, who are being erased or can no longer be restored.
pub(crate) async fn delete_of_users(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    user_ids: &[ExternalUserId],
) -> Result<()> {
    let query = connected_accounts::table
        .filter(connected_accounts::workspace_id.eq(stored(workspace_id)))
        .filter(connected_accounts::external_user_id.eq_any(all_stored(user_ids)))
        .filter(connected_accounts::deleted_at.is_null())
        .order(connected_accounts::id.asc());
    let rows = load_locked!(connection, query, AccountRow);
    for row in rows.or_error("look for the connected accounts of users")? {
        mark_deleted(connection, origin, row.try_into()?).await?;
    }
    Ok(())
}

/// Marks a locked account as deleted. Nothing personal is left of it.
async fn mark_deleted(
    connection: &mut DbConnection,
    origin: &Origin,
    account: ConnectedAccount,
) -> Result<()> {
    let (workspace_id, id) = (account.workspace_id, account.id);
    let now = origin.source.clock.now();
    let marked = (
        connected_accounts::deleted_at.eq(Some(StoredTime::from(now))),
        connected_accounts::display_name.eq(None::<String>),
        connected_accounts::label.eq(None::<String>),
    );
    let row = row_of!(workspace_id, id);
    on_backend!(connection, |conn| diesel::update(row).set(marked).execute(conn).await)
        .or_error("mark a connected account as deleted")?;
    remove_links(connection, workspace_id, &[id]).await?;
    audit_events::deleted(connection, origin, workspace_id, &account).await?;
    call_job(connection, workspace_id, id, now).await
}

/// Removes a deleted account: there is nothing to revoke any more.
#[boxed]
pub async fn forget(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
) -> Result<()> {
    in_transaction!(connection, {
        let config = row_of!(workspace_id, id).select(connected_accounts::auth_config_id);
        let config = on_backend!(connection, |conn| config.first::<StoredUuid>(conn).await.optional());
        let Some(config) = config.or_error("find the auth config of an account")? else { return Ok(()) };
        let gone = row_of!(workspace_id, id).filter(connected_accounts::deleted_at.is_not_null());
        on_backend!(connection, |conn| diesel::delete(gone).execute(conn).await)
            .or_error("remove a connected account")?;
        remove_if_unused(connection, workspace_id, config).await
    })
}
