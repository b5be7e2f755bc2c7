//! `/api/v1/api-keys` (Zaia): keys that manage keys. A key cannot see or create keys with scopes that it lacks.

mod create;
mod delete;
mod get;
mod list;
mod rotate;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, delete::delete))
        .routes(routes!(rotate::rotate))
}
