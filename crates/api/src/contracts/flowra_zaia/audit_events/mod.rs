//! `/api/v1/audit-events` (Zaia): the audit log.

mod answer;
mod list;

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use self::answer::audit_event_json;
pub(super) use self::list::object_id;

/// Schemas that only parameters use; the routes register those of bodies.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(list::Order)))]
struct ParameterSchemas;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ParameterSchemas::openapi()).routes(routes!(list::list))
}
