//! Which flows a caller sees.

use denizen_domain::{Error, Resource, Result, Workflow, WorkflowId, WorkflowViewer};
use denizen_persistence::{DbConnection, workflows};

use crate::guards::caller::AccountHolder;

/// Returns what an account may see by the right that it uses.
pub(in crate::contracts::flowmate) const fn viewer(holder: &AccountHolder) -> WorkflowViewer {
    WorkflowViewer { reach: holder.reach, account_id: Some(holder.account.id) }
}

/// Finds a flow that an account may see. Others are not found.
pub(super) async fn find(
    connection: &mut DbConnection,
    holder: &AccountHolder,
    id: WorkflowId,
) -> Result<Workflow> {
    let found = workflows::find_within(connection, viewer(holder), id).await?;
    found.ok_or_else(|| Error::not_found(Resource::Workflow, id))
}
