//! `/tenants`: the workspaces, their members and keys, and what an account sees of their directories.

mod api_keys;
mod audit_events;
mod create;
mod delete;
mod external_users;
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
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::get, api_keys::delete))
        .routes(routes!(audit_events::list))
        .routes(routes!(external_users::list))
        .routes(routes!(external_users::get))
}
