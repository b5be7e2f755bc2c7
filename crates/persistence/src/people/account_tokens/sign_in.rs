//! Finds the account of a token, or of a checked password.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Account, AccountId, AccountToken, AccountTokenId, Authority, Error, PasswordHash, Result, Secret,
    SecretHash, Timestamp, Unauthenticated,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::TokenRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::accounts::{AccountRow, is_in_use, with_roles};
use crate::people::workspaces::stored_limit;
use crate::schema::{account_tokens, accounts, workspaces};
use crate::types::{StoredTime, stored};

/// A logged-in account.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The account.
    pub account: Account,
    /// Its token.
    pub token: AccountToken,
    /// See [`Workspace::requests_per_second`](denizen_domain::Workspace::requests_per_second), of its home.
    pub requests_per_second: Option<u32>,
}

impl SignedIn {
    /// Returns its rights.
    pub fn authority(&self) -> Authority {
        Authority::of(&self.account, &self.token.permissions)
    }
}

/// An account authenticated by password.
#[derive(Debug, Clone)]
pub struct PasswordHolder {
    /// The account.
    pub account: Account,
    /// See [`Workspace::requests_per_second`](denizen_domain::Workspace::requests_per_second), of its home.
    pub requests_per_second: Option<u32>,
}

/// The status and the limit of an account's home; nothing without a home.
type HomeRow = Option<(String, Option<i64>)>;

/// Selects a token with its account and home, by a unique condition.
macro_rules! holder {
    ($connection:expr, $condition:expr) => {
        on_backend!($connection, |conn| {
            account_tokens::table
                .inner_join(accounts::table.on(accounts::id.eq(account_tokens::account_id)))
                .left_join(workspaces::table.on(workspaces::id.nullable().eq(accounts::home_workspace_id)))
                .filter($condition)
                .select((
                    TokenRow::as_select(),
                    AccountRow::as_select(),
                    (workspaces::status, workspaces::requests_per_second).nullable(),
                ))
                .first::<(TokenRow, AccountRow, HomeRow)>(conn)
                .await
                .optional()
        })
    };
}

/// Finds the account of a token's secret. `None` if the token is unknown, revoked or expired. Fails with
/// [`Unauthenticated::Disabled`] if the account or its home is not active.
#[boxed]
pub async fn authenticate(
    connection: &mut DbConnection,
    presented: &Secret,
    now: Timestamp,
) -> Result<Option<SignedIn>> {
    let hash = presented.hash();
    let row = holder!(connection, account_tokens::secret_hash.eq(hash.as_bytes().to_vec()));
    let is_same = |(token, _, _): &(TokenRow, AccountRow, HomeRow)| {
        SecretHash::from_bytes(&token.secret_hash) == Some(hash)
    };
    signed_in(connection, row.or_error("look up a token")?.filter(is_same), now).await
}

/// Finds the account of a token by the token's id, like [`authenticate`].
pub(crate) async fn find_signed_in(
    connection: &mut DbConnection,
    id: AccountTokenId,
    now: Timestamp,
) -> Result<Option<SignedIn>> {
    let row = holder!(connection, account_tokens::id.eq(stored(id)));
    signed_in(connection, row.or_error("look up a token by its id")?, now).await
}

async fn signed_in(
    connection: &mut DbConnection,
    row: Option<(TokenRow, AccountRow, HomeRow)>,
    now: Timestamp,
) -> Result<Option<SignedIn>> {
    let Some((token, account, home)) = row else {
        return Ok(None);
    };
    let token = AccountToken::try_from(token)?;
    if !token.is_in_force(now) {
        return Ok(None);
    }
    let Some(account) = with_roles(connection, vec![account]).await?.pop() else {
        return Ok(None);
    };
    let requests_per_second = limit_in_use(&account, home)?;
    Ok(Some(SignedIn { account, token, requests_per_second }))
}

/// Returns the request limit of an account's home. Fails if the account or its home is not active.
fn limit_in_use(account: &Account, home: HomeRow) -> Result<Option<u32>> {
    account.require_active()?;
    let (status, limit) = home.unzip();
    if !is_in_use(status.as_deref()) {
        return Err(Error::Unauthenticated(Unauthenticated::Disabled));
    }
    Ok(stored_limit(limit.flatten()))
}

/// Finds an account whose password was checked before. `None` if the account is deleted, or the fingerprint is no
/// longer that of its password. Fails with [`Unauthenticated::Disabled`] if the account or its home is not active.
#[boxed]
pub async fn find_by_password(
    connection: &mut DbConnection,
    id: AccountId,
    fingerprint: SecretHash,
) -> Result<Option<PasswordHolder>> {
    let row = on_backend!(connection, |conn| {
        accounts::table
            .left_join(workspaces::table.on(workspaces::id.nullable().eq(accounts::home_workspace_id)))
            .filter(accounts::id.eq(stored(id)))
            .select((
                AccountRow::as_select(),
                accounts::password_hash,
                (workspaces::status, workspaces::requests_per_second).nullable(),
            ))
            .first::<(AccountRow, Option<String>, HomeRow)>(conn)
            .await
            .optional()
    });
    let row = row.or_error("find an account by its password")?;
    let Some((account, Some(password), home)) = row else {
        return Ok(None);
    };
    if PasswordHash::from_stored(password).fingerprint() != fingerprint {
        return Ok(None);
    }
    let Some(account) = with_roles(connection, vec![account]).await?.pop() else {
        return Ok(None);
    };
    let requests_per_second = limit_in_use(&account, home)?;
    Ok(Some(PasswordHolder { account, requests_per_second }))
}

/// Postpones the expiry of a token that use prolongs.
#[boxed]
pub async fn prolong(connection: &mut DbConnection, id: AccountTokenId, end: Timestamp) -> Result<()> {
    let end = StoredTime::from(end);
    // If several servers saw a use, the latest wins.
    let token = account_tokens::table
        .filter(account_tokens::id.eq(stored(id)))
        .filter(account_tokens::expires_at.lt(end));
    let change = account_tokens::expires_at.eq(Some(end));
    on_backend!(connection, |conn| diesel::update(token).set(change).execute(conn).await)
        .or_error("prolong a token")?;
    Ok(())
}
