//! `/api/v1/api-keys`: keys, managed with keys, in the style of Zaia. A key can neither see nor make what it does not hold.

mod answer;
mod create;
mod delete;
mod get;
mod input;
mod list;
mod rotate;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this room.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, delete::delete))
        .routes(routes!(rotate::rotate))
}
