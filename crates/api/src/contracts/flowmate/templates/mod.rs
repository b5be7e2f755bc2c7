//! `/templates`: definitions of which flows are made.

mod answer;
mod create;
mod delete;
mod generate;
mod get;
mod input;
mod list;
mod update;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of templates.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(generate::generate))
        .routes(routes!(get::get, update::update, delete::delete))
}
