//! Webhook endpoints.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, EventPosition, JobId, JobKind, Json, NewJob, Origin, Result, Status, Timestamp, Verb,
    WebhookEndpoint, WebhookEndpointChanges, WebhookEndpointId, WebhookFilter, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::EndpointRow;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::queries::dialect::first_locked;
use crate::queries::locks;
use crate::schema::{webhook_endpoints, workspaces};
use crate::types::stored;
use crate::{audit_events, jobs};

/// Selects the row of an endpoint.
macro_rules! row_of {
    ($workspace_id:expr, $id:expr) => {
        webhook_endpoints::table
            .filter(webhook_endpoints::workspace_id.eq(stored($workspace_id)))
            .filter(webhook_endpoints::id.eq(stored($id)))
    };
}

/// Creates an endpoint, which gets the events from now on. Fails with [`Conflict::TooManyWebhookEndpoints`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    url: String,
    changes: WebhookEndpointChanges,
) -> Result<WebhookEndpoint> {
    in_transaction!(connection, {
        locks::lock_workspace(connection, workspace_id).await?;
        let those = webhook_endpoints::table.filter(webhook_endpoints::workspace_id.eq(stored(workspace_id)));
        let count = on_backend!(connection, |conn| those.count().get_result::<i64>(conn).await);
        let count = count.or_error("count webhook endpoints")?;
        if usize::try_from(count).is_ok_and(|count| count >= WebhookEndpoint::MAXIMUM) {
            return Err(Error::Conflict(Conflict::TooManyWebhookEndpoints));
        }
        let now = origin.source.clock.now();
        let position = locks::lock_feed(connection, stored(workspace_id)).await?;
        let mut endpoint = WebhookEndpoint {
            id: WebhookEndpointId::from_uuid(origin.source.ids.uuid()),
            workspace_id,
            url: url.clone(),
            description: String::new(),
            filter: WebhookFilter::default(),
            disabled: false,
            disabled_reason: None,
            generation: 1,
            previous_secret_until: None,
            position: EventPosition::from_stored(position),
            failures: 0,
            failing_since: None,
            paused_until: None,
            created_at: now,
            updated_at: now,
        };
        changes.clone().apply_to(&mut endpoint);
        let row = EndpointRow::from(&endpoint);
        on_backend!(connection, |conn| diesel::insert_into(webhook_endpoints::table)
            .values(&row)
            .execute(conn)
            .await)
        .or_error("insert a webhook endpoint")?;
        audit_events::created(connection, origin, workspace_id, &endpoint).await?;
        call_job(connection, &endpoint, now).await?;
        Ok(endpoint)
    })
}

/// Makes the job of an endpoint run now: there is something to do, or to see that there is nothing any more.
pub(super) async fn call_job(
    connection: &mut DbConnection,
    endpoint: &WebhookEndpoint,
    now: Timestamp,
) -> Result<()> {
    let job = NewJob {
        id: job_of(endpoint.id),
        workspace_id: endpoint.workspace_id,
        lane: endpoint.id.as_uuid(),
        kind: JobKind::WebhookDelivery,
        object_id: endpoint.id.to_string(),
        payload: Json::Null,
    };
    jobs::enqueue(connection, &job, now).await
}

/// Returns the id of an endpoint's job: the same.
fn job_of(id: WebhookEndpointId) -> JobId {
    JobId::from_uuid(id.as_uuid())
}

/// Lists a workspace's endpoints, oldest first: at most [`WebhookEndpoint::MAXIMUM`].
#[boxed]
pub async fn list(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<Vec<WebhookEndpoint>> {
    let query = webhook_endpoints::table
        .filter(webhook_endpoints::workspace_id.eq(stored(workspace_id)))
        .order((webhook_endpoints::created_at.asc(), webhook_endpoints::id.asc()));
    let rows = on_backend!(connection, |conn| query.load::<EndpointRow>(conn).await);
    rows.or_error("list webhook endpoints")?.into_iter().map(WebhookEndpoint::try_from).collect()
}

/// Finds an endpoint by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>> {
    let query = row_of!(workspace_id, id);
    let row = on_backend!(connection, |conn| query.first::<EndpointRow>(conn).await.optional());
    row.or_error("find a webhook endpoint")?.map(WebhookEndpoint::try_from).transpose()
}

