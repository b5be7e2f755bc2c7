//! `/api/v1/audit-events`: who has changed what.

mod answer;
mod list;

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use self::answer::audit_event_json;

/// The schemas that only parameters name; the routes bring those of bodies along.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(list::Order)))]
struct ParameterSchemas;

/// The routes of this room.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ParameterSchemas::openapi()).routes(routes!(list::list))
}
