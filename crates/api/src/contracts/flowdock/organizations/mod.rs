//! `/organizations`, `/users` and `/user`, at the root and below `/v1`: organizations and their users, the part of the
//! Flowdock contract that is not about flows.
//!
//! The contract calls an account a user, and a workspace an organization. It identifies both by numbers.

pub(crate) mod answer;
pub(crate) mod find;
mod get;
mod input;
mod list;
mod members;
mod update;
mod users;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this contract part, below each base path.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(users::routes())
        .routes(routes!(list::list))
        .routes(routes!(get::by_number))
        .routes(routes!(get::get, update::update))
        .routes(routes!(members::list))
        .routes(routes!(members::update, members::remove))
}
