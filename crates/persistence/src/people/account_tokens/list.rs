//! Finds tokens.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccountId, AccountToken, AccountTokenId, Coded as _, Result, Secret, SecretHash, Slice, Timestamp,
    TokenKind, Window,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::TokenRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::keyset::load_window;
use crate::schema::account_tokens;
use crate::types::{StoredTime, stored};

/// Which tokens to list. All conditions apply.
#[derive(Debug, Clone, Default)]
pub struct TokenFilter {
    /// Of this account.
    pub account_id: Option<AccountId>,
    /// Of this kind.
    pub kind: Option<TokenKind>,
    /// With this secret.
    pub secret: Option<Secret>,
}

macro_rules! filtered {
    ($filter:expr, $now:expr) => {{
        let filter: &TokenFilter = $filter;
        let mut query = account_tokens::table
            .filter(
                account_tokens::expires_at
                    .is_null()
                    .or(account_tokens::expires_at.gt(StoredTime::from($now))),
            )
            .into_boxed();
        if let Some(account_id) = filter.account_id {
            query = query.filter(account_tokens::account_id.eq(stored(account_id)));
        }
        if let Some(kind) = filter.kind {
            query = query.filter(account_tokens::kind.eq(kind.code()));
        }
        if let Some(secret) = &filter.secret {
            query = query.filter(account_tokens::secret_hash.eq(secret.hash().as_bytes().to_vec()));
        }
        query
    }};
}

/// Lists a page of active tokens by creation time.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    filter: &TokenFilter,
    now: Timestamp,
    window: &Window,
) -> Result<Slice<AccountToken>> {
    let rows = load_window!(
        connection,
        filtered!(filter, now),
        account_tokens::created_at,
        account_tokens::id,
        window,
        StoredTime,
        TokenRow
    );
    let tokens =
        rows.or_error("list tokens")?.into_iter().map(AccountToken::try_from).collect::<Result<_>>()?;
    Ok(Slice::cut(tokens, window))
}

/// Counts the active tokens that match a filter.
#[boxed]
pub async fn count(connection: &mut DbConnection, filter: &TokenFilter, now: Timestamp) -> Result<i64> {
    on_backend!(connection, |conn| filtered!(filter, now).count().get_result(conn).await)
        .or_error("count tokens")
}

/// Finds a token by id, active or not.
#[boxed]
pub async fn find(connection: &mut DbConnection, id: AccountTokenId) -> Result<Option<AccountToken>> {
    let query = account_tokens::table.filter(account_tokens::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<TokenRow>(conn).await.optional());
    row.or_error("find a token")?.map(AccountToken::try_from).transpose()
}

/// Finds the newest active token issued for an equal request.
pub(super) async fn find_equal(
    connection: &mut DbConnection,
    account_id: AccountId,
    request_hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<AccountToken>> {
    let filter = TokenFilter { account_id: Some(account_id), ..TokenFilter::default() };
    let row = on_backend!(connection, |conn| {
        filtered!(&filter, now)
            .filter(account_tokens::request_hash.eq(Some(request_hash.as_bytes().to_vec())))
            .order((account_tokens::created_at.desc(), account_tokens::id.desc()))
            .first::<TokenRow>(conn)
            .await
            .optional()
    });
    row.or_error("find an equal token")?.map(AccountToken::try_from).transpose()
}
