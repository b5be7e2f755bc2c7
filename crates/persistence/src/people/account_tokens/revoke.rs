//! Revokes tokens: their secrets are rejected from the next request on.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccountId, AccountToken, AccountTokenId, Coded as _, Conflict, Error, Origin, Result, Timestamp,
    TokenKind, Verb,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::list::find;
use super::row::TokenRow;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::accounts::home_of;
use crate::schema::account_tokens;
use crate::types::{StoredTime, StoredUuid, stored};

/// The maximum number of active log-ins of an account. A further one ends the oldest.
pub const MAXIMUM_LOG_INS: i64 = 1_000;

/// Revokes a token: its secret is rejected from the next request on. `false` if it does not exist.
#[boxed]
pub async fn revoke(connection: &mut DbConnection, origin: &Origin, id: AccountTokenId) -> Result<bool> {
    in_transaction!(connection, {
        let Some(token) = find(connection, id).await? else { return Ok(false) };
        delete_noted(connection, origin, token.account_id, &[token]).await?;
        Ok(true)
    })
}

/// Revokes the personal tokens of an account, or only the one with this id. Returns how many.
#[boxed]
pub async fn revoke_personal(
    connection: &mut DbConnection,
    origin: &Origin,
    account_id: AccountId,
    id: Option<AccountTokenId>,
) -> Result<usize> {
    in_transaction!(connection, {
        let is_meant =
            |token: &AccountToken| token.kind == TokenKind::Personal && id.is_none_or(|id| token.id == id);
        let revoked: Vec<_> = tokens_of(connection, account_id).await?.into_iter().filter(is_meant).collect();
        delete_noted(connection, origin, account_id, &revoked).await?;
        Ok(revoked.len())
    })
}

/// Deletes tokens of an account, and records each.
async fn delete_noted(
    connection: &mut DbConnection,
    origin: &Origin,
    account_id: AccountId,
    tokens: &[AccountToken],
) -> Result<()> {
    let ids: Vec<_> = tokens.iter().map(|token| stored(token.id)).collect();
    let deleted = account_tokens::table.filter(account_tokens::id.eq_any(ids));
    let deleted = on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await);
    if deleted.or_error("revoke tokens")? != tokens.len() {
        // Another request has revoked one of them in the meantime.
        return Err(Error::Conflict(Conflict::ConcurrentChange));
    }
    let home = home_of(connection, account_id).await?;
    let event = |token| audit_events::change_between(origin, home, Verb::Delete, Some(token), None);
    audit_events::insert_all(connection, tokens.iter().map(event).collect()).await
}

/// Revokes all tokens of an account except one.
pub(crate) async fn delete_all_of(
    connection: &mut DbConnection,
    origin: &Origin,
    account_id: AccountId,
    kept: Option<AccountTokenId>,
) -> Result<()> {
    let tokens = tokens_of(connection, account_id).await?;
    let ended: Vec<_> = tokens.into_iter().filter(|token| Some(token.id) != kept).collect();
    delete_noted(connection, origin, account_id, &ended).await
}

/// Revokes the tokens that add permissions to the account's own, which it got in its old home.
pub(crate) async fn delete_privileged_of(
    connection: &mut DbConnection,
    origin: &Origin,
    account_id: AccountId,
) -> Result<()> {
    let tokens = tokens_of(connection, account_id).await?;
    let ended: Vec<_> = tokens.into_iter().filter(|token| !token.permissions.is_empty()).collect();
    delete_noted(connection, origin, account_id, &ended).await
}

async fn tokens_of(connection: &mut DbConnection, account_id: AccountId) -> Result<Vec<AccountToken>> {
    let tokens = account_tokens::table.filter(account_tokens::account_id.eq(stored(account_id)));
    let rows = on_backend!(connection, |conn| tokens.load::<TokenRow>(conn).await);
    rows.or_error("find the tokens of an account")?.into_iter().map(AccountToken::try_from).collect()
}

/// Deletes expired tokens, up to a limit. Returns how many.
#[boxed]
pub async fn sweep(connection: &mut DbConnection, now: Timestamp, limit: u32) -> Result<usize> {
    let ended = account_tokens::table
        .filter(account_tokens::expires_at.le(StoredTime::from(now)))
        .select(account_tokens::id)
        .limit(i64::from(limit));
    let ids = on_backend!(connection, |conn| ended.load::<StoredUuid>(conn).await);
    let ids = ids.or_error("look for tokens that have ended")?;
    if ids.is_empty() {
        return Ok(0);
    }
    // A token prolonged in the meantime stays.
    let deleted = account_tokens::table
        .filter(account_tokens::id.eq_any(ids))
        .filter(account_tokens::expires_at.le(StoredTime::from(now)));
    on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await)
        .or_error("delete tokens that have ended")
}

/// Makes room for a log-in: ends the oldest active ones of the account.
pub(super) async fn delete_oldest_log_ins(
    connection: &mut DbConnection,
    account_id: AccountId,
) -> Result<()> {
    let oldest = account_tokens::table
        .filter(account_tokens::account_id.eq(stored(account_id)))
        .filter(account_tokens::kind.eq(TokenKind::LogIn.code()))
        .order((account_tokens::created_at.desc(), account_tokens::id.desc()))
        .offset(MAXIMUM_LOG_INS - 1)
        .limit(100)
        .select(account_tokens::id);
    let ids = on_backend!(connection, |conn| oldest.load::<StoredUuid>(conn).await);
    let ids = ids.or_error("look for the oldest log-ins")?;
    if ids.is_empty() {
        return Ok(());
    }
    let deleted = account_tokens::table.filter(account_tokens::id.eq_any(ids));
    on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await)
        .or_error("end the oldest log-ins")?;
    Ok(())
}
