//! Lists of members.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Account, Membership, Result, Slice, Window, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::MembershipRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::accounts::{AccountFilter, AccountRow, narrowed, with_roles};
use crate::queries::keyset::load_window;
use crate::schema::{accounts, memberships};
use crate::types::{StoredTime, stored};

/// A member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The account.
    pub account: Account,
    /// The membership.
    pub membership: Membership,
}

macro_rules! members {
    ($workspace_id:expr, $filter:expr, $selection:expr) => {
        narrowed!(
            memberships::table
                .inner_join(accounts::table.on(accounts::id.eq(memberships::account_id)))
                .filter(memberships::workspace_id.eq(stored($workspace_id)))
                .select($selection)
                .into_boxed(),
            $filter
        )
    };
}

/// Lists a page of a workspace's members in the order of joining.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &AccountFilter,
    window: &Window,
) -> Result<Slice<Member>> {
    let rows = load_window!(
        connection,
        members!(workspace_id, filter, (MembershipRow::as_select(), AccountRow::as_select())),
        memberships::created_at,
        memberships::account_id,
        window,
        StoredTime,
        (MembershipRow, AccountRow)
    );
    let (memberships, rows): (Vec<_>, Vec<_>) = rows.or_error("list members")?.into_iter().unzip();
    let accounts = with_roles(connection, rows).await?;
    let member = |(account, row): (Account, MembershipRow)| Member { account, membership: row.into() };
    let members = accounts.into_iter().zip(memberships).map(member).collect();
    Ok(Slice::cut(members, window))
}

/// Counts the members of a workspace that match a filter.
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &AccountFilter,
) -> Result<i64> {
    let all = memberships::table.filter(memberships::workspace_id.eq(stored(workspace_id))).count();
    if *filter == AccountFilter::default() {
        return on_backend!(connection, |conn| all.get_result(conn).await).or_error("count all members");
    }
    on_backend!(connection, |conn| {
        members!(workspace_id, filter, diesel::dsl::count_star()).get_result(conn).await
    })
    .or_error("count members")
}
