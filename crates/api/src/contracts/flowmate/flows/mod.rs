//! `/flows`: work that follows from what happens to people.

mod access;
mod bulk;
mod control;
mod create;
mod delete;
mod get;
mod list;
mod outcome;
mod update;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use self::access::viewer;
use crate::state::AppState;

/// The routes of flows.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(bulk::update))
        .routes(routes!(control::start_multiple))
        .routes(routes!(control::stop_multiple))
        .routes(routes!(control::start))
        .routes(routes!(control::stop))
        .routes(routes!(get::get, update::update, delete::delete))
}
