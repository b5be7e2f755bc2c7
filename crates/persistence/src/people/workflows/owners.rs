//! The owners of workflows.

use std::collections::{BTreeSet, HashMap};

use denizen_domain::{
    AccountId, Error, Reason, Result, Violation, Violations, Workflow, WorkflowId, WorkflowOwner, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, broken_row, on_backend};
use crate::people::memberships::find as find_membership;
use crate::schema::workflow_owners;
use crate::types::{StoredUuid, stored};

/// Returns the stored form of an owner.
pub(super) fn owner_text(owner: WorkflowOwner) -> String {
    match owner {
        WorkflowOwner::Account(id) => format!("account:{id}"),
        WorkflowOwner::Workspace(id) => format!("workspace:{id}"),
    }
}

/// Returns the stored forms of the owners that make an account, or a key, see a workflow of a workspace.
pub(crate) fn owners_of(workspace_id: WorkspaceId, account_id: Option<AccountId>) -> Vec<String> {
    let account = account_id.map(WorkflowOwner::Account);
    [WorkflowOwner::Workspace(workspace_id)].into_iter().chain(account).map(owner_text).collect()
}

fn owner_of(workflow_id: StoredUuid, text: &str) -> Result<WorkflowOwner> {
    let owner = match text.split_once(':') {
        Some(("account", id)) => id.parse().ok().map(WorkflowOwner::Account),
        Some(("workspace", id)) => id.parse().ok().map(WorkflowOwner::Workspace),
        _ => None,
    };
    owner.ok_or_else(|| broken_row("workflow_owners", "owner", workflow_id, text.to_owned()))
}

/// Finds the owners of workflows.
pub(super) async fn of_workflows(
    connection: &mut DbConnection,
    ids: Vec<StoredUuid>,
) -> Result<HashMap<WorkflowId, Vec<WorkflowOwner>>> {
    let mut owners: HashMap<WorkflowId, Vec<WorkflowOwner>> = HashMap::new();
    if ids.is_empty() {
        return Ok(owners);
    }
    let query = workflow_owners::table
        .filter(workflow_owners::workflow_id.eq_any(ids))
        .order(workflow_owners::owner.asc())
        .select((workflow_owners::workflow_id, workflow_owners::owner));
    let rows = on_backend!(connection, |conn| query.load::<(StoredUuid, String)>(conn).await);
    for (id, text) in rows.or_error("find the owners of workflows")? {
        owners.entry(id.into()).or_default().push(owner_of(id, &text)?);
    }
    Ok(owners)
}

/// Stores the owners of a workflow.
pub(super) async fn store(connection: &mut DbConnection, workflow: &Workflow) -> Result<()> {
    remove(connection, workflow.workspace_id, workflow.id).await?;
    let owners: BTreeSet<_> = workflow.owners.iter().copied().collect();
    for owner in owners {
        let row = (
            workflow_owners::workspace_id.eq(stored(workflow.workspace_id)),
            workflow_owners::workflow_id.eq(stored(workflow.id)),
            workflow_owners::owner.eq(owner_text(owner)),
        );
        on_backend!(connection, |conn| diesel::insert_into(workflow_owners::table)
            .values(row)
            .execute(conn)
            .await)
        .or_error("store an owner of a workflow")?;
    }
    Ok(())
}

/// Removes all owners of a workflow.
pub(super) async fn remove(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: WorkflowId,
) -> Result<()> {
    let those = workflow_owners::table
        .filter(workflow_owners::workspace_id.eq(stored(workspace_id)))
        .filter(workflow_owners::workflow_id.eq(stored(id)));
    on_backend!(connection, |conn| diesel::delete(those).execute(conn).await)
        .or_error("remove the owners of a workflow")?;
    Ok(())
}

/// Fails unless every owner is the workspace, one of its members, the caller, or an owner already.
pub(super) async fn require_known(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    owners: &[WorkflowOwner],
    (before, caller): (&[WorkflowOwner], Option<AccountId>),
) -> Result<()> {
    let mut violations = Violations::new();
    violations.check("owners", Workflow::check_owners(owners, workspace_id));
    for (index, owner) in owners.iter().enumerate() {
        if let WorkflowOwner::Account(id) = owner
            && Some(*id) != caller
            && !before.contains(owner)
            && find_membership(connection, workspace_id, *id).await?.is_none()
        {
            let unknown = Violation::new(Reason::Unknown, "must be a user of the tenant");
            violations.add(&format!("owners[{index}].id"), unknown);
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}
