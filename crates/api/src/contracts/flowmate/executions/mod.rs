//! `/executions` and `/icenter/executions`: runs of flows, and how many there were.

mod answer;
mod cancel;
mod counts;
mod get;
mod list;
mod period;
mod retry;
mod steps;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(list::list_at_icenter))
        .routes(routes!(get::get))
        .routes(routes!(steps::list))
        .routes(routes!(cancel::cancel))
        .routes(routes!(retry::retry))
}
