//! Who is a member of which workspace.

use denizen_domain::{
    Account, AccountId, Coded as _, Conflict, Error, InvitationState, Membership, Origin, Reach, Result,
    Slice, Window, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::accounts::narrowed;
use crate::accounts::{self as account_functions, AccountFilter, AccountRow, with_roles};
use crate::asker::{Asker, Standing};
use crate::error::OrError as _;
use crate::keyset::load_window;
use crate::schema::{accounts, invitations, memberships, workspaces};
use crate::transaction::in_transaction;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{
    DbConnection, audit_events, departures, dialect, invitations as invitation_functions, on_backend,
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = memberships)]
struct MembershipRow {
    workspace_id: StoredUuid,
    account_id: StoredUuid,
    is_admin: bool,
    created_at: StoredTime,
    account_number: Option<i64>,
    is_vouched_for: bool,
}

impl From<MembershipRow> for Membership {
    fn from(row: MembershipRow) -> Self {
        let MembershipRow {
            workspace_id,
            account_id,
            is_admin,
            created_at,
            account_number: _,
            is_vouched_for,
        } = row;
        Self {
            workspace_id: workspace_id.into(),
            account_id: account_id.into(),
            is_admin,
            is_vouched_for,
            created_at: created_at.into(),
        }
    }
}

/// A member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who it is.
    pub account: Account,
    /// Since when, and as what.
    pub membership: Membership,
}

/// The membership of an account in a workspace.
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<Option<Membership>> {
    let query = memberships::table
        .filter(memberships::workspace_id.eq(stored(workspace_id)))
        .filter(memberships::account_id.eq(stored(account_id)));
    let row = on_backend!(connection, |conn| query.first::<MembershipRow>(conn).await.optional());
    Ok(row.or_error("find a membership")?.map(Membership::from))
}

/// All memberships of these accounts.
pub(crate) async fn all_of(
    connection: &mut DbConnection,
    accounts: &[StoredUuid],
) -> Result<Vec<Membership>> {
    let query = memberships::table.filter(memberships::account_id.eq_any(accounts.to_vec()));
    let rows = on_backend!(connection, |conn| query.load::<MembershipRow>(conn).await);
    Ok(rows.or_error("find the memberships of accounts")?.into_iter().map(Membership::from).collect())
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

/// A page of a workspace's members, in the order in which they came.
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

/// How many members of a workspace a filter lets through.
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

/// What taking a member out of a workspace came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The account is a member no longer.
    Left,
    /// The account is gone: it had no other workspace, and no rights beyond workspaces.
    Deleted,
}

/// Takes a member out of a workspace and all its flows. An account that was at home there and has neither another
/// workspace nor rights beyond workspaces goes with its membership. `None` where it is no member of a workspace within
/// reach. Fails where the account may do more than the asker, or is its own.
pub async fn remove(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<Option<Removal>> {
    in_transaction!(connection, {
        dialect::lock_account(connection, account_id).await?;
        let now = origin.source.clock.now();
        let Standing { authority, reach, .. } = asker.standing(connection, now).await?;
        let here = Reach::Workspace(workspace_id);
        let member = account_functions::find_within(connection, here, account_id).await?;
        let Some(account) = member.filter(|_| reach.includes(workspace_id)) else { return Ok(None) };
        let administers = administered_beside(connection, account_id, authority.account_id).await?;
        authority.require_may_touch_admin_of(reach, &administers)?;
        let is_at_home = account.home == Some(workspace_id);
        if is_at_home {
            authority.require_may_delete(reach, &account)?;
        } else if authority.account_id == Some(account_id) {
            return Err(Error::Conflict(Conflict::OwnAccount));
        }
        let has_more = !account.permissions_in_effect().restricted().is_empty();
        let account = leave(connection, origin, workspace_id, account).await?;
        if any_but(connection, account_id, None).await? || !is_at_home || has_more {
            return Ok(Some(Removal::Left));
        }
        account_functions::delete_found(connection, origin, &account).await?;
        Ok(Some(Removal::Deleted))
    })
}

/// Ends a membership, and with it that in the workspace's flows. An account that was at home there finds its next home in
/// the workspace that it has been a member of for longest, if there is any, and what counted in the old one stays behind.
/// The account as it is then.
pub(crate) async fn leave(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    mut account: Account,
) -> Result<Account> {
    delete(connection, origin, workspace_id, account.id).await?;
    departures::note(connection, workspace_id, account.id, origin.source.clock.now()).await?;
    let next = oldest_of(connection, account.id).await?;
    if account.home == Some(workspace_id) {
        account_functions::leave_home(connection, origin, &mut account, next).await?;
    }
    Ok(account)
}

/// How an account comes into a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Somebody who may brings it in, and stands for its address.
    Brought {
        /// Whether it is to administer the workspace.
        as_admin: bool,
    },
    /// By a link, as whoever it says it is.
    ByLink,
}

