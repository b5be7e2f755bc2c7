//! `/api/v1/connected_accounts`: other systems' accounts of external users; and `/connect`, where their browsers come along.

mod answer;
mod browser;
mod create;
mod delete;
mod find;
mod grouped;
mod input;
mod link;
mod list;
mod token;
mod update;
mod whose;

use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(link::link))
        .routes(routes!(grouped::grouped))
        .routes(routes!(find::get, update::update, delete::delete))
        .routes(routes!(token::token))
        .route("/connect/callback", get(browser::come_back))
        .route("/connect/{linkToken}", get(browser::open))
}
