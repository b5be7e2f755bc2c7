//! `/users`: the accounts.

mod create;
mod delete;
mod get;
mod input;
mod list;
mod me;
mod replace;
mod update;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use self::list::UserList;
use crate::state::AppState;

/// The routes of accounts.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(me::get, me::update))
        .routes(routes!(get::get, update::update, replace::replace, delete::delete))
}
