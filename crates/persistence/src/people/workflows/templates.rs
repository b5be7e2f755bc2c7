//! Templates of workflows.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, Origin, Reach, Reason, Result, Slice, TemplateFilter, TemplateStatus, Violation,
    Violations, Window, WorkflowChanges, WorkflowDefinition, WorkflowLimits, WorkflowOrder, WorkflowTemplate,
    WorkflowTemplateId, WorkspaceId, fold,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::{TemplateRow, tags_as_json};
use super::write::require_version;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::asker::{Asker, Standing};
use crate::people::workspaces::find as find_workspace;
use crate::queries::dialect::first_locked;
use crate::queries::keyset::load_window;
use crate::queries::{like, locks};
use crate::schema::workflow_templates;
use crate::types::{StoredTime, stored};

/// A template that is not stored yet.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// What workflows of it do.
    pub definition: WorkflowDefinition,
    /// Whether it is meant for others.
    pub status: TemplateStatus,
    /// Words by which it is found.
    pub tags: Vec<String>,
}

/// A request's changes to a template, already checked. What is absent stays.
#[derive(Debug, Clone, Default)]
pub struct TemplateChanges {
    /// The changes to the definition. Templates have no owners.
    pub definition: WorkflowChanges,
    /// The status.
    pub status: Option<TemplateStatus>,
    /// All tags.
    pub tags: Option<Vec<String>>,
}

/// Selects templates within reach.
macro_rules! within {
    ($reach:expr) => {{
        let mut query = workflow_templates::table.into_boxed();
        if let Reach::Workspace(workspace_id) = $reach {
            query = query.filter(workflow_templates::workspace_id.eq(stored(workspace_id)));
        }
        query
    }};
}

macro_rules! filtered {
    ($reach:expr, $filter:expr) => {{
        let TemplateFilter { status, kind, tags, search } = $filter;
        let mut query = within!($reach);
        if let Some(status) = status {
            query = query.filter(workflow_templates::status.eq(status.to_string()));
        }
        if let Some(kind) = kind {
            query = query.filter(workflow_templates::kind.eq(kind.to_string()));
        }
        for tag in tags {
            // The JSON of a list with one text, without its brackets.
            let text = tags_as_json(std::slice::from_ref(tag));
            let text = text.trim_start_matches('[').trim_end_matches(']');
            query = query.filter(workflow_templates::tags.like(like::contains(text)).escape('\\'));
        }
        if let Some(text) = search {
            let pattern = like::contains(&fold(text));
            query = query.filter(workflow_templates::searchable.like(pattern).escape('\\'));
        }
        query
    }};
}

/// Finds a template by id within reach.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    reach: Reach,
    id: WorkflowTemplateId,
) -> Result<Option<WorkflowTemplate>> {
    let row = on_backend!(connection, |conn| within!(reach)
        .filter(workflow_templates::id.eq(stored(id)))
        .first::<TemplateRow>(conn)
        .await
        .optional());
    row.or_error("find a template")?.map(WorkflowTemplate::try_from).transpose()
}

/// Lists a page of the templates within reach.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    reach: Reach,
    filter: &TemplateFilter,
    order: WorkflowOrder,
    window: &Window,
) -> Result<Slice<WorkflowTemplate>> {
    macro_rules! load_by {
        ($key:ident, $type:ty) => {
            load_window!(
                connection,
                filtered!(reach, filter),
                workflow_templates::$key,
                workflow_templates::id,
                window,
                $type,
                TemplateRow
            )
        };
    }
    let rows = match order {
        WorkflowOrder::CreatedAt => load_by!(created_at, StoredTime),
        WorkflowOrder::UpdatedAt => load_by!(updated_at, StoredTime),
        WorkflowOrder::Name => load_by!(name_folded, String),
    };
    let templates = rows.or_error("list templates")?.into_iter().map(WorkflowTemplate::try_from);
    Ok(Slice::cut(templates.collect::<Result<_>>()?, window))
}

/// Counts the templates of a list.
#[boxed]
pub async fn count(connection: &mut DbConnection, reach: Reach, filter: &TemplateFilter) -> Result<i64> {
    on_backend!(connection, |conn| filtered!(reach, filter).count().get_result(conn).await)
        .or_error("count templates")
}

