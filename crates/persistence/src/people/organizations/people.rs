//! The people whom an account meets: the rules of [`may_see`](denizen_domain::may_see) and
//! [`may_look_up`](denizen_domain::may_look_up), as queries.

use async_recursion::async_recursion as boxed;
use denizen_domain::{AccountId, AccountNumber, Coded as _, Profile, Result, Status};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::query_dsl::positional_order_dsl::PositionalOrderDsl as _;
use diesel_async::RunQueryDsl;

use super::find::organizations_of;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::accounts::ProfileRow;
use crate::schema::{accounts, flow_memberships, flows, memberships, workspaces};
use crate::types::stored;

/// Lists the numbers of all accounts that an account sees, including itself, in order. Takes eight bytes for each.
///
/// One query: in each workspace that the account administers, all members; in the others, the unblocked participants
/// of its unarchived flows that do not block it. It reads from the account to its memberships, to its flows, and to
/// their participants. Anti-joins leave out inactive workspaces and archived flows: whatever sizes the planner
/// assumes, it does not start from all workspaces, or all flows of one.
#[boxed]
pub async fn visible_numbers(
    connection: &mut DbConnection,
    account_id: AccountId,
) -> Result<Vec<AccountNumber>> {
    let (members, mates) = diesel::alias!(memberships as members, flow_memberships as mates);
    let rows = on_backend!(connection, |conn| {
        let own =
            memberships::table.filter(memberships::account_id.eq(stored(account_id))).filter(is_open!());
        let administered = own
            .inner_join(members.on(members.field(memberships::workspace_id).eq(memberships::workspace_id)))
            .filter(memberships::is_admin)
            .select(members.field(memberships::account_number).assume_not_null());
        let shared = own
            .inner_join(
                flow_memberships::table.on(flow_memberships::workspace_id
                    .eq(memberships::workspace_id)
                    .and(flow_memberships::account_id.eq(memberships::account_id))),
            )
            .inner_join(
                mates.on(mates
                    .field(flow_memberships::workspace_id)
                    .eq(flow_memberships::workspace_id)
                    .and(mates.field(flow_memberships::flow_id).eq(flow_memberships::flow_id))),
            )
            .filter(memberships::is_admin.eq(false))
            .filter(flow_memberships::is_blocked.eq(false))
            .filter(is_in_use!())
            .filter(mates.field(flow_memberships::is_blocked).eq(false))
            .select(mates.field(flow_memberships::account_number));
        let itself = accounts::table
            .filter(accounts::id.eq(stored(account_id)))
            .select(accounts::number.assume_not_null());
        administered.union(shared).union(itself).positional_order_by(1).load::<i64>(conn).await
    });
    let rows = rows.or_error("find whom an account sees")?;
    Ok(rows.into_iter().map(AccountNumber::from_stored).collect())
}

/// The condition that the workspace of a membership is active.
macro_rules! is_open {
    () => {
        not(exists(
            workspaces::table.filter(workspaces::id.eq(memberships::workspace_id)).filter(
                workspaces::deleted_at.is_not_null().or(workspaces::status.ne(Status::Active.code())),
            ),
        ))
    };
}
use is_open;

/// The condition that the flow of a participant is not archived.
macro_rules! is_in_use {
    () => {
        not(exists(
            flows::table
                .filter(flows::workspace_id.eq(flow_memberships::workspace_id))
                .filter(flows::id.eq(flow_memberships::flow_id))
                .filter(flows::is_archived),
        ))
    };
}
use is_in_use;

/// Finds the profiles of accounts by number, in order, except deleted ones.
#[boxed]
pub async fn list_profiles(connection: &mut DbConnection, numbers: &[AccountNumber]) -> Result<Vec<Profile>> {
    let numbers: Vec<_> = numbers.iter().map(|number| number.as_i64()).collect();
    let rows = on_backend!(connection, |conn| {
        accounts::table
            .filter(accounts::number.eq_any(numbers))
            .order(accounts::number.asc())
            .select(ProfileRow::as_select())
            .load(conn)
            .await
    });
    rows.or_error("list profiles")?.into_iter().map(Profile::try_from).collect()
}

/// Finds the profile of an account by number, if it is the caller's or they share an organization.
#[boxed]
pub async fn look_up(
    connection: &mut DbConnection,
    viewer: AccountId,
    number: AccountNumber,
) -> Result<Option<Profile>> {
    let members = diesel::alias!(memberships as members);
    let row = on_backend!(connection, |conn| {
        let shared = organizations_of!(viewer)
            .inner_join(members.on(members.field(memberships::workspace_id).eq(memberships::workspace_id)))
            .filter(members.field(memberships::account_id).eq(accounts::id))
            .select(members.field(memberships::account_id));
        accounts::table
            .filter(accounts::number.eq(number.as_i64()))
            .filter(accounts::id.eq(stored(viewer)).or(exists(shared)))
            .select(ProfileRow::as_select())
            .first(conn)
            .await
            .optional()
    });
    row.or_error("look somebody up")?.map(Profile::try_from).transpose()
}