/// Makes an account a member, where it is none. Whoever is brought in is vouched for from then on, member or not, and comes
/// into the flows that its address is invited to.
pub(crate) async fn insert(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    account: &Account,
    entry: Entry,
) -> Result<()> {
    let is_vouched_for = entry != Entry::ByLink;
    let row = MembershipRow {
        workspace_id: stored(workspace_id),
        account_id: stored(account.id),
        is_admin: entry == Entry::Brought { as_admin: true },
        created_at: origin.source.clock.now().into(),
        account_number: Some(account.number.as_i64()),
        is_vouched_for,
    };
    let inserted = on_backend!(connection, |conn| {
        diesel::insert_into(memberships::table).values(&row).on_conflict_do_nothing().execute(conn).await
    });
    if inserted.or_error("insert a membership")? == 1 {
        audit_events::created(connection, origin, workspace_id, &Membership::from(row)).await?;
    }
    if is_vouched_for {
        vouch(connection, account.id, Reach::Workspace(workspace_id), true).await?;
        departures::forget(connection, workspace_id, account.id).await?;
        invitation_functions::accept(connection, origin, workspace_id, account).await?;
    }
    Ok(())
}

/// Makes a new account a member of every workspace that has invited it. For accounts that are made by who may make them
/// everywhere: an address is not proved to be anybody's, and whoever administers one workspace could make an account with
/// an address that another one has invited.
pub(crate) async fn bring_in(
    connection: &mut DbConnection,
    origin: &Origin,
    account: &Account,
) -> Result<()> {
    let inviting = invitations::table
        .inner_join(workspaces::table.on(workspaces::id.eq(invitations::workspace_id)))
        .filter(invitations::email.eq(account.username.as_str()))
        .filter(invitations::state.eq(InvitationState::Pending.code()))
        .filter(workspaces::deleted_at.is_null())
        .select(invitations::workspace_id)
        .distinct();
    let inviting = on_backend!(connection, |conn| inviting.load::<StoredUuid>(conn).await);
    for workspace_id in inviting.or_error("look for invitations everywhere")? {
        let entry = Entry::Brought { as_admin: false };
        insert(connection, origin, workspace_id.into(), account, entry).await?;
    }
    Ok(())
}

/// Says of an account's memberships within reach whether somebody stands for its address.
pub(crate) async fn vouch(
    connection: &mut DbConnection,
    account_id: AccountId,
    reach: Reach,
    is_vouched_for: bool,
) -> Result<()> {
    let change = memberships::is_vouched_for.eq(is_vouched_for);
    on_backend!(connection, |conn| {
        let all = memberships::table.filter(memberships::account_id.eq(stored(account_id)));
        match reach {
            Reach::Everywhere => diesel::update(all).set(change).execute(conn).await,
            Reach::Workspace(id) => {
                let one = all.filter(memberships::workspace_id.eq(stored(id)));
                diesel::update(one).set(change).execute(conn).await
            }
        }
    })
    .or_error("say whether somebody stands for an address")?;
    Ok(())
}

/// Ends a membership, and nothing more.
pub(crate) async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    account_id: AccountId,
) -> Result<()> {
    let Some(membership) = find(connection, workspace_id, account_id).await? else {
        return Ok(());
    };
    let ended = memberships::table
        .filter(memberships::workspace_id.eq(stored(workspace_id)))
        .filter(memberships::account_id.eq(stored(account_id)));
    on_backend!(connection, |conn| diesel::delete(ended).execute(conn).await)
        .or_error("delete a membership")?;
    audit_events::deleted(connection, origin, workspace_id, &membership).await
}

/// The workspaces that an account is a member of, without those that are deleted and not yet removed.
macro_rules! memberships_of {
    ($account_id:expr) => {
        memberships::table
            .inner_join(workspaces::table.on(workspaces::id.eq(memberships::workspace_id)))
            .filter(memberships::account_id.eq(stored($account_id)))
            .filter(workspaces::deleted_at.is_null())
            .select(memberships::workspace_id)
    };
}

/// Whether an account is a member of any workspace but this one. Like [`oldest_of`], it goes from an account to its
/// workspaces, and so over all of them.
pub(crate) async fn any_but(
    connection: &mut DbConnection,
    account_id: AccountId,
    workspace_id: Option<WorkspaceId>,
) -> Result<bool> {
    let query = memberships_of!(account_id).limit(2);
    let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    let ids = ids.or_error("look for the workspaces of an account")?;
    Ok(ids.into_iter().any(|id| Some(WorkspaceId::from(id)) != workspace_id))
}

/// The workspace that an account has been a member of for longest, of those whose people have brought it in: a home has
/// power over its accounts, and nobody gets that by a link that somebody follows.
pub(crate) async fn oldest_of(
    connection: &mut DbConnection,
    account_id: AccountId,
) -> Result<Option<WorkspaceId>> {
    let query = memberships_of!(account_id)
        .filter(memberships::is_vouched_for)
        .order((memberships::created_at.asc(), memberships::workspace_id.asc()));
    let id = on_backend!(connection, |conn| query.first::<StoredUuid>(conn).await.optional());
    Ok(id.or_error("find the workspaces of an account")?.map(Into::into))
}

/// The workspaces that an account administers, and another one, who asks, does not.
pub(crate) async fn administered_beside(
    connection: &mut DbConnection,
    account_id: AccountId,
    asking: Option<AccountId>,
) -> Result<Vec<WorkspaceId>> {
    let administered = async |connection: &mut DbConnection, account_id: AccountId| {
        let query = memberships_of!(account_id).filter(memberships::is_admin);
        let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
        let ids = ids.or_error("find the workspaces that an account administers")?;
        Ok::<Vec<WorkspaceId>, Error>(ids.into_iter().map(Into::into).collect())
    };
    let mut ids = administered(connection, account_id).await?;
    if let Some(asking) = asking.filter(|_| !ids.is_empty()) {
        let own = administered(connection, asking).await?;
        ids.retain(|id| !own.contains(id));
    }
    Ok(ids)
}
