//! `/api/v1/jobs`: work that outlives a request.

mod answer;
mod cancel;
mod get;
mod list;
mod retry;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::answer::job_json;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(get::get))
        .routes(routes!(retry::retry))
        .routes(routes!(cancel::cancel))
}
