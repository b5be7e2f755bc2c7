//! Links that connect an account: made for a user, opened once in a browser, and used up when the browser comes back.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    ConnectedAccount, ConnectedAccountChanges, ConnectedAccountId, ConnectionStatus, Origin, Result,
    SecretHash, Timestamp, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::accounts::{call_job, lock, row_of, store_change};
use super::new_link::{NewLink, insert_link};
use super::row::{AccountRow, LinkRow};
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::queries::dialect::first_locked;
use crate::schema::{connected_accounts, connection_links};
use crate::types::{StoredTime, StoredUuid, stored};

/// What a link is bound to once a browser has opened it.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The hash of the state that the browser brings back.
    pub state_hash: SecretHash,
    /// The hash of what only that browser has.
    pub browser_hash: SecretHash,
    /// The sealed verifier of the code.
    pub verifier: Vec<u8>,
    /// Where the system sends the browser back to.
    pub redirect_url: String,
}

/// A link that was opened, and can be used no more.
#[derive(Debug, Clone)]
pub struct UsedLink {
    /// The account that it connects.
    pub account: ConnectedAccount,
    /// Where the user is sent on to.
    pub callback_url: String,
    /// The sealed verifier of the code.
    pub verifier: Vec<u8>,
    /// Where the system has sent the browser back to.
    pub redirect_url: String,
}

/// Makes a link that connects an account again, in place of earlier ones, and changes the account. `None` if the workspace has
/// no such account.
#[boxed]
pub async fn make_link(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
    changes: &ConnectedAccountChanges,
    link: &NewLink,
) -> Result<Option<ConnectedAccount>> {
    in_transaction!(connection, {
        let Some(before) = lock(connection, workspace_id, id).await? else { return Ok(None) };
        remove_links(connection, workspace_id, &[id]).await?;
        let now = origin.source.clock.now();
        insert_link(connection, &before, link, now).await?;
        let mut after = before.clone();
        changes.clone().apply_to(&mut after);
        if after.connection != ConnectionStatus::Active {
            (after.connection, after.status_reason) = (ConnectionStatus::Initializing, None);
        }
        call_job(connection, workspace_id, id, now).await?;
        store_change(connection, origin, &before, after).await.map(Some)
    })
}

/// Removes all links of some accounts.
pub(super) async fn remove_links(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    ids: &[ConnectedAccountId],
) -> Result<()> {
    let links = connection_links::table
        .filter(connection_links::workspace_id.eq(stored(workspace_id)))
        .filter(connection_links::connected_account_id.eq_any(crate::types::all_stored(ids)));
    on_backend!(connection, |conn| diesel::delete(links).execute(conn).await)
        .or_error("remove the links of a connected account")?;
    Ok(())
}

/// Opens the link with a token, for one browser, and returns the account that it connects. `None` if there is none, or it was
/// opened before, or it has expired.
#[boxed]
pub async fn open(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    token_hash: SecretHash,
    opening: &Opening,
) -> Result<Option<ConnectedAccount>> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        let query = connection_links::table
            .filter(connection_links::workspace_id.eq(stored(workspace_id)))
            .filter(connection_links::token_hash.eq(token_hash.as_bytes().to_vec()))
            .filter(connection_links::state_hash.is_null())
            .filter(connection_links::expires_at.gt(StoredTime::from(now)));
        // The account is locked first, as when it is deleted.
        let account = query.clone().select(connection_links::connected_account_id);
        let account = on_backend!(connection, |conn| account.first::<StoredUuid>(conn).await.optional());
        let Some(account) = account.or_error("find the account of a link")? else { return Ok(None) };
        let Some(before) = lock(connection, workspace_id, account.into()).await? else { return Ok(None) };
        let link = first_locked!(connection, query, for_update, LinkRow);
        let Some(link) = link.or_error("find a link by its token")? else { return Ok(None) };
        let Opening { state_hash, browser_hash, verifier, redirect_url } = opening.clone();
        let bound = (
            connection_links::state_hash.eq(Some(state_hash.as_bytes().to_vec())),
            connection_links::browser_hash.eq(Some(browser_hash.as_bytes().to_vec())),
            connection_links::verifier.eq(Some(verifier)),
            connection_links::redirect_url.eq(Some(redirect_url)),
        );
        let row = link_row(workspace_id, link.id);
        on_backend!(connection, |conn| diesel::update(row).set(bound).execute(conn).await)
            .or_error("open a link")?;
        let mut after = before.clone();
        if after.connection == ConnectionStatus::Initializing {
            after.connection = ConnectionStatus::Initiated;
        }
        store_change(connection, origin, &before, after).await.map(Some)
    })
}

