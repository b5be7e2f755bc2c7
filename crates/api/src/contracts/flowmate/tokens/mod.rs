//! `/tokens`: tokens of accounts.

mod create;
mod delete;
mod get;
mod input;
mod introspect;
mod list;
mod personal;
mod refresh;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of tokens.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(refresh::refresh))
        .routes(routes!(introspect::introspect))
        .routes(routes!(personal::list, personal::create, personal::delete_all))
        .routes(routes!(personal::delete))
        .routes(routes!(get::get, delete::delete))
}
