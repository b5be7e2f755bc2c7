//! Links that are stored with the account that they connect.

use denizen_domain::{ConnectedAccount, ConnectionLinkId, Result, SecretHash, Timestamp};
use diesel_async::RunQueryDsl;

use super::row::LinkRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::connection_links;
use crate::types::stored;

/// A link that is not stored yet.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// Its id.
    pub id: ConnectionLinkId,
    /// The hash of its token.
    pub token_hash: SecretHash,
    /// Where the user is sent on to.
    pub callback_url: String,
    /// Until when it can be opened and used.
    pub expires_at: Timestamp,
}

/// Stores a link for an account.
pub(super) async fn insert_link(
    connection: &mut DbConnection,
    account: &ConnectedAccount,
    link: &NewLink,
    now: Timestamp,
) -> Result<()> {
    let NewLink { id, token_hash, callback_url, expires_at } = link;
    let row = LinkRow {
        workspace_id: stored(account.workspace_id),
        id: stored(*id),
        connected_account_id: stored(account.id),
        token_hash: token_hash.as_bytes().to_vec(),
        callback_url: callback_url.clone(),
        state_hash: None,
        browser_hash: None,
        verifier: None,
        redirect_url: None,
        created_at: now.into(),
        expires_at: (*expires_at).into(),
    };
    on_backend!(connection, |conn| diesel::insert_into(connection_links::table)
        .values(&row)
        .execute(conn)
        .await)
    .or_error("insert a link")?;
    Ok(())
}
