//! `/api/v1/audit-events` (Zaia): the audit log.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::contracts::audit_events::{self, AuditEventAnswer, ListAuditEvents};
use crate::guards::caller::{Caller, CanReadAuditEvents};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::query::Query;

/// Schemas that only parameters use; the routes register those of bodies.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(audit_events::Order)))]
struct ParameterSchemas;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ParameterSchemas::openapi()).routes(routes!(list))
}

/// Lists audit events
///
/// Returns who changed what in the workspace, when and from where. Events must match all filters. A server setting
/// limits how long events are kept. Clients that follow the log with `order=oldest` should resume a little before the
/// last event they saw: a change appears when it completes, possibly after one that began later.
#[utoipa::path(get, path = "/api/v1/audit-events", operation_id = "auditEvents.list", tag = "Audit log", params(ListAuditEvents),
    responses((status = 200, body = Vec<AuditEventAnswer>, headers(
        ("link" = String, description = "The next page, as `rel=\"next\"`")))),
    security(("authorization" = ["audit:read"]), ("api_key" = ["audit:read"]), ("bearer" = ["audit:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadAuditEvents>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<ListAuditEvents>,
) -> ApiResult<Response> {
    audit_events::page(&state, (&context, &uri), caller.workspace_id, parameters).await
}
