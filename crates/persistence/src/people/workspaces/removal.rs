//! Deletes a workspace: at once for everyone, then its contents in batches.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Origin, Result, Status, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::find_within;
use super::keys::forget_key;
use super::residents;
use crate::audit_events as audit;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::events::remove_feed;
use crate::people::administrators::Administered;
use crate::people::asker::{Asker, Standing};
use crate::people::roles::delete_all_of as delete_roles_of;
use crate::queries::locks;
use crate::schema::{
    api_key_secrets, api_keys, audit_events, auth_configs, channels, connected_accounts, connection_links,
    deleted_external_users, departures, event_outbox, events, execution_steps, executions,
    external_user_groups, external_users, flows, idempotency_records, invitations, job_lanes, jobs,
    super_identities, tiers, webhook_endpoints, workflow_owners, workflow_templates, workflows, workspaces,
};
use crate::types::{StoredTime, StoredUuid, stored};
use crate::webhooks::remove_some_of;

/// How many rows are deleted at a time.
const BATCH: i64 = 500;

/// The maximum number of deleted workspaces listed at a time.
const LISTED: i64 = 1_000;

/// Deletes a workspace: it is no longer found, and its keys and accounts are rejected. [`remove_some`] removes its
/// contents. `false` if there is no such workspace within reach. Fails if an account with this home has greater rights
/// than the caller, with [`Conflict::OwnWorkspace`](denizen_domain::Conflict::OwnWorkspace), and with
/// [`Conflict::LastAdministrator`](denizen_domain::Conflict::LastAdministrator).
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: WorkspaceId,
) -> Result<bool> {
    in_transaction!(connection, {
        locks::lock_workspace(connection, id).await?;
        let now = origin.source.clock.now();
        let Standing { authority, reach, .. } = asker.standing(connection, now).await?;
        let Some(workspace) = find_within(connection, reach, id).await? else { return Ok(false) };
        residents::require_no_greater(connection, &authority, id).await?;
        workspace.require_not_home_of(&authority)?;
        let administered = Administered::before(connection, true).await?;
        forget_keys(connection, id).await?;
        mark(connection, id, now).await?;
        administered.require_still(connection).await?;
        // Its own log is deleted with it, so the server's log records it.
        audit::deleted(connection, origin, None, &workspace).await?;
        Ok(true)
    })
}

/// Lists the deleted workspaces that are not yet removed, oldest deletion first.
#[boxed]
pub async fn deleted(connection: &mut DbConnection) -> Result<Vec<WorkspaceId>> {
    let query = workspaces::table
        .filter(workspaces::deleted_at.is_not_null())
        .order(workspaces::deleted_at.asc())
        .select(workspaces::id)
        .limit(LISTED);
    let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    Ok(ids.or_error("list deleted workspaces")?.into_iter().map(Into::into).collect())
}

/// Removes a batch of a deleted workspace's contents, a few hundred rows, so that others can write in between; in the
/// end, the workspace. Returns whether more is left. Several servers may call it at once.
///
/// Members go first. Those with this home move to the workspace they joined first; if there is none, their account is
/// deleted.
#[boxed]
pub async fn remove_some(connection: &mut DbConnection, origin: &Origin, id: WorkspaceId) -> Result<bool> {
    if !is_deleted(connection, id).await? {
        return Ok(false);
    }
    if residents::release(connection, origin, id).await? {
        return Ok(true);
    }
    delete_roles_of(connection, id).await?;
    if remove_contents(connection, id).await? || remove_some_of(connection, id).await? {
        return Ok(true);
    }
    remove_feed(connection, id).await?;
    // A key may have been created at the time of the deletion.
    forget_keys(connection, id).await?;
    let workspace = workspaces::table.filter(workspaces::id.eq(stored(id)));
    on_backend!(connection, |conn| diesel::delete(workspace).execute(conn).await)
        .or_error("delete a workspace")?;
    Ok(false)
}

/// Clears the slug and the status. The slug is free at once.
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

/// Deletes all secrets of a workspace: those of its API keys, and its own key.
async fn forget_keys(connection: &mut DbConnection, id: WorkspaceId) -> Result<()> {
    forget_key(connection, id).await?;
    let secrets = api_key_secrets::table.filter(api_key_secrets::workspace_id.eq(stored(id)));
    on_backend!(connection, |conn| diesel::delete(secrets).execute(conn).await)
        .or_error("delete the secrets of a workspace")?;
    Ok(())
}

/// Returns whether it is deleted and not yet removed.
async fn is_deleted(connection: &mut DbConnection, id: WorkspaceId) -> Result<bool> {
    let query = workspaces::table
        .filter(workspaces::id.eq(stored(id)))
        .filter(workspaces::deleted_at.is_not_null())
        .select(workspaces::id);
    let ids = on_backend!(connection, |conn| query.load::<StoredUuid>(conn).await);
    Ok(!ids.or_error("look for a deleted workspace")?.is_empty())
}

/// Deletes a batch from the first of these tables with rows left. Returns whether there were any.
async fn remove_contents(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<bool> {
    let workspace_id = stored(workspace_id);
    macro_rules! delete_batch {
        ($($table:ident . $key:ident: $type:ty),+ $(,)?) => {$(
            let batch = $table::table
                .filter($table::workspace_id.eq(workspace_id))
                .select($table::$key)
                .limit(BATCH);
            let keys = on_backend!(connection, |conn| batch.load::<$type>(conn).await)
                .or_error("look for what a deleted workspace has left")?;
            if !keys.is_empty() {
                let batch = $table::table
                    .filter($table::workspace_id.eq(workspace_id))
                    .filter($table::$key.eq_any(keys));
                on_backend!(connection, |conn| diesel::delete(batch).execute(conn).await)
                    .or_error("delete what a deleted workspace has left")?;
                return Ok(true);
            }
        )+};
    }
    // Referring tables come first. The flows are empty, because the workspace has no members left.
    delete_batch!(
        connection_links.id: StoredUuid,
        connected_accounts.id: StoredUuid,
        auth_configs.id: StoredUuid,
        external_users.id: StoredUuid,
        deleted_external_users.id: StoredUuid,
        super_identities.id: StoredUuid,
        external_user_groups.id: StoredUuid,
        tiers.id: StoredUuid,
        channels.id: StoredUuid,
        api_keys.id: StoredUuid,
        invitations.number: i64,
        flows.id: StoredUuid,
        departures.account_id: StoredUuid,
        idempotency_records.key_hash: Vec<u8>,
        audit_events.id: StoredUuid,
        event_outbox.number: i64,
        events.position: i64,
        webhook_endpoints.id: StoredUuid,
        execution_steps.execution_id: StoredUuid,
        executions.id: StoredUuid,
        workflow_owners.workflow_id: StoredUuid,
        workflows.id: StoredUuid,
        workflow_templates.id: StoredUuid,
        jobs.id: StoredUuid,
        job_lanes.lane: StoredUuid,
    );
    Ok(false)
}
