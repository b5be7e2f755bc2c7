//! `/webhooks/{flowId}` and `/hook/{flowId}` at the root: requests of other systems that start flows.

mod authorize;
mod message;
mod receive;
mod user;

use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes, at the root. The document describes one of them; the others do the same.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    let either = || get(receive::get).post(receive::post);
    OpenApiRouter::new()
        .routes(routes!(receive::get, receive::post))
        .route("/webhooks/{flowId}/{*suffix}", either())
        .route("/hook/{flowId}", either())
        .route("/hook/{flowId}/{*suffix}", either())
}
