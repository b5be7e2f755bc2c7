//! Accounts removed from workspaces, which cannot rejoin by link.

use denizen_domain::{AccountId, Error, Forbidden, Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::departures;
use crate::types::{StoredTime, StoredUuid, stored};

/// Selects the departure of an account from a workspace.
macro_rules! of {
    ($workspace_id:expr, $account_id:expr) => {
        departures::table
            .filter(departures::workspace_id.eq(stored($workspace_id)))
            .filter(departures::account_id.eq(stored($account_id)))
    };
}

/// Records that an account was removed from a workspace.
pub(crate) async fn note(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    account_id: AccountId,
    now: Timestamp,
) -> Result<()> {
    let row = (
        departures::workspace_id.eq(stored(workspace_id)),
        departures::account_id.eq(stored(account_id)),
        departures::occurred_at.eq(StoredTime::from(now)),
    );
    on_backend!(connection, |conn| {
        diesel::insert_into(departures::table).values(row).on_conflict_do_nothing().execute(conn).await
    })
    .or_error("note a departure")?;
    Ok(())
}

/// Deletes the record, because an authorized caller has added the account again.
pub(crate) async fn forget(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<()> {
    let own = of!(workspace_id, account_id);
    on_backend!(connection, |conn| diesel::delete(own).execute(conn).await).or_error("forget a departure")?;
    Ok(())
}

/// Fails with [`Forbidden::TakenOut`] for an account that was removed from a workspace and not added again.
pub(crate) async fn require_none(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<()> {
    let own = of!(workspace_id, account_id).select(departures::account_id);
    let own = on_backend!(connection, |conn| own.first::<StoredUuid>(conn).await.optional());
    match own.or_error("look for a departure")? {
        Some(_) => Err(Error::Forbidden(Forbidden::TakenOut)),
        None => Ok(()),
    }
}
