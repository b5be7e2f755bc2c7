//! `/tenants`: the workspaces, their members and keys.

mod create;
mod delete;
mod get;
mod input;
mod key;
mod list;
mod members;
mod update;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of workspaces.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, update::update, update::replace, delete::delete))
        .routes(routes!(get::profile))
        .routes(routes!(key::get, key::create, key::delete))
        .routes(routes!(members::list))
        .routes(routes!(members::remove))
}
