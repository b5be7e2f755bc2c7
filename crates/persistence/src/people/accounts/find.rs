//! Finds single accounts.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Account, AccountId, Coded as _, Error, PasswordHash, Reach, Result, Status, Unauthenticated, Username,
    WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::{AccountRow, with_roles};
use crate::connection::{DbConnection, OrError as _, broken_row, on_backend};
use crate::people::memberships::find as find_membership;
use crate::schema::{accounts, workspaces};
use crate::types::{StoredUuid, stored, texts};

/// Selects the account that matches a unique condition.
macro_rules! first {
    ($connection:expr, $condition:expr) => {
        on_backend!($connection, |conn| {
            accounts::table.filter($condition).select(AccountRow::as_select()).first(conn).await.optional()
        })
    };
}

/// Finds an account by id.
#[boxed]
pub async fn find(connection: &mut DbConnection, id: AccountId) -> Result<Option<Account>> {
    let row = first!(connection, accounts::id.eq(stored(id)));
    with_its_roles(connection, row.or_error("find an account")?).await
}

/// Finds an account by id that is active, and whose home is.
pub(crate) async fn find_in_use(connection: &mut DbConnection, id: AccountId) -> Result<Option<Account>> {
    let Some(account) = find(connection, id).await? else { return Ok(None) };
    let home = account.home.map(stored);
    let status = workspaces::table.filter(workspaces::id.nullable().eq(home)).select(workspaces::status);
    let status = on_backend!(connection, |conn| status.first::<String>(conn).await.optional());
    let status = status.or_error("find the status of a home")?;
    Ok(Some(account).filter(|account| account.status == Status::Active && is_in_use(status.as_deref())))
}

/// Finds the home of an account, if any.
pub(crate) async fn home_of(connection: &mut DbConnection, id: AccountId) -> Result<Option<WorkspaceId>> {
    let home = accounts::table.filter(accounts::id.eq(stored(id))).select(accounts::home_workspace_id);
    let home = on_backend!(connection, |conn| home.first::<Option<StoredUuid>>(conn).await.optional());
    Ok(home.or_error("find the home of an account")?.flatten().map(Into::into))
}

/// Finds an account by id within reach: within a workspace, its members.
#[boxed]
pub async fn find_within(
    connection: &mut DbConnection,
    reach: Reach,
    id: AccountId,
) -> Result<Option<Account>> {
    if let Reach::Workspace(workspace_id) = reach
        && find_membership(connection, workspace_id, id).await?.is_none()
    {
        return Ok(None);
    }
    find(connection, id).await
}

/// Finds an account by the forms of its username ([`Username::stored_forms`]), the first before the others.
#[boxed]
pub async fn find_by_username(connection: &mut DbConnection, forms: &[Username]) -> Result<Option<Account>> {
    let rows = on_backend!(connection, |conn| {
        accounts::table
            .filter(accounts::username.eq_any(texts(forms)))
            .select(AccountRow::as_select())
            .load(conn)
            .await
    });
    let rows = rows.or_error("find an account by its username")?;
    with_its_roles(connection, first_of(forms, rows, AccountRow::username)).await
}

/// The account of a log-in attempt.
#[derive(Debug, Clone)]
pub struct LogInCandidate {
    /// The account.
    pub account_id: AccountId,
    /// The hash of its password; `None` if it has none and cannot log in.
    pub password: Option<PasswordHash>,
    /// Its status.
    pub status: Status,
    /// Whether its home, if any, is active.
    pub home_in_use: bool,
}

impl LogInCandidate {
    /// Fails with [`Unauthenticated::Disabled`] if the account or its home is not active. To be called only after the
    /// password was verified.
    pub fn require_in_use(&self) -> Result<()> {
        if self.status == Status::Active && self.home_in_use {
            return Ok(());
        }
        Err(Error::Unauthenticated(Unauthenticated::Disabled))
    }
}

/// Finds the account of a log-in attempt by the forms of its username, the first before the others. Runs one query,
/// whether or not it exists.
#[boxed]
pub async fn find_for_log_in(
    connection: &mut DbConnection,
    forms: &[Username],
) -> Result<Option<LogInCandidate>> {
    let query = accounts::table
        .left_join(workspaces::table.on(workspaces::id.nullable().eq(accounts::home_workspace_id)))
        .filter(accounts::username.eq_any(texts(forms)))
        .select((
            accounts::username,
            accounts::id,
            accounts::password_hash,
            accounts::status,
            workspaces::status.nullable(),
        ));
    let rows = on_backend!(connection, |conn| {
        query.load::<(String, StoredUuid, Option<String>, String, Option<String>)>(conn).await
    });
    let row = first_of(forms, rows.or_error("find an account to log in to")?, |row| &row.0);
    let Some((_, id, password, status, home_status)) = row else { return Ok(None) };
    let status =
        Status::from_code(&status).map_err(|problem| broken_row("accounts", "status", id, problem))?;
    Ok(Some(LogInCandidate {
        account_id: id.into(),
        password: password.map(PasswordHash::from_stored),
        status,
        home_in_use: is_in_use(home_status.as_deref()),
    }))
}

/// Returns whether any account exists.
#[boxed]
pub async fn any(connection: &mut DbConnection) -> Result<bool> {
    let query = accounts::table.select(accounts::id).limit(1);
    let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    Ok(!ids.or_error("look for any account")?.is_empty())
}

/// Returns whether a home with this status admits its accounts. An account without a home is admitted.
pub(crate) fn is_in_use(home_status: Option<&str>) -> bool {
    home_status.is_none_or(|status| status == Status::Active.code())
}

/// Returns the row whose username comes first.
fn first_of<R>(usernames: &[Username], rows: Vec<R>, username: impl Fn(&R) -> &str) -> Option<R> {
    let place = |row: &R| usernames.iter().position(|known| known.as_str() == username(row));
    rows.into_iter().min_by_key(place)
}

async fn with_its_roles(connection: &mut DbConnection, row: Option<AccountRow>) -> Result<Option<Account>> {
    Ok(with_roles(connection, row.into_iter().collect()).await?.pop())
}
