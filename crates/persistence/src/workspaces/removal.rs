//! Deleting a workspace: gone for everybody at once, and then removed bit by bit, however much is in it.

use denizen_domain::{Authority, Result, Source, Status, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{find, residents};
use crate::accounts::{self as account_functions, AccountRow, with_roles};
use crate::error::OrError as _;
use crate::schema::{
    accounts, api_key_secrets, api_keys, channels, external_user_groups, external_users, memberships,
    super_identities, tiers, workspaces,
};
use crate::transaction::in_transaction;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{Database, DbConnection, dialect, memberships as membership_functions, on_backend, roles};

/// How many accounts find another home at a time.
const BATCH: i64 = 500;

/// Deletes a workspace: nobody finds it any more, its keys open nothing, and its accounts with no other workspace are
/// gone. Those that are members elsewhere are at home there from now on. Its other contents are left to [`sweep`].
/// `false` where there is no such workspace. Fails where an account is at home there that may do more than whoever asks,
/// and with [`Conflict::OwnWorkspace`](denizen_domain::Conflict::OwnWorkspace).
pub async fn delete(
    connection: &mut DbConnection,
    source: &Source,
    authority: &Authority,
    id: WorkspaceId,
) -> Result<bool> {
    in_transaction!(connection, {
        dialect::lock_workspace(connection, id).await?;
        let Some(workspace) = find(connection, id).await? else { return Ok(false) };
        // An account that two workspaces have in common could outlive both, when they are deleted in the same moment, or
        // move to one that is just being deleted.
        dialect::lock_members(connection, id).await?;
        residents::require_no_greater(connection, authority, id).await?;
        workspace.require_not_home_of(authority)?;
        let now = source.clock.now();
        mark(connection, id, now).await?;
        forget_keys(connection, id).await?;
        delete_accounts_of_no_other(connection, id).await?;
        end_memberships(connection, id).await?;
        while rehome(connection, id, now).await? {}
        roles::delete_all_of(connection, id).await?;
        Ok(true)
    })
}

/// Takes the slug and the status away; the slug is free for another workspace at once.
async fn mark(connection: &mut DbConnection, id: WorkspaceId, now: Timestamp) -> Result<()> {
    let changes = (
        workspaces::slug.eq(id.to_string()),
        workspaces::status.eq(Status::Disabled.to_string()),
        workspaces::deleted_at.eq(Some(StoredTime::from(now))),
    );
    let workspace = workspaces::table.filter(workspaces::id.eq(stored(id)));
    on_backend!(connection, |conn| diesel::update(workspace).set(changes).execute(conn).await)
        .or_error("mark a workspace as deleted")?;
    Ok(())
}

async fn forget_keys(connection: &mut DbConnection, id: WorkspaceId) -> Result<()> {
    let secrets = api_key_secrets::table.filter(api_key_secrets::workspace_id.eq(stored(id)));
    on_backend!(connection, |conn| diesel::delete(secrets).execute(conn).await)
        .or_error("delete the secrets of a workspace")?;
    Ok(())
}

async fn delete_accounts_of_no_other(connection: &mut DbConnection, id: WorkspaceId) -> Result<()> {
    let members =
        memberships::table.filter(memberships::workspace_id.eq(stored(id))).select(memberships::account_id);
    let others = diesel::alias!(memberships as others);
    let elsewhere = others
        .filter(others.field(memberships::account_id).eq(accounts::id))
        .filter(others.field(memberships::workspace_id).ne(stored(id)));
    let alone = accounts::table
        .filter(accounts::id.eq_any(members))
        .filter(diesel::dsl::not(diesel::dsl::exists(elsewhere)));
    on_backend!(connection, |conn| diesel::delete(alone).execute(conn).await)
        .or_error("delete the accounts of a workspace")?;
    Ok(())
}

async fn end_memberships(connection: &mut DbConnection, id: WorkspaceId) -> Result<()> {
    let ended = memberships::table.filter(memberships::workspace_id.eq(stored(id)));
    on_backend!(connection, |conn| diesel::delete(ended).execute(conn).await)
        .or_error("end the memberships of a workspace")?;
    Ok(())
}

/// Gives some of the accounts that were at home there another home. Whether there were any.
async fn rehome(connection: &mut DbConnection, id: WorkspaceId, now: Timestamp) -> Result<bool> {
    let rows = on_backend!(connection, |conn| {
        accounts::table
            .filter(accounts::home_workspace_id.eq(Some(stored(id))))
            .order((accounts::created_at.asc(), accounts::id.asc()))
            .limit(BATCH)
            .select(AccountRow::as_select())
            .load(conn)
            .await
    });
    let homeless = with_roles(connection, rows.or_error("look for accounts without a home")?).await?;
    let found_any = !homeless.is_empty();
    for mut account in homeless {
        let next = membership_functions::oldest_of(connection, account.id).await?;
        account_functions::leave_home(connection, &mut account, next, now).await?;
    }
    Ok(found_any)
}

/// Removes some of what deleted workspaces have left, a few hundred rows at a time and in between others' writes. To be
/// called now and then; whether there is more to do.
pub async fn sweep(database: &Database) -> Result<bool> {
    let query = workspaces::table
        .filter(workspaces::deleted_at.is_not_null())
        .order(workspaces::deleted_at.asc())
        .select(workspaces::id);
    let id = {
        let connection = &mut database.read().await?;
        on_backend!(connection, |conn| query.first::<StoredUuid>(conn).await.optional())
    };
    match id.or_error("look for deleted workspaces")? {
        Some(id) => sweep_one(&mut database.write().await?, id).await.map(|()| true),
        None => Ok(false),
    }
}

/// Deletes a batch of the first of these tables that still has something, or in the end the workspace itself.
async fn sweep_one(connection: &mut DbConnection, workspace_id: StoredUuid) -> Result<()> {
    macro_rules! delete_batch {
        ($($table:ident),+) => {$(
            let batch = $table::table
                .filter($table::workspace_id.eq(workspace_id))
                .select($table::id)
                .limit(BATCH);
            let ids = on_backend!(connection, |conn| batch.load::<StoredUuid>(conn).await)
                .or_error("look for what a deleted workspace has left")?;
            if !ids.is_empty() {
                let batch = $table::table
                    .filter($table::workspace_id.eq(workspace_id))
                    .filter($table::id.eq_any(ids));
                on_backend!(connection, |conn| diesel::delete(batch).execute(conn).await)
                    .or_error("delete what a deleted workspace has left")?;
                return Ok(());
            }
        )+};
    }
    // What refers to others comes first.
    delete_batch!(external_users, super_identities, external_user_groups, tiers, channels, api_keys);
    // A key may have been made in the moment of the deletion.
    forget_keys(connection, workspace_id.into()).await?;
    let workspace = workspaces::table.filter(workspaces::id.eq(workspace_id));
    on_backend!(connection, |conn| diesel::delete(workspace).execute(conn).await)
        .or_error("delete a workspace")?;
    Ok(())
}
