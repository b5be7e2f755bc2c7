//! `/api/v1/webhook-endpoints`: where events are sent, and what became of them.

mod answer;
mod create;
mod delete;
mod deliveries;
mod get;
mod input;
mod known;
mod list;
mod replay;
mod rotate_secret;
mod test;
mod update;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::answer::{delivery_json, webhook_endpoint_json};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, update::update, delete::delete))
        .routes(routes!(rotate_secret::rotate_secret))
        .routes(routes!(test::test))
        .routes(routes!(replay::replay))
        .routes(routes!(deliveries::list))
}
