//! Assigns numbers, for contracts that identify objects by numbers: in order, never twice.

use denizen_domain::{AccountNumber, InvitationNumber, Result, WorkspaceNumber};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::numbers;

/// Assigns a number to a new account.
pub(crate) async fn of_account(connection: &mut DbConnection) -> Result<AccountNumber> {
    take(connection, "account", 1).await.map(AccountNumber::from_stored)
}

/// Assigns a number to a new workspace.
pub(crate) async fn of_workspace(connection: &mut DbConnection) -> Result<WorkspaceNumber> {
    take(connection, "workspace", 1).await.map(WorkspaceNumber::from_stored)
}

/// Assigns numbers to new invitations.
pub(crate) async fn of_invitations(
    connection: &mut DbConnection,
    count: usize,
) -> Result<impl Iterator<Item = InvitationNumber> + use<>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let first = take(connection, "invitation", count).await?;
    Ok((first..first + count).map(InvitationNumber::from_stored))
}

/// Reserves numbers, and returns the first. To be called late in the transaction that stores the objects: it blocks
/// others who need such numbers until it ends. A rollback may leave a gap.
async fn take(connection: &mut DbConnection, kind: &str, count: i64) -> Result<i64> {
    let counter = numbers::table.filter(numbers::kind.eq(kind));
    let taken = numbers::last.eq(numbers::last + count);
    on_backend!(connection, |conn| diesel::update(counter).set(taken).execute(conn).await)
        .or_error("take a number")?;
    let last = numbers::table.filter(numbers::kind.eq(kind)).select(numbers::last);
    let last: i64 = on_backend!(connection, |conn| last.first(conn).await).or_error("read a number")?;
    Ok(last - count + 1)
}
