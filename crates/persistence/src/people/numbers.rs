//! Numbers, for contracts that know things by numbers: handed out in order, never twice.

use denizen_domain::{AccountNumber, InvitationNumber, Result, WorkspaceNumber};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::numbers;

/// The number of an account that is about to be stored.
pub(crate) async fn of_account(connection: &mut DbConnection) -> Result<AccountNumber> {
    take(connection, "account", 1).await.map(AccountNumber::from_stored)
}

/// The number of a workspace that is about to be stored.
pub(crate) async fn of_workspace(connection: &mut DbConnection) -> Result<WorkspaceNumber> {
    take(connection, "workspace", 1).await.map(WorkspaceNumber::from_stored)
}

/// The numbers of so many invitations that are about to be stored.
pub(crate) async fn of_invitations(
    connection: &mut DbConnection,
    count: usize,
) -> Result<impl Iterator<Item = InvitationNumber> + use<>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let first = take(connection, "invitation", count).await?;
    Ok((first..first + count).map(InvitationNumber::from_stored))
}

/// Takes numbers, and gives the first of them. To be called within the transaction that stores what they are for, as late
/// in it as can be: others that want one of the kind wait until it ends. What is undone leaves a gap where others have
/// come after it.
async fn take(connection: &mut DbConnection, kind: &str, count: i64) -> Result<i64> {
    let counter = numbers::table.filter(numbers::kind.eq(kind));
    let taken = numbers::last.eq(numbers::last + count);
    on_backend!(connection, |conn| diesel::update(counter).set(taken).execute(conn).await)
        .or_error("take a number")?;
    let last = numbers::table.filter(numbers::kind.eq(kind)).select(numbers::last);
    let last: i64 = on_backend!(connection, |conn| last.first(conn).await).or_error("read a number")?;
    Ok(last - count + 1)
}
