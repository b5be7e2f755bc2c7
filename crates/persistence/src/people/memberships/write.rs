//! Creates and deletes memberships.

use denizen_domain::{
    Account, AccountId, Coded as _, InvitationState, Membership, Origin, Reach, Result, Username, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::find;
use super::row::MembershipRow;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::departures;
use crate::people::invitations::accept as accept_invitations;
use crate::schema::{invitations, memberships, workspaces};
use crate::types::{StoredUuid, stored, texts};

/// How an account joins a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// An authorized caller adds it, and vouches for its address.
    Brought {
        /// Whether it administers the workspace.
        as_admin: bool,
    },
    /// By a link, under the address that it claims.
    ByLink,
}

/// Adds an account to a workspace, unless it is a member. An account added by a caller is vouched for from then on,
/// member or not, and joins the flows that its address is invited to.
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
        accept_invitations(connection, origin, workspace_id, account).await?;
    }
    Ok(())
}

/// Adds a new account to every workspace that has invited it. Only for accounts created by callers with rights
/// everywhere: an address proves nothing, and an administrator of one workspace could create an account with an
/// address that another has invited.
pub(crate) async fn bring_in(
    connection: &mut DbConnection,
    origin: &Origin,
    account: &Account,
) -> Result<()> {
    let inviting = invitations::table
        .inner_join(workspaces::table.on(workspaces::id.eq(invitations::workspace_id)))
        .filter(invitations::email.eq_any(texts(&Username::stored_forms(account.username.as_str()))))
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

/// Sets whether an account's memberships within reach are vouched for.
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

/// Deletes a membership only.
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
