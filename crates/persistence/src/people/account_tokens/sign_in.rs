//! From a token to whoever is logged in with it, and from a password that was checked to whose it is.

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

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who it is.
    pub account: Account,
    /// The token that says so.
    pub token: AccountToken,
    /// See [`Workspace::requests_per_second`](denizen_domain::Workspace::requests_per_second), of its home.
    pub requests_per_second: Option<u32>,
}

impl SignedIn {
    /// What they may do.
    pub fn authority(&self) -> Authority {
        Authority::of(&self.account, &self.token.permissions)
    }
}

/// An account that has shown its password.
#[derive(Debug, Clone)]
pub struct PasswordHolder {
    /// Who it is.
    pub account: Account,
    /// See [`Workspace::requests_per_second`](denizen_domain::Workspace::requests_per_second), of its home.
    pub requests_per_second: Option<u32>,
}

/// What the home of an account says of it: its status and its own limit. Nothing where it has no home.
type HomeRow = Option<(String, Option<i64>)>;

/// A token with its account and what its home says, by a condition that holds for one at most.
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

/// Whoever is logged in with this secret; `None` where it is unknown, revoked or has ended. Fails with
/// [`Unauthenticated::Disabled`] where the account, or its home, is not in use.
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

/// Whoever is logged in with the token of this id, as [`authenticate`] says.
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

/// The limit that the home of an account sets. Fails where the account, or its home, is not in use.
fn limit_in_use(account: &Account, home: HomeRow) -> Result<Option<u32>> {
    account.require_active()?;
    let (status, limit) = home.unzip();
    if !is_in_use(status.as_deref()) {
        return Err(Error::Unauthenticated(Unauthenticated::Disabled));
    }
    Ok(stored_limit(limit.flatten()))
}

/// The account of this id, whose password was checked already; `None` where the password that has this fingerprint is no
/// longer its own, or the account is gone. Fails with [`Unauthenticated::Disabled`] where the account, or its home, is not
/// in use.
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

/// Moves the end of a token on that is prolonged by use.
pub async fn prolong(connection: &mut DbConnection, id: AccountTokenId, end: Timestamp) -> Result<()> {
    let end = StoredTime::from(end);
    // Of several servers that saw a use, the one that saw the latest wins.
    let token = account_tokens::table
        .filter(account_tokens::id.eq(stored(id)))
        .filter(account_tokens::expires_at.lt(end));
    let change = account_tokens::expires_at.eq(Some(end));
    on_backend!(connection, |conn| diesel::update(token).set(change).execute(conn).await)
        .or_error("prolong a token")?;
    Ok(())
}