#[diesel::dsl::auto_type(no_type_alias)]
fn link_row(workspace_id: WorkspaceId, id: StoredUuid) -> _ {
    let workspace_id: StoredUuid = stored(workspace_id);
    connection_links::table
        .filter(connection_links::workspace_id.eq(workspace_id))
        .filter(connection_links::id.eq(id))
}

/// Uses up the link that a browser has opened, and comes back from with its state. `None` if there is none, or another browser has
/// opened it, or it has expired.
#[boxed]
pub async fn use_up(
    connection: &mut DbConnection,
    now: Timestamp,
    workspace_id: WorkspaceId,
    state_hash: SecretHash,
    browser_hash: SecretHash,
) -> Result<Option<UsedLink>> {
    in_transaction!(connection, {
        let query = connection_links::table
            .filter(connection_links::workspace_id.eq(stored(workspace_id)))
            .filter(connection_links::state_hash.eq(Some(state_hash.as_bytes().to_vec())))
            .filter(connection_links::expires_at.gt(StoredTime::from(now)));
        let link = first_locked!(connection, query, for_update, LinkRow);
        let Some(link) = link.or_error("find a link by its state")? else { return Ok(None) };
        let of_browser = link.browser_hash.as_deref().and_then(SecretHash::from_bytes);
        if of_browser != Some(browser_hash) {
            return Ok(None);
        }
        let row = link_row(workspace_id, link.id);
        on_backend!(connection, |conn| diesel::delete(row).execute(conn).await).or_error("use up a link")?;
        let account = row_of!(workspace_id, ConnectedAccountId::from(link.connected_account_id))
            .filter(connected_accounts::deleted_at.is_null());
        let account = on_backend!(connection, |conn| account.first::<AccountRow>(conn).await.optional());
        let Some(account) = account.or_error("find the account of a link")? else { return Ok(None) };
        Ok(Some(UsedLink {
            account: account.try_into()?,
            callback_url: link.callback_url,
            verifier: link.verifier.unwrap_or_default(),
            redirect_url: link.redirect_url.unwrap_or_default(),
        }))
    })
}

/// Notes that connecting an account has failed. One that was connected before stays as it was.
#[boxed]
pub async fn fail(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
    reason: &str,
) -> Result<()> {
    in_transaction!(connection, {
        let Some(before) = lock(connection, workspace_id, id).await? else { return Ok(()) };
        let mut after = before.clone();
        after.fail(reason);
        store_change(connection, origin, &before, after).await?;
        Ok(())
    })
}

/// Removes the links of an account that have expired, and notes that it was not connected, unless another link is left. One whose link
/// was used up may still be being connected: only if that takes longer than a link lives, it will not be. Returns when to look again.
#[boxed]
pub async fn end_unused(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
    life: Duration,
) -> Result<Option<Timestamp>> {
    in_transaction!(connection, {
        let Some(before) = lock(connection, workspace_id, id).await? else { return Ok(None) };
        let links = connection_links::table
            .filter(connection_links::workspace_id.eq(stored(workspace_id)))
            .filter(connection_links::connected_account_id.eq(stored(id)));
        let now = origin.source.clock.now();
        let expired = links.filter(connection_links::expires_at.le(StoredTime::from(now)));
        let count = on_backend!(connection, |conn| diesel::delete(expired).execute(conn).await)
            .or_error("remove links that have expired")?;
        let next = links.order(connection_links::expires_at.asc()).select(connection_links::expires_at);
        let next = on_backend!(connection, |conn| next.first::<StoredTime>(conn).await.optional());
        let next = next.or_error("look for the links of a connected account")?;
        if let Some(next) = next {
            return Ok(Some(next.into()));
        }
        let mut after = before.clone();
        after.fail("The user did not come back before the link expired.");
        let end = before.updated_at.plus(life);
        if after != before && count == 0 && now < end {
            return Ok(Some(end));
        }
        store_change(connection, origin, &before, after).await?;
        Ok(None)
    })
}
