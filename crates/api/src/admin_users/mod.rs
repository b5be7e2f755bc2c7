//! `/admin` and `/admin/v1`: users by external id, the Notiflows contract.

mod answer;
mod delete;
mod get;
mod list;
mod put;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The routes of this room, below each of its base paths.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(get::get, put::put, delete::delete))
}
