//! Looking one account up.

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
use crate::types::{StoredUuid, stored};

/// The row of an account, by a condition that holds for one at most.
macro_rules! first {
    ($connection:expr, $condition:expr) => {
        on_backend!($connection, |conn| {
            accounts::table.filter($condition).select(AccountRow::as_select()).first(conn).await.optional()
        })
    };
}

/// The account of this id.
pub async fn find(connection: &mut DbConnection, id: AccountId) -> Result<Option<Account>> {
    let row = first!(connection, accounts::id.eq(stored(id)));
    with_its_roles(connection, row.or_error("find an account")?).await
}

/// Where an account is at home, if anywhere.
pub(crate) async fn home_of(connection: &mut DbConnection, id: AccountId) -> Result<Option<WorkspaceId>> {
    let home = accounts::table.filter(accounts::id.eq(stored(id))).select(accounts::home_workspace_id);
    let home = on_backend!(connection, |conn| home.first::<Option<StoredUuid>>(conn).await.optional());
    Ok(home.or_error("find the home of an account")?.flatten().map(Into::into))
}

/// The account of this id, where the reach includes it: within a workspace, its members.
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

/// The account of this username.
pub async fn find_by_username(connection: &mut DbConnection, username: &Username) -> Result<Option<Account>> {
    let row = first!(connection, accounts::username.eq(username.as_str()));
    with_its_roles(connection, row.or_error("find an account by its username")?).await
}

/// Whoever somebody says they are who wants to log in.
#[derive(Debug, Clone)]
pub struct LogInCandidate {
    /// The account.
    pub account_id: AccountId,
    /// The hash of its password; `None` where it has none, and nobody can log in.
    pub password: Option<PasswordHash>,
    /// Whether it is in use.
    pub status: Status,
    /// Whether its home, where it has one, is in use.
    pub home_in_use: bool,
}

impl LogInCandidate {
    /// Fails with [`Unauthenticated::Disabled`] where the account or its home is not in use. To be asked only once the
    /// password is known to be right.
    pub fn require_in_use(&self) -> Result<()> {
        if self.status == Status::Active && self.home_in_use {
            return Ok(());
        }
        Err(Error::Unauthenticated(Unauthenticated::Disabled))
    }
}

/// The account that somebody wants to log in to. One look-up, whether it is there or not.
pub async fn find_for_log_in(
    connection: &mut DbConnection,
    username: &Username,
) -> Result<Option<LogInCandidate>> {
    let query = accounts::table
        .left_join(workspaces::table.on(workspaces::id.nullable().eq(accounts::home_workspace_id)))
        .filter(accounts::username.eq(username.as_str()))
        .select((accounts::id, accounts::password_hash, accounts::status, workspaces::status.nullable()));
    let row = on_backend!(connection, |conn| {
        query.first::<(StoredUuid, Option<String>, String, Option<String>)>(conn).await.optional()
    });
    let Some((id, password, status, home_status)) = row.or_error("find an account to log in to")? else {
        return Ok(None);
    };
    let status =
        Status::from_code(&status).map_err(|problem| broken_row("accounts", "status", id, problem))?;
    Ok(Some(LogInCandidate {
        account_id: id.into(),
        password: password.map(PasswordHash::from_stored),
        status,
        home_in_use: is_in_use(home_status.as_deref()),
    }))
}

/// Whether there is any account.
pub async fn any(connection: &mut DbConnection) -> Result<bool> {
    let query = accounts::table.select(accounts::id).limit(1);
    let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    Ok(!ids.or_error("look for any account")?.is_empty())
}

/// Whether a home with this status lets its accounts in; an account without a home is let in.
pub(crate) fn is_in_use(home_status: Option<&str>) -> bool {
    home_status.is_none_or(|status| status == Status::Active.code())
}

async fn with_its_roles(connection: &mut DbConnection, row: Option<AccountRow>) -> Result<Option<Account>> {
    Ok(with_roles(connection, row.into_iter().collect()).await?.pop())
}