/// Finds an endpoint by id, and whether its workspace is active.
#[boxed]
pub async fn find_for_delivery(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: WebhookEndpointId,
) -> Result<Option<(WebhookEndpoint, bool)>> {
    let Some(endpoint) = find(connection, workspace_id, id).await? else { return Ok(None) };
    let status = workspaces::table.filter(workspaces::id.eq(stored(workspace_id))).select(workspaces::status);
    let status = on_backend!(connection, |conn| status.first::<String>(conn).await.optional());
    let status = status.or_error("find the status of a workspace")?;
    Ok(status.map(|status| (endpoint, status == Status::Active.to_string())))
}

/// Finds an endpoint and locks it until the transaction ends.
pub(super) async fn lock(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>> {
    let query = row_of!(workspace_id, id);
    let row = first_locked!(connection, query, for_update, EndpointRow);
    row.or_error("lock a webhook endpoint")?.map(WebhookEndpoint::try_from).transpose()
}

/// Stores an endpoint's fields.
pub(super) async fn store(connection: &mut DbConnection, endpoint: &WebhookEndpoint) -> Result<()> {
    let row = EndpointRow::from(endpoint);
    let those = row_of!(endpoint.workspace_id, endpoint.id);
    on_backend!(connection, |conn| diesel::update(those).set(&row).execute(conn).await)
        .or_error("change a webhook endpoint")?;
    Ok(())
}

/// Changes an endpoint. `None` if the workspace has no such endpoint.
#[boxed]
pub async fn update(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: WebhookEndpointId,
    changes: &WebhookEndpointChanges,
) -> Result<Option<WebhookEndpoint>> {
    in_transaction!(connection, {
        let Some(before) = lock(connection, workspace_id, id).await? else { return Ok(None) };
        let mut after = before.clone();
        changes.clone().apply_to(&mut after);
        if after == before {
            if changes.disabled == Some(false) {
                // Its job may have been cancelled.
                call_job(connection, &before, origin.source.clock.now()).await?;
            }
            return Ok(Some(before));
        }
        after.updated_at = origin.source.clock.now();
        store(connection, &after).await?;
        audit_events::updated(connection, origin, workspace_id, &before, &after).await?;
        call_job(connection, &after, after.updated_at).await?;
        Ok(Some(after))
    })
}

/// Deletes an endpoint. Its job removes the deliveries. `false` if the workspace has no such endpoint.
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: WebhookEndpointId,
) -> Result<bool> {
    in_transaction!(connection, {
        let Some(endpoint) = lock(connection, workspace_id, id).await? else { return Ok(false) };
        let gone = row_of!(workspace_id, id);
        on_backend!(connection, |conn| diesel::delete(gone).execute(conn).await)
            .or_error("delete a webhook endpoint")?;
        audit_events::deleted(connection, origin, workspace_id, &endpoint).await?;
        call_job(connection, &endpoint, origin.source.clock.now()).await?;
        Ok(true)
    })
}

/// Gives an endpoint a new secret. The one before signs, too, until the overlap ends; older ones no longer do. `None` if the
/// workspace has no such endpoint.
#[boxed]
pub async fn rotate_secret(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: WebhookEndpointId,
    overlap: Duration,
) -> Result<Option<WebhookEndpoint>> {
    in_transaction!(connection, {
        let Some(before) = lock(connection, workspace_id, id).await? else { return Ok(None) };
        let now = origin.source.clock.now();
        let after = WebhookEndpoint {
            generation: before.generation.saturating_add(1),
            previous_secret_until: Some(now.plus(overlap)),
            updated_at: now,
            ..before.clone()
        };
        store(connection, &after).await?;
        audit_events::done(connection, origin, workspace_id, Verb::Rotate, Some(&before), Some(&after))
            .await?;
        Ok(Some(after))
    })
}
