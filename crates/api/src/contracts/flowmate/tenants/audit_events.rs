//! The audit log of a workspace.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::WorkspaceId;

use super::get::find;
use crate::contracts::audit_events::{AuditEventAnswer, ListAuditEvents, page};
use crate::guards::caller::{Caller, CanReadWorkspaceAudit};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;
use crate::wire::query::Query;

/// Lists a workspace's audit events
///
/// Returns who changed what in the workspace, when and from where, also while the workspace is not active. Events must
/// match all filters. Callers limited to their own workspace get 404 for others.
#[utoipa::path(get, path = "/tenants/{id}/audit-events", operation_id = "tenants.listAuditEvents", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), ListAuditEvents),
    responses(
        (status = 200, body = Vec<AuditEventAnswer>, headers(
            ("link" = String, description = "The next page, as `rel=\"next\"`"))),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.audit.read", "tenant.audit.read"]), ("session_cookie" = ["iam.audit.read", "tenant.audit.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadWorkspaceAudit>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    PathId(id): PathId<WorkspaceId>,
    Query(parameters): Query<ListAuditEvents>,
) -> ApiResult<Response> {
    let workspace = find(&state, caller.reach, id).await?;
    page(&state, (&context, &uri), workspace.id, parameters).await
}
