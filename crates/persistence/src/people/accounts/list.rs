//! Lists of accounts.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Account, AccountId, Result, Slice, Username, Window};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::{AccountRow, with_roles};
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::keyset::load_window;
use crate::schema::accounts;
use crate::types::StoredTime;

/// Which accounts to list. Values of one field are alternatives; all fields apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// One of these; empty is no condition.
    pub ids: Vec<AccountId>,
    /// One of these; empty is no condition.
    pub usernames: Vec<Username>,
}

/// Applies a filter to a boxed query on accounts.
macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let mut query = $query;
        if !$filter.ids.is_empty() {
            query =
                query.filter($crate::schema::accounts::id.eq_any($crate::types::all_stored(&$filter.ids)));
        }
        if !$filter.usernames.is_empty() {
            let usernames = $crate::types::texts(&$filter.usernames);
            query = query.filter($crate::schema::accounts::username.eq_any(usernames));
        }
        query
    }};
}
pub(crate) use narrowed;

/// Lists a page of all accounts by creation time.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    filter: &AccountFilter,
    window: &Window,
) -> Result<Slice<Account>> {
    let rows = load_window!(
        connection,
        narrowed!(accounts::table.select(AccountRow::as_select()).into_boxed(), filter),
        accounts::created_at,
        accounts::id,
        window,
        StoredTime,
        AccountRow
    );
    let accounts = with_roles(connection, rows.or_error("list accounts")?).await?;
    Ok(Slice::cut(accounts, window))
}

/// Counts the accounts that match a filter.
#[boxed]
pub async fn count(connection: &mut DbConnection, filter: &AccountFilter) -> Result<i64> {
    on_backend!(connection, |conn| {
        narrowed!(accounts::table.into_boxed(), filter).count().get_result(conn).await
    })
    .or_error("count accounts")
}
