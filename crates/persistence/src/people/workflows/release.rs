//! Takes workflows from accounts that are deleted.

use denizen_domain::{Account, Origin, Result, WorkflowOwner, WorkflowStatus};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::control::call_job;
use super::find::{find, lock};
use super::owners::owner_text;
use super::write::store;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::workflow_owners;
use crate::types::StoredUuid;

/// Takes its workflows from an account that is deleted, in the transaction of the deletion. Those without another owner are
/// stopped.
pub(crate) async fn release(connection: &mut DbConnection, origin: &Origin, account: &Account) -> Result<()> {
    let owner = WorkflowOwner::Account(account.id);
    let owned = workflow_owners::table
        .filter(workflow_owners::owner.eq(owner_text(owner)))
        .order((workflow_owners::workspace_id.asc(), workflow_owners::workflow_id.asc()))
        .select((workflow_owners::workspace_id, workflow_owners::workflow_id));
    let owned = on_backend!(connection, |conn| owned.load::<(StoredUuid, StoredUuid)>(conn).await);
    for (workspace_id, id) in owned.or_error("find the workflows of an account")? {
        let (workspace_id, id) = (workspace_id.into(), id.into());
        lock(connection, workspace_id, id).await?;
        let Some(before) = find(connection, workspace_id, id).await? else { continue };
        let mut after = before.clone();
        after.owners.retain(|other| *other != owner);
        let is_at_work = matches!(after.status, WorkflowStatus::Active | WorkflowStatus::Starting);
        if after.owners.is_empty() && is_at_work {
            after.status = WorkflowStatus::Stopping;
        }
        store(connection, origin, &before, &mut after).await?;
        if after.status != before.status {
            call_job(connection, &after).await?;
        }
    }
    Ok(())
}