/// Creates a template. Fails if the workspace is out of reach, and with [`Conflict::TooManyTemplates`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    new: &NewTemplate,
) -> Result<WorkflowTemplate> {
    let now = origin.source.clock.now();
    in_transaction!(connection, {
        let NewTemplate { workspace_id, definition, status, tags } = new.clone();
        let Standing { reach, .. } = asker.standing(connection, now).await?;
        locks::lock_workspace(connection, workspace_id).await?;
        if find_workspace(connection, workspace_id).await?.is_none() || !reach.includes(workspace_id) {
            let unknown = Violation::new(Reason::Unknown, "must be a tenant that the caller may change");
            return Err(Error::Invalid(Violations::of("tenant", unknown)));
        }
        let here = Reach::Workspace(workspace_id);
        let count = count(connection, here, &TemplateFilter::default()).await?;
        if count >= WorkflowLimits::MAXIMUM_WORKFLOWS {
            return Err(Error::Conflict(Conflict::TooManyTemplates));
        }
        let template = WorkflowTemplate {
            id: WorkflowTemplateId::from_uuid(origin.source.ids.uuid()),
            workspace_id,
            definition,
            status,
            tags,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let row = TemplateRow::from(&template);
        on_backend!(connection, |conn| diesel::insert_into(workflow_templates::table)
            .values(&row)
            .execute(conn)
            .await)
        .or_error("insert a template")?;
        audit_events::created(connection, origin, workspace_id, &template).await?;
        Ok(template)
    })
}

/// Finds a template within a caller's reach, and locks it.
async fn find_locked(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    (workspace_id, id): (WorkspaceId, WorkflowTemplateId),
) -> Result<Option<WorkflowTemplate>> {
    let Standing { reach, .. } = asker.standing(connection, origin.source.clock.now()).await?;
    let query = workflow_templates::table
        .filter(workflow_templates::workspace_id.eq(stored(workspace_id)))
        .filter(workflow_templates::id.eq(stored(id)));
    let row = first_locked!(connection, query, for_update, TemplateRow).or_error("lock a template")?;
    let template = row.map(WorkflowTemplate::try_from).transpose()?;
    Ok(template.filter(|template| reach.includes(template.workspace_id)))
}

/// Changes a template. Workflows that were made of it stay as they are. `None` if there is no such template within reach.
#[boxed]
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    key: (WorkspaceId, WorkflowTemplateId),
    changes: &TemplateChanges,
) -> Result<Option<WorkflowTemplate>> {
    in_transaction!(connection, {
        let Some(before) = find_locked(connection, origin, asker, key).await? else { return Ok(None) };
        let TemplateChanges { definition, status, tags } = changes.clone();
        require_version(&definition, before.version)?;
        let mut after = before.clone();
        definition.apply_to(&mut after.definition);
        after.status = status.unwrap_or(after.status);
        after.tags = tags.unwrap_or(after.tags);
        if after == before {
            return Ok(Some(before));
        }
        after.updated_at = origin.source.clock.now();
        after.version += 1;
        let row = TemplateRow::from(&after);
        let changed = workflow_templates::table
            .filter(workflow_templates::workspace_id.eq(stored(after.workspace_id)))
            .filter(workflow_templates::id.eq(stored(after.id)));
        on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
            .or_error("change a template")?;
        audit_events::updated(connection, origin, after.workspace_id, &before, &after).await?;
        Ok(Some(after))
    })
}

/// Deletes a template. Workflows that were made of it stay. `false` if there is no such template within reach.
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    key: (WorkspaceId, WorkflowTemplateId),
) -> Result<bool> {
    in_transaction!(connection, {
        let Some(template) = find_locked(connection, origin, asker, key).await? else { return Ok(false) };
        let gone = workflow_templates::table
            .filter(workflow_templates::workspace_id.eq(stored(template.workspace_id)))
            .filter(workflow_templates::id.eq(stored(template.id)));
        on_backend!(connection, |conn| diesel::delete(gone).execute(conn).await)
            .or_error("delete a template")?;
        audit_events::deleted(connection, origin, template.workspace_id, &template).await?;
        Ok(true)
    })
}
