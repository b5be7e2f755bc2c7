//! `/admin` and `/admin/v1`: the Notiflows contract, users by external id.

mod answer;
mod bulk;
mod delete;
mod get;
mod list;
mod put;

use axum::routing;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of the contract, below each base path.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    // A user may have the external id `bulk`.
    let user_called_bulk = routing::get(get::get).put(put::put).delete(delete::delete);
    OpenApiRouter::new()
        .route("/users/bulk", user_called_bulk)
        .routes(routes!(list::list))
        .routes(routes!(bulk::bulk))
        .routes(routes!(get::get, put::put, delete::delete))
}
