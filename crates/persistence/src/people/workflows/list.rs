//! Lists workflows.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Reach, Result, Slice, Window, Workflow, WorkflowFilter, WorkflowOrder, WorkflowOwner, WorkflowViewer,
    WorkspaceId, fold,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::with_owners;
use super::owners::{owner_text, owners_of};
use super::row::WorkflowRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::keyset::load_window;
use crate::queries::like;
use crate::schema::{workflow_owners, workflows};
use crate::types::{StoredTime, stored};

/// An operator sees all workflows.
const OPERATOR: WorkflowViewer = WorkflowViewer { reach: Reach::Everywhere, account_id: None };

macro_rules! filtered {
    ($viewer:expr, $filter:expr) => {{
        let WorkflowFilter { status, kind, account_id, template_id, search } = $filter;
        let WorkflowViewer { reach, account_id: viewer } = $viewer;
        let mut query = workflows::table.into_boxed();
        if let Reach::Workspace(workspace_id) = reach {
            let owned = workflow_owners::table
                .filter(workflow_owners::workspace_id.eq(stored(workspace_id)))
                .filter(workflow_owners::owner.eq_any(owners_of(workspace_id, viewer)))
                .select(workflow_owners::workflow_id);
            query = query.filter(workflows::workspace_id.eq(stored(workspace_id)));
            query = query.filter(workflows::id.eq_any(owned));
        }
        if let Some(status) = status {
            query = query.filter(workflows::status.eq(status.to_string()));
        }
        if let Some(kind) = kind {
            query = query.filter(workflows::kind.eq(kind.to_string()));
        }
        if let Some(account_id) = account_id {
            let owned = workflow_owners::table
                .filter(workflow_owners::owner.eq(owner_text(WorkflowOwner::Account(*account_id))))
                .select(workflow_owners::workflow_id);
            query = query.filter(workflows::id.eq_any(owned));
        }
        if let Some(template_id) = template_id {
            query = query.filter(workflows::template_id.eq(Some(stored(*template_id))));
        }
        if let Some(text) = search {
            query = query.filter(workflows::searchable.like(like::contains(&fold(text))).escape('\\'));
        }
        query
    }};
}

/// Lists a page of the workflows that someone may see.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    viewer: WorkflowViewer,
    filter: &WorkflowFilter,
    order: WorkflowOrder,
    window: &Window,
) -> Result<Slice<Workflow>> {
    macro_rules! load_by {
        ($key:ident, $type:ty) => {
            load_window!(
                connection,
                filtered!(viewer, filter),
                workflows::$key,
                workflows::id,
                window,
                $type,
                WorkflowRow
            )
        };
    }
    let rows = match order {
        WorkflowOrder::CreatedAt => load_by!(created_at, StoredTime),
        WorkflowOrder::UpdatedAt => load_by!(updated_at, StoredTime),
        WorkflowOrder::Name => load_by!(name_folded, String),
    };
    let workflows = with_owners(connection, rows.or_error("list workflows")?).await?;
    Ok(Slice::cut(workflows, window))
}

/// Lists a page of all workflows of a workspace.
#[boxed]
pub async fn list_of(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &WorkflowFilter,
    window: &Window,
) -> Result<Slice<Workflow>> {
    let rows = load_window!(
        connection,
        filtered!(OPERATOR, filter).filter(workflows::workspace_id.eq(stored(workspace_id))),
        workflows::created_at,
        workflows::id,
        window,
        StoredTime,
        WorkflowRow
    );
    let workflows = with_owners(connection, rows.or_error("list the workflows of a workspace")?).await?;
    Ok(Slice::cut(workflows, window))
}

/// Counts the workflows of a list.
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    viewer: WorkflowViewer,
    filter: &WorkflowFilter,
) -> Result<i64> {
    on_backend!(connection, |conn| filtered!(viewer, filter).count().get_result(conn).await)
        .or_error("count workflows")
}
