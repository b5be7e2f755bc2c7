//! The tokens of connected accounts: one server at a time asks for the next one.

use async_recursion::async_recursion as boxed;
use denizen_domain::{ConnectedAccount, ConnectedAccountId, Origin, Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::accounts::{
    SealedCredentials, StoredAccount, call_job, credentials_of, lock, replace_credentials, row_of,
    store_change,
};
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::schema::connected_accounts;
use crate::types::{StoredTime, stored};

/// Takes the right to ask for the next token of an account, until a time. `false` if another server has it, or has stored a newer
/// token already.
#[boxed]
pub async fn take_refresh(
    connection: &mut DbConnection,
    stored_account: &StoredAccount,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let StoredAccount { account, generation, .. } = stored_account;
    let is_free = connected_accounts::refreshing_until
        .is_null()
        .or(connected_accounts::refreshing_until.le(Some(StoredTime::from(now))));
    let free = row_of!(account.workspace_id, account.id)
        .filter(connected_accounts::generation.eq(*generation))
        .filter(connected_accounts::deleted_at.is_null())
        .filter(is_free);
    let taken = connected_accounts::refreshing_until.eq(Some(StoredTime::from(until)));
    let count = on_backend!(connection, |conn| diesel::update(free).set(taken).execute(conn).await);
    Ok(count.or_error("take the refresh of a token")? > 0)
}

/// Gives the right back that [`take_refresh`] has taken until a time, without a token.
#[boxed]
pub async fn give_up_refresh(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
    until: Timestamp,
) -> Result<()> {
    let own = row_of!(workspace_id, id)
        .filter(connected_accounts::refreshing_until.eq(Some(StoredTime::from(until))));
    let free = connected_accounts::refreshing_until.eq(None::<StoredTime>);
    on_backend!(connection, |conn| diesel::update(own).set(free).execute(conn).await)
        .or_error("give the refresh of a token back")?;
    Ok(())
}

/// Stores the next token of an account. `false` if it has got another one in the meantime, or was deleted.
#[boxed]
pub async fn store_refreshed(
    connection: &mut DbConnection,
    stored_account: &StoredAccount,
    credentials: &SealedCredentials,
) -> Result<bool> {
    let StoredAccount { account, generation, .. } = stored_account;
    let change = credentials_of!(credentials);
    // Also of a deleted account: the new token is what must be revoked.
    let those =
        row_of!(account.workspace_id, account.id).filter(connected_accounts::generation.eq(*generation));
    let count = on_backend!(connection, |conn| diesel::update(those).set(change).execute(conn).await);
    Ok(count.or_error("store the next token of a connected account")? > 0)
}

/// Stores the first tokens of an account: it is connected. `None` if it is gone.
#[boxed]
pub async fn connect(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
    credentials: &SealedCredentials,
) -> Result<Option<ConnectedAccount>> {
    in_transaction!(connection, {
        let Some(before) = lock(connection, workspace_id, id).await? else { return Ok(None) };
        let mut after = before.clone();
        after.connect();
        replace_credentials(connection, workspace_id, id, credentials).await?;
        let account = store_change(connection, origin, &before, after).await?;
        call_job(connection, workspace_id, id, origin.source.clock.now()).await?;
        Ok(Some(account))
    })
}

/// Notes that the system issues no more tokens to an account, unless it has got another one in the meantime. Returns whether it did.
#[boxed]
pub async fn expire(
    connection: &mut DbConnection,
    origin: &Origin,
    stored_account: &StoredAccount,
    reason: &str,
) -> Result<bool> {
    let StoredAccount { account, generation, .. } = stored_account;
    let (workspace_id, id) = (account.workspace_id, account.id);
    in_transaction!(connection, {
        let Some(before) = lock(connection, workspace_id, id).await? else { return Ok(false) };
        let unchanged = row_of!(workspace_id, id).filter(connected_accounts::generation.eq(*generation));
        let ended = (
            connected_accounts::refresh_at.eq(None::<StoredTime>),
            connected_accounts::refreshing_until.eq(None::<StoredTime>),
        );
        let count = on_backend!(connection, |conn| diesel::update(unchanged).set(ended).execute(conn).await);
        if count.or_error("end the refresh of a token")? == 0 {
            return Ok(false);
        }
        let mut after = before.clone();
        after.expire(reason);
        store_change(connection, origin, &before, after).await?;
        Ok(true)
    })
}
